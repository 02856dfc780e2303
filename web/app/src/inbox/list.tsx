import { useEffect, useRef, useState } from "preact/hooks";
import { Avatar, initials } from "../shared/avatar";
import { highlight, wordsOf } from "../shared/highlight";
import { Icon } from "../shared/icons";
import type { Conversation } from "../shared/types";
import { rowsPerPage, type Inbox } from "./store";
import type { View } from "./router";
import { Dots, Presence } from "./hintparts";
import { PrivacyMenu } from "./privacy";
import { peerOf, titleOf } from "./titles";

const views: View[] = ["active", "archived", "unread"];
const searchDelay = 250; // ms after the last key

/** Whether a click asks for this page, and not for another tab or window. */
export const plain = (e: MouseEvent) => e.button === 0 && !e.metaKey && !e.ctrlKey && !e.shiftKey && !e.altKey;

export function ListPane({ inbox }: { inbox: Inbox }) {
  const { t, place } = inbox;
  const list = useRef<HTMLUListElement>(null);

  // Back from a thread: on the row one came from.
  useEffect(() => {
    if (inbox.focus.on !== "list") return;
    const rows = [...(list.current?.querySelectorAll<HTMLElement>(".row") ?? [])];
    (rows.find((r) => r.dataset.id === String(inbox.backTo)) ?? rows[0])?.focus();
  }, [inbox.focus.id]);

  const onKeyDown = (e: KeyboardEvent) => {
    const rows = [...list.current!.querySelectorAll<HTMLElement>(".row")];
    const at = rows.indexOf(e.target as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[e.key];
    if (at < 0 || to === undefined) return;
    e.preventDefault();
    rows[Math.min(Math.max(to, 0), rows.length - 1)]?.focus();
  };
  const words = wordsOf(inbox.search);
  return (
    <section class="list" aria-label={t("list.label")} aria-busy={inbox.listState === "loading"}>
      <header class="bar">
        <h1>{t("app.messages")}</h1>
        <a
          class="button new"
          href={inbox.href({ kind: "new" })}
          onClick={(e) => {
            if (!plain(e)) return;
            e.preventDefault();
            inbox.go({ kind: "new" });
          }}
        >
          {t("list.new")}
        </a>
        <PrivacyMenu inbox={inbox} />
      </header>
      <SearchBox inbox={inbox} />
      <nav class="views" aria-label={t("list.views")}>
        {views.map((view) => (
          <a
            key={view}
            href={inbox.href({ view })}
            aria-current={place.view === view ? "true" : undefined}
            onClick={(e) => {
              if (!plain(e)) return;
              e.preventDefault();
              inbox.setView(view);
            }}
          >
            {t(`view.${view}`)}
          </a>
        ))}
      </nav>
      {inbox.phase === "error" || inbox.listState === "error" ? (
        <div class="nothing" role="alert">
          <p>{t(inbox.offline ? "error.network" : "list.error")}</p>
          <button type="button" class="button quiet" onClick={() => inbox.retryList()}>
            {t("app.retry")}
          </button>
        </div>
      ) : inbox.list.length === 0 && (inbox.listState === "loading" || inbox.phase === "loading") ? (
        <Skeleton label={t("app.loading")} />
      ) : inbox.list.length === 0 ? (
        <Empty inbox={inbox} />
      ) : (
        <ul class={`items${inbox.listState === "loading" ? " stale" : ""}`} ref={list} onKeyDown={onKeyDown}>
          {inbox.list.map((c) => (
            <li key={c.id}>
              <RowLink inbox={inbox} c={c} words={words} />
            </li>
          ))}
        </ul>
      )}
      <Pager inbox={inbox} />
    </section>
  );
}

function RowLink({ inbox, c, words }: { inbox: Inbox; c: Conversation; words: string[] }) {
  const { t, clock, place } = inbox;
  const viewer = inbox.me?.viewer.id ?? 0;
  const peer = peerOf(c, viewer);
  const { title, more } = titleOf(c, viewer, t);
  const at = c.last_message_at ?? c.created_at;
  const typing = inbox.typingText(c);
  const selected = place.kind === "thread" && place.id === c.id;
  return (
    <a
      class={`row${c.unread ? " unread" : ""}`}
      data-id={c.id}
      href={inbox.href({ kind: "thread", id: c.id })}
      aria-current={selected ? "page" : undefined}
      onClick={(e) => {
        if (!plain(e)) return;
        e.preventDefault();
        inbox.go({ kind: "thread", id: c.id });
      }}
    >
      <span class="face">
        <Avatar name={title} url={peer?.avatar_url} letters={c.type === "group" ? initials(title).slice(0, 2) : undefined} />
        {peer && <Presence inbox={inbox} member={peer} />}
      </span>
      <span class="what">
        <span class="top">
          <span class="name">
            <bdi class="title">{highlight(title, words)}</bdi> {more && <span class="more">{more}</span>}
          </span>
          <time dateTime={at} title={clock.full(at)}>
            {clock.ago(at)}
          </time>
        </span>
        <span class="top">
          {typing ? (
            <span class="preview typing" part="typing">
              <Dots /> {typing}
            </span>
          ) : (
          <span class="preview" dir="auto">
            {c.last_message_preview ? highlight(c.last_message_preview, words) : t("list.no_messages")}
          </span>
          )}
          {c.is_muted && (
            <span class="glyph" title={t("list.muted")}>
              <Icon name="muted" />
              <span class="hidden">{t("list.muted")}</span>
            </span>
          )}
          {c.unread && (
            <span class="dot">
              <span class="hidden">{t("list.unread")}</span>
            </span>
          )}
        </span>
      </span>
    </a>
  );
}

function SearchBox({ inbox }: { inbox: Inbox }) {
  const { t } = inbox;
  const [term, setTerm] = useState(inbox.search);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const ask = (value: string, delay: number) => {
    setTerm(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => inbox.setSearch(value.trim()), delay);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div class="find" role="search">
      <Icon name="search" />
      <input
        class="field"
        type="search"
        value={term}
        maxLength={100}
        autocomplete="off"
        aria-label={t("search.label")}
        placeholder={t("search.label")}
        onInput={(e) => ask(e.currentTarget.value, searchDelay)}
        onKeyDown={(e) => {
          if (e.key === "Escape" && term) {
            e.stopPropagation();
            ask("", 0);
          } else if (e.key === "Enter") ask(term, 0);
        }}
      />
    </div>
  );
}

function Empty({ inbox }: { inbox: Inbox }) {
  const { t, place } = inbox;
  if (inbox.search) return <p class="nothing">{t("search.none")}</p>;
  if (place.view === "archived") return <p class="nothing">{t("list.empty_archived")}</p>;
  if (place.view === "unread") return <p class="nothing">{t("list.empty_unread")}</p>;
  return (
    <div class="nothing">
      <Icon name="envelope" />
      <p class="strong">{t("list.empty")}</p>
      <p>{t("list.empty_hint")}</p>
      <a
        class="button"
        href={inbox.href({ kind: "new" })}
        onClick={(e) => {
          if (!plain(e)) return;
          e.preventDefault();
          inbox.go({ kind: "new" });
        }}
      >
        {t("list.start")}
      </a>
    </div>
  );
}

function Pager({ inbox }: { inbox: Inbox }) {
  const { t, page, total } = inbox;
  if (total <= rowsPerPage && page === 0) return null;
  return (
    <nav class="pager" aria-label={t("list.pages")}>
      <button type="button" class="button quiet small" disabled={page === 0} onClick={() => inbox.setPage(page - 1)}>
        {t("list.newer")}
      </button>
      <button type="button" class="button quiet small" disabled={(page + 1) * rowsPerPage >= total} onClick={() => inbox.setPage(page + 1)}>
        {t("list.older")}
      </button>
    </nav>
  );
}

/** Grey shapes where something will be; they come late, so that a quick answer shows none. */
export function Skeleton({ label, bubbles = false }: { label: string; bubbles?: boolean }) {
  return (
    <div class={`skeleton${bubbles ? " bubbles" : ""}`} role="status">
      <span class="hidden">{label}</span>
      {Array.from({ length: 6 }, (_, i) => (
        <i key={i} />
      ))}
    </div>
  );
}
