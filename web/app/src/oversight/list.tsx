import { useState } from "preact/hooks";
import { Icon } from "../shared/icons";
import { Blocks } from "./blocks";
import { Purge } from "./confirm";
import { useOversight } from "./context";
import { Filters } from "./filters";
import { useLoad } from "./load";
import { Go, Pager, Pending, When } from "./parts";
import { midnight, start } from "./place";
import type { Overseen, OverseenParticipant, Paged } from "./types";

const perPage = 50; // contract 5.3
const facesShown = 4;

/** Every conversation of the site, last activity first. */
export function List() {
  const { t, rest, place, zone, go, tell } = useOversight();
  const query = {
    page: place.page,
    per_page: perPage,
    member: place.member,
    // Both ends are days the list takes in, and the interface's bounds are left out.
    after: place.from && new Date(midnight(place.from, zone).getTime() - 1).toISOString(),
    before: place.to && midnight(place.to, zone, 1).toISOString(),
  };
  const loaded = useLoad(JSON.stringify(query), (signal) => rest.get<Paged<Overseen>>("parley/v1/admin/conversations", query, signal));
  const [asked, setAsked] = useState(0);
  const page = loaded.data;
  const filtered = Boolean(place.member || place.from || place.to);
  const member = place.member ? page?.member : undefined;
  return (
    <>
      <Filters shown={member?.display_name ?? ""} />
      {!page || loaded.error ? (
        <Pending loaded={loaded} />
      ) : page.data.length === 0 ? (
        <div class="empty">
          <Icon name="speech" />
          <p>{t(filtered ? "oversight.empty_filtered" : "list.empty")}</p>
          {page.meta.total > 0 && <Go class="button quiet small" to={{ ...place, page: 1 }}>{t("oversight.first_page")}</Go>}
        </div>
      ) : (
        <div class="panel" aria-busy={loaded.loading}>
          <table role="table">
            <caption class="hidden">{t("oversight.title")}</caption>
            <thead role="rowgroup">
              <tr role="row">
                <th role="columnheader" scope="col">{t("oversight.col.id")}</th>
                <th role="columnheader" scope="col">{t("oversight.col.participants")}</th>
                <th role="columnheader" scope="col">{t("oversight.col.type")}</th>
                <th role="columnheader" scope="col" class="number">{t("oversight.col.messages")}</th>
                <th role="columnheader" scope="col">{t("oversight.col.activity")}</th>
                <th role="columnheader" scope="col"><span class="hidden">{t("oversight.col.actions")}</span></th>
              </tr>
            </thead>
            <tbody role="rowgroup">
              {page.data.map((c) => (
                <tr role="row" key={c.id}>
                  <td role="cell" class="id muted">#{c.id}</td>
                  <td role="cell" class="people">
                    <People list={c.participants} title={c.type === "group" ? c.title : ""} />
                    <p class="preview muted" dir="auto">{c.last_message_preview ?? t("oversight.no_messages")}</p>
                  </td>
                  <td role="cell" class="type"><Type of={c} /></td>
                  <td role="cell" class="number">
                    <span class="wide">{c.message_count.toLocaleString(t.locale)}</span>
                    <span class="narrow">{t("oversight.messages", { n: c.message_count })}</span>
                  </td>
                  <td role="cell" class="activity"><When at={c.last_message_at ?? c.created_at} /></td>
                  <td role="cell" class="acts">
                    <Go class="button quiet small" label={t("oversight.view_label", { id: `#${c.id}` })} to={{ ...start, view: "conversation", id: c.id }}>
                      {t("oversight.view")}
                    </Go>
                    <button type="button" class="button quiet small purge" aria-label={t("oversight.purge_label", { id: `#${c.id}` })} onClick={() => setAsked(c.id)}>
                      {t("oversight.purge")}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <Pager page={place.page} perPage={perPage} count={page.meta.count} total={page.meta.total} />
        </div>
      )}
      {member && <Blocks member={member} />}
      {asked > 0 && (
        <Purge
          id={asked}
          onClose={() => setAsked(0)}
          onDone={() => {
            setAsked(0);
            tell(t("oversight.purge.done"));
            if (page?.data.length === 1 && place.page > 1) go({ ...place, page: place.page - 1 });
            else loaded.again();
          }}
        />
      )}
    </>
  );
}

function Type({ of }: { of: Overseen }) {
  const { t } = useOversight();
  return <span class={`tag ${of.type}`}>{t(of.type === "group" ? "oversight.type.group" : "oversight.type.direct")}</span>;
}

/** Who is in a conversation; each name leads to all conversations of that member. */
function People({ list, title }: { list: OverseenParticipant[]; title: string }) {
  const { t } = useOversight();
  const shown = list.slice(0, facesShown);
  return (
    <p class="names">
      {title && <strong class="title"><bdi>{title}</bdi></strong>}
      <span>
        {shown.map((p, i) => (
          <span key={p.user_id}>
            {i > 0 && ", "}
            <Go class="quiet-link" to={{ ...start, member: String(p.user_id) }}><bdi>{nameOf(p, t)}</bdi></Go>
          </span>
        ))}
        {list.length > shown.length && ` ${t("oversight.more", { n: list.length - shown.length })}`}
      </span>
    </p>
  );
}

/** A participant's name; accounts that are gone have no login. */
export function nameOf(p: OverseenParticipant, t: ReturnType<typeof useOversight>["t"]): string {
  return p.login ? p.display_name : t("oversight.deleted_user");
}
