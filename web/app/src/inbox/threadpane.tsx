import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Avatar } from "../shared/avatar";
import { wordsOf, hits } from "../shared/highlight";
import { Icon } from "../shared/icons";
import { Menu } from "../shared/menu";
import type { Conversation, Participant } from "../shared/types";
import { Presence, presenceText, Typing } from "./hintparts";
import { Line } from "./bubble";
import { Composer } from "./composer";
import { type Ask, menuOf } from "./actions";
import { plain, Skeleton } from "./list";
import { OnDemand } from "./ondemand";
import { type Mark, type Row, rowsOf } from "./rows";
import type { Inbox } from "./store";
import type { Thread } from "./thread";
import { closedBecause, othersOf, peerOf, titleOf } from "./titles";
import { Virtual } from "./virtual";

const noMarks: ReadonlyMap<number, Mark> = new Map();
const faces = 5;
const searchPages = 5; // how far back a hit of the search is looked for

export function ThreadPane({ inbox, thread }: { inbox: Inbox; thread: Thread }) {
  const { t } = inbox;
  const [ask, setAsk] = useState<Ask | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const c = thread.conversation;
  const open = c && thread.status === "ready" && inbox.me ? closedBecause(c, inbox.me.viewer.id) === "" : false;

  // Where there is nothing to write into, the heading takes the focus.
  useEffect(() => {
    if (inbox.focus.on === "thread" && thread.status !== "loading" && !open) heading.current?.focus({ preventScroll: true });
  }, [inbox.focus.id, thread.status]);

  return (
    <>
      <header class="bar">
        <Back inbox={inbox} />
        {c ? <Heading inbox={inbox} c={c} heading={heading} /> : <h2 ref={heading} tabIndex={-1}>{thread.status === "error" ? "" : t("app.loading")}</h2>}
        {c && inbox.me && (
          <Menu label={t("thread.menu")} items={menuOf(inbox, c, setAsk)}>
            <Icon name="more" />
          </Menu>
        )}
      </header>
      {thread.status === "error" ? (
        <ThreadError inbox={inbox} thread={thread} />
      ) : thread.status === "loading" || !c || !inbox.me ? (
        <Skeleton label={t("app.loading")} bubbles />
      ) : (
        <>
          <Messages inbox={inbox} thread={thread} report={(message) => setAsk({ kind: "report", message })} />
          <Typing text={inbox.typingText(c)} />
          <Foot inbox={inbox} thread={thread} c={c} />
        </>
      )}
      {ask && c && (
        <OnDemand t={t} wait={null} draw={({ Dialogs }) => <Dialogs inbox={inbox} thread={thread} c={c} ask={ask} close={() => setAsk(null)} />} />
      )}
    </>
  );
}

export function Back({ inbox }: { inbox: Inbox }) {
  return (
    <a
      class="icon back"
      href={inbox.href({ kind: "list" })}
      aria-label={inbox.t("app.back")}
      title={inbox.t("app.back")}
      onClick={(e) => {
        if (!plain(e)) return;
        e.preventDefault();
        inbox.go({ kind: "list" });
      }}
    >
      <Icon name="back" />
    </a>
  );
}

function Heading({ inbox, c, heading }: { inbox: Inbox; c: Conversation; heading: { current: HTMLHeadingElement | null } }) {
  const { t } = inbox;
  const viewer = inbox.me?.viewer.id ?? 0;
  const peer = peerOf(c, viewer);
  const { title, more } = titleOf(c, viewer, t);
  const here = c.participants.filter((p) => !p.left_at);
  return (
    <>
      {peer && (
        <span class="face">
          <Avatar name={title} url={peer.avatar_url} />
          <Presence inbox={inbox} member={peer} />
        </span>
      )}
      <div class="heading">
        <h2 ref={heading} tabIndex={-1} title={title}>
          <bdi>{title}</bdi> {c.type === "group" && more && <span class="more">{more}</span>}
        </h2>
        <p class="sub">
          {c.is_muted && <Icon name="muted" />}
          <span>
            {[
              c.type === "group" ? t("list.members", { n: here.length }) : peer ? presenceText(inbox, peer) : "",
              c.is_muted ? t("list.muted") : "",
              c.is_archived ? t("view.archived") : "",
            ]
              .filter(Boolean)
              .join(" · ")}
          </span>
        </p>
      </div>
      {c.type === "group" && <Faces people={here} />}
    </>
  );
}

/** The members of a group, as far as there is room. */
function Faces({ people }: { people: Participant[] }) {
  const shown = people.length > faces + 1 ? people.slice(0, faces) : people;
  return (
    <div class="faces" title={people.map((p) => p.display_name).join(", ")}>
      {shown.map((p) => (
        <Avatar key={p.user_id} name={p.display_name} url={p.avatar_url} />
      ))}
      {shown.length < people.length && <span class="avatar rest">+{people.length - shown.length}</span>}
    </div>
  );
}

