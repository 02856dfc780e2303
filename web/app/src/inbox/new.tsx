import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "../shared/icons";
import type { Suggestion } from "../shared/types";
import { grow, Left, lengthOf, sends } from "./composer";
import { Skeleton } from "./list";
import { Recipients, resolve } from "./recipients";
import { newClientId } from "./storage";
import type { Inbox } from "./store";
import { Back } from "./threadpane";

/** A new message as it is kept over reloads. */
interface Draft {
  chosen: Suggestion[];
  term: string;
  title: string;
  text: string;
  /** The id of the last attempt, and what was sent by it: only the very same may be repeated under it. */
  clientId?: string;
  sent?: string;
}

const nothing: Draft = { chosen: [], term: "", title: "", text: "" };

function read(json: string): Draft {
  try {
    return { ...nothing, ...(JSON.parse(json) as Draft) };
  } catch {
    return nothing;
  }
}

/** The composer of a new message. */
export function NewPane({ inbox }: { inbox: Inbox }) {
  const { t, me } = inbox;
  return (
    <>
      <header class="bar">
        <Back inbox={inbox} />
        <h2>{t("new.title")}</h2>
      </header>
      {!me || !inbox.keep ? (
        <Skeleton label={t("app.loading")} />
      ) : me.can_start ? (
        <Form inbox={inbox} />
      ) : (
        <div class="nothing" role="status">
          <Icon name="lock" />
          <p>{me.start_closed || t("new.trust")}</p>
        </div>
      )}
    </>
  );
}

function Form({ inbox }: { inbox: Inbox }) {
  const { t } = inbox;
  const me = inbox.me!;
  const keep = inbox.keep!;
  const { to } = inbox.place;
  const [draft, setDraft] = useState<Draft>(() => {
    const kept = read(keep.draft("new"));
    return to ? { ...kept, chosen: [], term: "" } : kept;
  });
  const [error, setError] = useState("");
  const [recipientError, setRecipientError] = useState("");
  const [busy, setBusy] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const left = me.limits.message_length - lengthOf(draft.text);
  const change = (part: Partial<Draft>) => setDraft((d) => ({ ...d, ...part }));
  const focusTo = useMemo(() => !to, []);

  useLayoutEffect(() => grow(area.current!), [draft.text]);
  useEffect(() => {
    if (draft !== nothing) keep.setDraft("new", isEmpty(draft) ? "" : JSON.stringify(draft));
  }, [draft]);

  // ?to=login from a profile: chosen already, ready to write.
  useEffect(() => {
    if (!to) return;
    let gone = false;
    const known = to === inbox.s.begin.to ? inbox.s.toMembers.filter((m) => m.id !== me.viewer.id) : [];
    (known.length ? Promise.resolve({ chosen: known, unknown: "" }) : resolve(inbox, to, [])).then(
      ({ chosen, unknown }) => {
        if (gone) return;
        change({ chosen, term: unknown });
        if (unknown) setRecipientError(t("new.unknown", { name: unknown }));
        else area.current?.focus();
      },
      (e) => !gone && (change({ term: to }), setError(inbox.reason(e, "error.network"))),
    );
    return () => {
      gone = true;
    };
  }, []);

  const send = async () => {
    if (busy || left < 0) return;
    setError("");
    setRecipientError("");
    setBusy(true);
    try {
      let { chosen } = draft;
      if (draft.term.trim()) {
        const named = await resolve(inbox, draft.term, chosen);
        chosen = named.chosen;
        change({ chosen, term: named.unknown });
        if (named.unknown) return setRecipientError(t("new.unknown", { name: named.unknown }));
      }
      if (!chosen.length) return setRecipientError(t("new.no_recipient"));
      if (!draft.text.trim()) return area.current?.focus();
      const title = chosen.length > 1 ? draft.title.trim() : "";
      const body = { recipient_ids: chosen.map((s) => s.id), message: draft.text, title: title || undefined };
      const sent = JSON.stringify(body);
      const clientId = draft.sent === sent && draft.clientId ? draft.clientId : newClientId();
      const next = { ...draft, chosen, term: "", sent, clientId };
      setDraft(next);
      keep.setDraft("new", JSON.stringify(next)); // before the answer, which may never come
      await inbox.begun({ ...body, client_id: clientId });
    } catch (e) {
      inbox.met(e);
      setError(inbox.reason(e, "thread.failed"));
    } finally {
      setBusy(false);
    }
  };
  const group = draft.chosen.length > 1;
  return (
    <form
      class="compose"
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
    >
      <Recipients
        inbox={inbox}
        chosen={draft.chosen}
        term={draft.term}
        error={recipientError}
        focus={focusTo}
        onChosen={(chosen) => {
          change({ chosen });
          setRecipientError("");
        }}
        onTerm={(term) => {
          change({ term });
          setRecipientError("");
        }}
      />
      {group && (
        <p class="stack">
          <label for="group">{t("new.group_name_optional")}</label>
          <input id="group" class="field" autocomplete="off" maxLength={me.limits.title_length} value={draft.title} onInput={(e) => change({ title: e.currentTarget.value })} />
        </p>
      )}
      <div class="stack">
        <label for="text">{t("new.message")}</label>
        <textarea
          id="text"
          class="field"
          ref={area}
          rows={5}
          value={draft.text}
          placeholder={t("new.write")}
          aria-describedby="left"
          aria-invalid={left < 0}
          onInput={(e) => change({ text: e.currentTarget.value })}
          onKeyPress={(e) => sends(e) && e.preventDefault()}
          onKeyDown={(e) => {
            if (!sends(e)) return;
            e.preventDefault();
            void send();
          }}
        />
        <Left t={t} left={left} limit={me.limits.message_length} />
      </div>
      {error && (
        <p class="alarm" role="alert">
          {error}
        </p>
      )}
      <div>
        <button type="submit" class="button" aria-disabled={busy || left < 0}>
          {t(busy ? "thread.sending" : "thread.send")}
        </button>
      </div>
    </form>
  );
}

const isEmpty = (d: Draft) => !d.chosen.length && !d.term.trim() && !d.title.trim() && !d.text.trim();
