import assert from "node:assert/strict";
import { test } from "node:test";
import { translator } from "../shared/i18n";
import { Clock } from "../shared/time";
import type { Message, Participant } from "../shared/types";
import { firstUnread, rowsOf } from "./rows";
import type { Outgoing } from "./storage";

const clock = new Clock(translator("en"), "Europe/Berlin", () => Date.parse("2026-03-26T12:00:00Z"));
const message = (id: number, sender: number, at: string, plain = `m${id}`, system = false) =>
  ({ id, sender_id: sender, created_at: at, content_plain: plain, is_system: system }) as Message;
const outgoing = (text: string, after: number) =>
  ({ clientId: text, text, after, at: "2026-03-26T11:59:00Z", state: "pending" }) as Outgoing;
const lines = (messages: Message[], more: Partial<Parameters<typeof rowsOf>[0]> = {}) =>
  rowsOf({ messages, outgoing: [], viewer: 1, fresh: 0, others: [], marks: null, states: false, clock, ...more });

test("days turn in the time zone of the site", () => {
  const rows = lines([message(1, 1, "2026-03-25T22:59:59Z"), message(2, 1, "2026-03-25T23:00:00Z"), message(3, 1, "2026-03-26T09:00:00Z")]);
  assert.deepEqual(rows.map((r) => r.day), ["Yesterday", "Today", ""]);
});

test("messages of one member within three minutes are a run", () => {
  const rows = lines([
    message(1, 2, "2026-03-26T09:00:00Z"), message(2, 2, "2026-03-26T09:02:00Z"), message(3, 2, "2026-03-26T09:05:00Z"),
    message(4, 1, "2026-03-26T09:05:01Z"), message(5, 1, "2026-03-26T09:05:02Z", "left", true), message(6, 1, "2026-03-26T09:05:03Z"),
  ]);
  assert.deepEqual(rows.map((r) => `${Number(r.first)}${Number(r.last)}`), ["10", "01", "11", "11", "11", "11"]);
});

test("unread ones are counted from the end, and only what others wrote", () => {
  const thread = [message(1, 2, ""), message(2, 2, ""), message(3, 1, ""), message(4, 2, "", "left", true), message(5, 3, "")];
  assert.deepEqual([0, 1, 2, 3, 4].map((n) => firstUnread(thread, 1, n)), [0, 5, 2, 1, 0]);
});

test("seen stands on the last own message a member has read, unless they answered", () => {
  const thread = [message(1, 1, "2026-03-26T09:00:00Z"), message(2, 1, "2026-03-26T09:01:00Z"), message(3, 1, "2026-03-26T09:02:00Z")];
  const bob = { user_id: 2, last_read_at: "2026-03-26T09:01:30Z" } as Participant;
  const carol = { user_id: 3, last_read_at: null } as Participant;
  assert.deepEqual(lines(thread, { others: [bob, carol] }).map((r) => r.seen.length), [0, 1, 0]);
  assert.deepEqual(lines([...thread, message(4, 2, "2026-03-26T09:03:00Z")], { others: [bob] }).map((r) => r.seen.length), [0, 0, 0, 0]);
});

test("one's newest message tells what became of it, by how far the others are", () => {
  const thread = [message(1, 1, "2026-03-26T09:00:00Z"), message(2, 1, "2026-03-26T09:01:00Z")];
  const others = [2, 3].map((user_id) => ({ user_id, last_read_at: "2026-03-26T10:00:00Z" }) as Participant);
  const told = (of: Message[], ...marks: [number, { read: number; delivered: number }][]) =>
    lines(of, { others, marks: new Map(marks), states: true }).map((r) => r.state || r.seen.map((p) => p.user_id).join(" "));
  assert.deepEqual(told(thread), ["", "sent"]);
  assert.deepEqual(told(thread, [2, { read: 0, delivered: 2 }], [3, { read: 0, delivered: 1 }]), ["", "sent"]);
  assert.deepEqual(told(thread, [2, { read: 1, delivered: 2 }]), ["2", "delivered"]); // the other hides it
  assert.deepEqual(told(thread, [2, { read: 2, delivered: 2 }], [3, { read: 0, delivered: 2 }]), ["", "2"]);
  assert.deepEqual(told([...thread, message(3, 2, "2026-03-26T09:03:00Z")]), ["", "", ""]);
  assert.deepEqual(lines(thread, { others, marks: new Map() }).map((r) => r.state || r.seen.length), [0, 0]);
});

test("a message on its way is hidden once it arrived, and another with the same text is not", () => {
  const rows = lines([message(9, 1, "2026-03-26T11:00:00Z", "ok"), message(10, 1, "2026-03-26T11:59:01Z", "ok")], { outgoing: [outgoing("ok", 9), { ...outgoing("ok", 9), clientId: "two" }] });
  assert.deepEqual(rows.map((r) => r.key), ["m9", "m10", "otwo"]);
});