function Messages({ inbox, thread, report }: { inbox: Inbox; thread: Thread; report: (id: number) => void }) {
  const { t, clock } = inbox;
  const me = inbox.me!;
  const c = thread.conversation!;
  const virtual = useRef<Virtual<Row>>(null);
  const outgoing = inbox.outbox!.of(thread.id);
  const others = useMemo(() => othersOf(c, me.viewer.id).filter((p) => !p.left_at), [c]);
  const shows = inbox.feed!.has("receipts");
  const marks = shows || me.features.receipts === undefined ? thread.marks : noMarks;
  const rows = useMemo(
    () => rowsOf({ messages: thread.messages, outgoing, viewer: me.viewer.id, fresh: thread.fresh, others, marks, states: shows && !!thread.marks, clock }),
    [thread.messages, inbox.outbox!.entries, thread.fresh, others, marks, clock, clock.dayKey(new Date(clock.now()).toISOString())],
  );
  const words = useMemo(() => wordsOf(inbox.search), [inbox.search]);

  // A message of one's own is shown at once, wherever one was.
  const sent = outgoing.at(-1)?.clientId;
  useEffect(() => {
    if (sent) virtual.current?.end();
  }, [sent]);

  // The thread was found by a search: the newest hit comes into sight, if it is not too far back.
  useEffect(() => {
    if (!words.length) return;
    let gone = false;
    void (async () => {
      for (let i = 0; i <= searchPages && !gone; i++) {
        const hit = thread.messages.findLast((m) => !m.is_system && hits(m.content_plain, words).length > 0);
        if (hit) {
          virtual.current?.jump(`m${hit.id}`);
          return;
        }
        if (!thread.hasOlder) return;
        await thread.older();
      }
    })();
    return () => {
      gone = true;
    };
  }, [words.join(" ")]);

  return (
    <div class="stage">
      <Virtual
        handle={virtual}
        rows={rows}
        begin={thread.fresh && !words.length ? `m${thread.fresh}` : null}
        label={t("thread.messages")}
        onTop={() => {
          if (!thread.olderFailed) void thread.older();
        }}
        onEnd={(atEnd) => inbox.setAtEnd(atEnd)}
        head={
          thread.hasOlder ? (
            <p class="older">
              <button type="button" class="button quiet small" disabled={thread.loadingOlder} onClick={() => void thread.older()}>
                {t(thread.loadingOlder ? "app.loading" : "thread.older")}
              </button>
            </p>
          ) : rows.length === 0 ? (
            <p class="nothing">{t("thread.empty")}</p>
          ) : null
        }
        draw={(row) => (
          <Line
            row={row}
            t={t}
            clock={clock}
            words={words}
            group={c.type === "group"}
            me={me.viewer}
            canReport={me.features.report !== false}
            report={report}
            retry={(o) => inbox.outbox!.retry(o.clientId)}
            discard={(o) => inbox.outbox!.discard(o.clientId)}
          />
        )}
      />
      {!thread.atEnd && (
        <button type="button" class={`pill${thread.below ? " news" : ""}`} onClick={() => virtual.current?.end()}>
          <Icon name="down" />
          <span class={thread.below ? "" : "hidden"}>{thread.below ? t("thread.new", { n: thread.below }) : t("thread.latest")}</span>
        </button>
      )}
    </div>
  );
}

function Foot({ inbox, thread, c }: { inbox: Inbox; thread: Thread; c: Conversation }) {
  const { t } = inbox;
  const why = closedBecause(c, inbox.me!.viewer.id);
  if (why) {
    return (
      <div class="closed" role="status">
        <p>{t(`closed.${why}`)}</p>
        {why === "blocked" && (
          <button type="button" class="button quiet small" onClick={() => void inbox.setBlocked(c, false)}>
            {t("menu.unblock")}
          </button>
        )}
      </div>
    );
  }
  return (
    <Composer
      key={thread.id}
      t={t}
      limit={inbox.me!.limits.message_length}
      focus={inbox.focus.on === "thread" ? inbox.focus.id : 0}
      draft={inbox.keep!.draft(String(thread.id))}
      onDraft={(text) => {
        inbox.keep!.setDraft(String(thread.id), text);
        if (text) inbox.feed!.typing(thread.id);
      }}
      onSend={(text) => inbox.send(text)}
    />
  );
}

function ThreadError({ inbox, thread }: { inbox: Inbox; thread: Thread }) {
  const { t } = inbox;
  const status = thread.error?.status;
  const final = status === 404 || status === 403;
  return (
    <div class="nothing" role="alert">
      <p>{t(status === 404 ? "thread.not_found" : status === 403 ? "thread.forbidden" : inbox.offline ? "error.network" : "thread.error")}</p>
      {!final && (
        <button type="button" class="button quiet" onClick={() => inbox.retryThread()}>
          {t("app.retry")}
        </button>
      )}
    </div>
  );
}
