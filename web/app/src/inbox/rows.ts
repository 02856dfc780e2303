import type { Clock } from "../shared/time";
import type { Message, Participant } from "../shared/types";
import type { Outgoing } from "./storage";

/** A line of a thread: a message or one on its way, with what stands above and below it. */
export interface Row {
  key: string;
  message?: Message;
  outgoing?: Outgoing;
  own: boolean;
  /** The day, on its first message. */
  day: string;
  /** Unread messages begin here. */
  fresh: boolean;
  /** The first and the last of a run: messages of one member within a few minutes. */
  first: boolean;
  last: boolean;
  /** Who has read this far, on the last own message they read. */
  seen: readonly Participant[];
  /** On one's newest message, while nobody answered it; "" where receipts are not to be had. */
  state: "" | "sent" | "delivered";
}

/** The newest messages that came to a member, and that they have read, by id. */
export interface Mark {
  read: number;
  delivered: number;
}

const runMinutes = 3;

interface Input {
  messages: readonly Message[];
  outgoing: readonly Outgoing[];
  viewer: number;
  /** The id of the first unread message, 0 for none. */
  fresh: number;
  others: readonly Participant[];
  /** How far the others are; null: by when they read last. */
  marks: ReadonlyMap<number, Mark> | null;
  /** Whether to tell what became of one's newest message. */
  states: boolean;
  clock: Clock;
}

/** Makes the lines of a thread, oldest first. */
export function rowsOf({ messages, outgoing, viewer, fresh, others, marks, states, clock }: Input): Row[] {
  const rows: Row[] = [];
  let before: Message | undefined;
  let day = "";
  for (const message of messages) {
    const key = dayKey(message, clock);
    const own = message.sender_id === viewer;
    const newDay = key !== day;
    const first = newDay || message.id === fresh || !continues(before, message);
    if (first && rows.length) rows.at(-1)!.last = true;
    rows.push({
      key: `m${message.id}`, message, own, first, last: false, seen: none, state: "",
      day: newDay ? clock.day(message.created_at) : "", fresh: message.id === fresh,
    });
    before = message;
    day = key;
  }
  if (rows.length) rows.at(-1)!.last = true;
  markSeen(rows, others, marks);
  if (marks && states) markState(rows, others, marks);
  for (const o of unanswered(messages, outgoing, viewer)) {
    const key = clock.dayKey(o.at);
    const above = rows.at(-1);
    const first = key !== day || !above?.own || !!above.message?.is_system;
    if (!first && above && !above.seen.length && above.outgoing) above.last = false;
    rows.push({ key: `o${o.clientId}`, outgoing: o, own: true, first, last: true, seen: none, state: "", day: key !== day ? clock.day(o.at) : "", fresh: false });
    day = key;
  }
  return rows;
}

const none: readonly Participant[] = [];

function continues(a: Message | undefined, b: Message): boolean {
  return !!a && !a.is_system && !b.is_system && a.sender_id === b.sender_id && Date.parse(b.created_at) - Date.parse(a.created_at) < runMinutes * 60_000;
}

/** Puts each other member on the last own message they have read. */
function markSeen(rows: Row[], others: readonly Participant[], marks: Input["marks"]) {
  for (const other of others) {
    const until = other.last_read_at ? Date.parse(other.last_read_at) : 0;
    const read = (m: Message) => (marks ? m.id <= (marks.get(other.user_id)?.read ?? 0) : Date.parse(m.created_at) <= until);
    for (let i = rows.length - 1; i >= 0; i--) {
      const { message, own } = rows[i]!;
      if (!message || message.is_system) continue;
      if (message.sender_id === other.user_id) break; // an answer says it better
      if (own && read(message)) {
        rows[i]!.seen = [...rows[i]!.seen, other];
        break;
      }
    }
  }
}

/** On one's newest message, when it is the newest of all. */
function markState(rows: Row[], others: readonly Participant[], marks: NonNullable<Input["marks"]>) {
  const row = rows.findLast((r) => r.message && !r.message.is_system);
  if (!row?.own || row.seen.length || !others.length) return;
  const told = others.flatMap((p) => marks.get(p.user_id) ?? []); // who hides it is not waited for
  row.state = told.length && told.every((m) => m.delivered >= row.message!.id) ? "delivered" : "sent";
}

/** Without those that arrived already: the answer to a request may be slower than the next look at the thread. */
function unanswered(messages: readonly Message[], outgoing: readonly Outgoing[], viewer: number): Outgoing[] {
  const taken = new Set<number>();
  return outgoing.filter((o) => {
    for (let i = messages.length - 1; i >= 0 && messages[i]!.id > o.after; i--) {
      const m = messages[i]!;
      if (m.sender_id === viewer && !m.is_system && !taken.has(m.id) && m.content_plain.trim() === o.text.trim()) {
        taken.add(m.id);
        return false;
      }
    }
    return true;
  });
}

const days = new WeakMap<Message, string>();

function dayKey(m: Message, clock: Clock): string {
  let key = days.get(m);
  if (!key) days.set(m, (key = clock.dayKey(m.created_at)));
  return key;
}

/** The first of the unread messages, counted from the end: only what others wrote counts. 0 when all of them lie further back. */
export function firstUnread(messages: readonly Message[], viewer: number, unread: number): number {
  if (unread <= 0) return 0;
  for (let i = messages.length - 1, left = unread; i >= 0; i--) {
    const m = messages[i]!;
    if (m.sender_id === viewer || m.is_system) continue;
    if (--left === 0) return m.id;
  }
  return 0;
}
