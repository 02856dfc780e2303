import { useState } from "preact/hooks";
import { Avatar } from "../shared/avatar";
import { Dialog } from "../shared/dialog";
import type { Conversation } from "../shared/types";
import type { Ask } from "./actions";
import type { Inbox } from "./store";
import type { Thread } from "./thread";

interface Props {
  inbox: Inbox;
  thread: Thread;
  c: Conversation;
  ask: Ask;
  close: () => void;
}

export function Dialogs(props: Props) {
  const { inbox, c, ask, close } = props;
  const { t } = inbox;
  switch (ask.kind) {
    case "leave":
      return <Confirm {...props} text={t("confirm.leave")} label={t("confirm.leave_yes")} run={() => inbox.leave(c)} />;
    case "block":
      return <Confirm {...props} text={t("confirm.block")} label={t("confirm.block_yes")} run={() => inbox.setBlocked(c, true)} />;
    case "rename":
      return <Rename {...props} />;
    case "report":
      return <Report {...props} message={ask.message} />;
    case "members":
      return (
        <Dialog title={t("list.members", { n: c.participant_count })} onClose={close}>
          <ul class="members" tabIndex={0} aria-label={t("menu.members")}>
            {c.participants.map((p) => (
              <li key={p.user_id}>
                <Avatar name={p.display_name} url={p.avatar_url} />
                <span>
                  <bdi>{p.display_name}</bdi>
                  {p.user_id === inbox.me!.viewer.id && <small> · {t("thread.you")}</small>}
                  {p.left_at && <small> · {t("members.left")}</small>}
                </span>
              </li>
            ))}
          </ul>
          <div class="actions">
            <button type="button" class="button quiet" onClick={close}>
              {t("app.close")}
            </button>
          </div>
        </Dialog>
      );
  }
}

function Confirm({ inbox, close, text, label, run }: Props & { text: string; label: string; run: () => Promise<unknown> }) {
  return (
    <Dialog title={text} onClose={close}>
      <div class="actions">
        <button type="button" class="button quiet" onClick={close}>
          {inbox.t("app.cancel")}
        </button>
        <button
          type="button"
          class="button danger"
          onClick={() => {
            close();
            void run();
          }}
        >
          {label}
        </button>
      </div>
    </Dialog>
  );
}

function Rename({ inbox, c, close }: Props) {
  const { t } = inbox;
  const [title, setTitle] = useState(c.title);
  return (
    <Dialog title={t("menu.rename")} onClose={close}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          close();
          void inbox.rename(c, title.trim());
        }}
      >
        <label for="rename">{t("new.group_name")}</label>
        <input id="rename" class="field" value={title} maxLength={inbox.me!.limits.title_length} autocomplete="off" onInput={(e) => setTitle(e.currentTarget.value)} />
        <div class="actions">
          <button type="button" class="button quiet" onClick={close}>
            {t("app.cancel")}
          </button>
          <button type="submit" class="button">
            {t("app.save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const reasons = ["spam", "harassment", "offensive", "off_topic", "other"] as const;
const recent = 15; // messages offered where one has to be chosen

function Report({ inbox, thread, c, close, message }: Props & { message: number }) {
  const { t } = inbox;
  const group = c.type === "group";
  const theirs = thread.messages.filter((m) => m.sender_id > 0 && m.sender_id !== inbox.me!.viewer.id && !m.is_system);
  const offered = message ? theirs.filter((m) => m.id === message) : theirs.slice(-recent).reverse();
  const [reason, setReason] = useState<(typeof reasons)[number]>("spam");
  const [about, setAbout] = useState(String(message || (offered[0]?.id ?? "")));
  const [description, setDescription] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    const refused = await inbox.report(c, { reason, description: description.trim() || undefined, message_id: group ? Number(about) : undefined });
    setBusy(false);
    if (refused) setError(refused);
    else close();
  };
  return (
    <Dialog title={t(group ? "report.message" : "menu.report")} onClose={close}>
      {group && !offered.length ? (
        <p>{t("report.nothing")}</p>
      ) : (
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (!busy) void send();
          }}
        >
          {group && (
            <label class="stack">
              {t("report.which")}
              <select class="field" value={about} onChange={(e) => setAbout(e.currentTarget.value)}>
                {offered.map((m) => (
                  <option key={m.id} value={String(m.id)}>
                    {`${m.sender_name}: ${m.content_plain.replace(/\s+/g, " ").slice(0, 80)}`}
                  </option>
                ))}
              </select>
            </label>
          )}
          <fieldset>
            <legend>{t("report.why")}</legend>
            {reasons.map((r) => (
              <label class="choice" key={r}>
                <input type="radio" name="reason" checked={r === reason} onChange={() => setReason(r)} />
                <span>{t(`report.${r}`)}</span>
              </label>
            ))}
          </fieldset>
          <label class="stack">
            {t("report.more")}
            <textarea class="field" rows={3} maxLength={2000} value={description} onInput={(e) => setDescription(e.currentTarget.value)} />
          </label>
          {error && (
            <p class="alarm" role="alert">
              {error}
            </p>
          )}
          <div class="actions">
            <button type="button" class="button quiet" onClick={close}>
              {t("app.cancel")}
            </button>
            <button type="submit" class="button" aria-disabled={busy}>
              {t(busy ? "thread.sending" : "report.send")}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
