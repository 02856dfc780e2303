import type { Key } from "../shared/i18n";
import { useOversight } from "./context";
import { useLoad } from "./load";
import { Go, Pager, Pending, When } from "./parts";
import { start } from "./place";
import type { AuditEntry, Paged } from "./types";

const perPage = 50;

const actions: Record<string, Key> = {
  "conversation.list": "oversight.audit.conversation_list",
  "conversation.view": "oversight.audit.conversation_view",
  "conversation.read": "oversight.audit.conversation_read",
  "conversation.purge": "oversight.audit.conversation_purge",
  "blocks.view": "oversight.audit.blocks_view",
  "blocks.clear": "oversight.audit.blocks_clear",
  "audit.view": "oversight.audit.audit_view",
  "installation.view": "oversight.audit.installation_view",
  "thread.list": "oversight.audit.thread_list",
  "thread.view": "oversight.audit.thread_view",
  "thread.reply": "oversight.audit.thread_reply",
  "thread.update": "oversight.audit.thread_update",
  "thread.delete": "oversight.audit.thread_delete",
};

/** Who looked at or changed what, newest first. */
export function Audit() {
  const { t, rest, place } = useOversight();
  const loaded = useLoad(`audit ${place.page}`, (signal) =>
    rest.get<Paged<AuditEntry>>("parley/v1/admin/audit", { page: place.page, per_page: perPage }, signal),
  );
  const page = loaded.data;
  if (!page || loaded.error) return <Pending loaded={loaded} />;
  if (!page.data.length) {
    return (
      <div class="empty">
        <p>{t("oversight.audit.empty")}</p>
      </div>
    );
  }
  return (
    <div class="panel" aria-busy={loaded.loading}>
      <table role="table" class="log">
        <caption class="hidden">{t("oversight.audit")}</caption>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">{t("oversight.audit.time")}</th>
            <th role="columnheader" scope="col">{t("oversight.audit.who")}</th>
            <th role="columnheader" scope="col">{t("oversight.audit.what")}</th>
            <th role="columnheader" scope="col">{t("oversight.audit.about")}</th>
            <th role="columnheader" scope="col">{t("oversight.audit.address")}</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {page.data.map((e) => (
            <tr role="row" key={e.id}>
              <td role="cell" class="activity"><When at={e.at} /></td>
              <td role="cell" class="actor">{e.actor_name || e.actor_login}</td>
              <td role="cell" class="action">{actions[e.action] ? t(actions[e.action]!) : e.action}</td>
              <td role="cell" class="about"><About entry={e} /></td>
              <td role="cell" class="address muted">{e.ip}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Pager page={place.page} perPage={perPage} count={page.meta.count} total={page.meta.total} />
    </div>
  );
}

function About({ entry: e }: { entry: AuditEntry }) {
  const { t } = useOversight();
  return (
    <>
      {e.conversation_id > 0 &&
        (e.action.endsWith(".purge") ? (
          t("oversight.conversation", { id: `#${e.conversation_id}` })
        ) : (
          <Go class="quiet-link" to={{ ...start, view: "conversation", id: e.conversation_id }}>
            {t("oversight.conversation", { id: `#${e.conversation_id}` })}
          </Go>
        ))}
      {e.member_id > 0 && (
        <Go class="quiet-link" to={{ ...start, member: String(e.member_id) }}>
          {e.member_name}
        </Go>
      )}
    </>
  );
}
