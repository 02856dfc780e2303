import { useState } from "preact/hooks";
import { Avatar } from "../shared/avatar";
import { Icon } from "../shared/icons";
import { Purge } from "./confirm";
import { useOversight } from "./context";
import { nameOf } from "./list";
import { useLoad } from "./load";
import { Go, Heading, Pager, Pending, When } from "./parts";
import { start } from "./place";
import type { Overseen, OverseenMessage, Paged } from "./types";

const perPage = 50; // contract 5.3

/** One conversation: who is in it, and what was said, newest first. */
export function Detail({ arrived }: { arrived: boolean }) {
  const { t, rest, place, go, tell } = useOversight();
  const route = `parley/v1/admin/conversations/${place.id}`;
  const conversation = useLoad(route, (signal) => rest.get<Overseen>(route, {}, signal));
  const thread = useLoad(`${route} ${place.page}`, (signal) =>
    rest.get<Paged<OverseenMessage>>(`${route}/messages`, { page: place.page, per_page: perPage }, signal),
  );
  const [asked, setAsked] = useState(false);
  const c = conversation.data;
  return (
    <>
      <p class="way-back">
        <Go class="back" to={start}>
          <Icon name="back" /> {t("oversight.back")}
        </Go>
      </p>
      <div class="over">
        <Heading arrived={arrived}>{c?.type === "group" ? <bdi>{c.title}</bdi> : t("oversight.conversation", { id: `#${place.id}` })}</Heading>
        {c && (
          <button type="button" class="button quiet purge" onClick={() => setAsked(true)}>
            {t("oversight.purge")}
          </button>
        )}
      </div>
      {!c ? (
        <Pending loaded={conversation} />
      ) : (
        <>
          <p class="muted facts">
            <span>#{c.id}</span>
            <span>{t(c.type === "group" ? "oversight.type.group" : "oversight.type.direct")}</span>
            <span>{t("oversight.messages", { n: c.message_count })}</span>
            <span>
              {t("oversight.created")} <When at={c.created_at} />
            </span>
          </p>
          <ul class="members" aria-label={t("oversight.col.participants")}>
            {c.participants.map((p) => (
              <li key={p.user_id}>
                <Avatar name={nameOf(p, t)} url={p.avatar} />
                <span class="who">
                  <Go class="quiet-link" to={{ ...start, member: String(p.user_id) }}>
                    {nameOf(p, t)}
                  </Go>
                  {p.login && <bdi class="muted" dir="ltr">@{p.login}</bdi>}
                </span>
                {p.left_at && <span class="tag">{t("oversight.left")}</span>}
                {p.is_blocked && <span class="tag warn">{t("oversight.blocked")}</span>}
              </li>
            ))}
          </ul>
          {!thread.data || thread.error ? (
            <Pending loaded={thread} />
          ) : thread.data.data.length === 0 ? (
            <div class="empty">
              <p>{t("oversight.no_messages")}</p>
            </div>
          ) : (
            <div class="panel" aria-busy={thread.loading}>
              <ol class="thread" aria-label={t("oversight.col.messages")}>
                {thread.data.data.map((m) => (
                  <li key={m.id} class={m.is_system ? "system" : undefined}>
                    {!m.is_system && <Avatar name={m.sender_id ? m.sender_name : t("oversight.deleted_user")} url={m.sender_avatar} />}
                    <div class="said">
                      {!m.is_system && <strong><bdi>{m.sender_id ? m.sender_name : t("oversight.deleted_user")}</bdi></strong>}
                      <p><bdi>{m.excerpt}</bdi></p>
                    </div>
                    <When at={m.created_at} />
                  </li>
                ))}
              </ol>
              <Pager page={place.page} perPage={perPage} count={thread.data.meta.count} total={thread.data.meta.total} />
            </div>
          )}
        </>
      )}
      {asked && (
        <Purge
          id={place.id}
          onClose={() => setAsked(false)}
          onDone={() => {
            tell(t("oversight.purge.done"));
            go(start);
          }}
        />
      )}
    </>
  );
}
