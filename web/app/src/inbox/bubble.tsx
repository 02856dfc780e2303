import { Component, type ComponentChildren } from "preact";
import { Avatar } from "../shared/avatar";
import { Icon } from "../shared/icons";
import { highlight } from "../shared/highlight";
import { rich } from "../shared/rich";
import type { Clock } from "../shared/time";
import type { Translator } from "../shared/i18n";
import type { Row } from "./rows";
import type { Outgoing } from "./storage";

interface Props {
  row: Row;
  t: Translator;
  clock: Clock;
  words: readonly string[];
  group: boolean;
  me: { name: string; avatar_url: string };
  canReport: boolean;
  report: (id: number) => void;
  retry: (o: Outgoing) => void;
  discard: (o: Outgoing) => void;
}

/** One line of a thread; drawn again only when something about it changed. */
export class Line extends Component<Props> {
  override shouldComponentUpdate(next: Props) {
    const a = this.props.row;
    const b = next.row;
    return (
      a.message !== b.message || a.outgoing !== b.outgoing || a.first !== b.first || a.last !== b.last || a.day !== b.day ||
      a.fresh !== b.fresh || a.seen !== b.seen || a.state !== b.state || this.props.words.join() !== next.words.join() || this.props.t !== next.t
    );
  }

  override render({ row, t }: Props) {
    return (
      <>
        {row.day && (
          <p class="day">
            <span>{row.day}</span>
          </p>
        )}
        {row.fresh && (
          <p class="fresh">
            <span>{t("thread.fresh")}</span>
          </p>
        )}
        {row.outgoing ? this.#outgoing(row.outgoing) : row.message!.is_system ? <p class="system">{row.message!.content_plain}</p> : this.#message()}
      </>
    );
  }

  #message() {
    const { row, t, clock, words, group, canReport, report } = this.props;
    const m = row.message!;
    return (
      <Bubble row={row} name={row.own ? t("thread.you") : m.sender_name} avatar={row.own ? null : <Avatar name={m.sender_name} url={m.sender_avatar} />}
        tools={
          !row.own && group && canReport && m.sender_id > 0 ? (
            <button type="button" class="icon flag" aria-label={t("report.message")} title={t("report.message")} onClick={() => report(m.id)}>
              <Icon name="flag" />
            </button>
          ) : null
        }
        foot={
          <>
            <time dateTime={m.created_at} title={clock.full(m.created_at)}>
              {clock.time(m.created_at)}
            </time>
            {(row.seen.length > 0 || row.state) && <Seen row={row} t={t} group={group} />}
          </>
        }
      >
        {m.content ? rich(m.content, words) : highlight(m.content_plain, words)}
      </Bubble>
    );
  }

  #outgoing(o: Outgoing) {
    const { row, t, retry, discard } = this.props;
    return (
      <Bubble row={row} name={t("thread.you")} avatar={null} state={o.state}
        foot={
          o.state === "pending" ? (
            <span>{t("thread.sending")}</span>
          ) : (
            <span class="failed" role="alert">
              {o.error || t("thread.failed")}{" "}
              <button type="button" class="link" onClick={() => retry(o)}>
                {t("app.retry")}
              </button>{" "}
              <button type="button" class="link" onClick={() => discard(o)}>
                {t("thread.discard")}
              </button>
            </span>
          )
        }
      >
        <p class="raw">{o.text}</p>
      </Bubble>
    );
  }
}

function Bubble({ row, name, avatar, children, foot, tools, state }: {
  row: Row; name: string; avatar: ComponentChildren; children: ComponentChildren; foot: ComponentChildren; tools?: ComponentChildren; state?: string;
}) {
  const shown = row.last || row.seen.length > 0 || row.state || row.outgoing;
  return (
    <article class={`message ${row.own ? "own" : "theirs"}${row.first ? " first" : ""}${row.last ? " last" : ""}${state ? ` ${state}` : ""}`}>
      {!row.own && <span class="face">{row.first && avatar}</span>}
      <div class="body">
        <span class={row.first ? "who" : "hidden"}>
          <bdi>{name}</bdi>
        </span>
        <div class="beside">
          <div class="bubble" dir="auto">
            {children}
          </div>
          {tools}
        </div>
        <span class={shown ? "foot" : "hidden"}>{foot}</span>
      </div>
    </article>
  );
}

const named = 2; // who have seen a message and are called by name

/** What became of a message: sent, delivered, or seen and by whom. */
function Seen({ row, t, group }: { row: Row; t: Translator; group: boolean }) {
  const names = row.seen.map((p) => p.display_name);
  const n = names.length - named;
  const lead = n > 0 ? t("thread.seen_more", { names: names.slice(0, named).join(", "), n }) : names.join(", ");
  return (
    <span class="seen" part="receipt" data-state={row.state || "seen"} title={names.join(", ") || undefined}>
      {row.state ? t(`thread.${row.state}`) : group ? t("thread.seen_by", { names: lead }) : t("thread.seen")}
    </span>
  );
}
