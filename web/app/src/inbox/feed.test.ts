import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { Frame } from "../live/frames";
import type { Ear } from "../live/ladder";
import type { Conversation, Me, Message } from "../shared/types";
import { translator } from "../shared/i18n";
import type { Rest } from "../shared/rest";
import { Inbox } from "./store";

const me = { id: 1, name: "Ann", login: "ann", avatar_url: "", can_oversee: false };
const people = [1, 2, 3].map((id) => ({ user_id: id, display_name: ["", "Ann", "Bob", "Cem"][id]!, last_read_at: null, left_at: null, is_online: false }));
const conversation = (id: number, over: Partial<Conversation> = {}) =>
  ({
    id, type: "direct", title: `c${id}`, participants: people.slice(0, 2), last_message_at: `2026-11-0${id}T10:00:00Z`, last_message_preview: "old",
    unread: false, unread_count: 0, is_muted: false, is_archived: false, is_blocked: false, left_at: null, created_at: "", can_reply: true, ...over,
  }) as Conversation;
const message = (id: number, sender: number, text: string) =>
  ({ id, sender_id: sender, sender_name: "", content: text, content_plain: text, is_system: false, created_at: `2026-11-20T10:00:${String(id).padStart(2, "0")}Z` }) as Message;

/** An inbox with conversations 1, 2 and 3, newest last in number and first in the list, whose stream is played by hand. */
async function rig(features: Record<string, boolean> = { receipts: true, typing: true, presence: true }, open = 0) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const page = Object.assign(new EventTarget(), { hidden: false, title: "", baseURI: "http://x/" });
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });
  Object.assign(globalThis, { document: page, window: new EventTarget(), location: { pathname: "/", search: "", href: "" }, history: {} });
  const conversations = new Map([3, 2, 1].map((id) => [id, conversation(id)]));
  const stored = [message(1, 1, "mine"), message(2, 2, "theirs"), message(3, 1, "mine too")];
  const asked: string[] = [];
  let ear: Ear | null = null;
  class Socket {
    static OPEN = 1;
    readyState = 1;
    onopen?: () => void;
    onmessage?: (e: { data: string }) => void;
    constructor() {
      ear = { frame: (f: Frame) => this.onmessage?.({ data: JSON.stringify(f) }) } as Ear;
    }
    send(said: string) {
      if (said.includes("ping")) this.onmessage?.({ data: '{"type":"pong"}' });
    }
    close() {}
  }
  Object.assign(globalThis, { WebSocket: Socket });
  const rest = {
    root: "/wp-json/",
    url: (route: string) => `/wp-json/${route}`,
    get: async (route: string) => {
      asked.push(route.replace(/^(jetonomy|parley)\/v1\//, ""));
      if (route.endsWith("unread-count")) return { count: 0 };
      if (route.endsWith("/receipts")) return { data: [{ member: 2, delivered: { message: 3 }, read: { message: 1 } }] };
      if (route.endsWith("/messages")) return { data: [...stored].reverse(), meta: { has_more: false } };
      const one = /conversations\/(\d+)$/.exec(route);
      return one ? conversations.get(Number(one[1])) : { data: [...conversations.values()], meta: { total: 3 } };
    },
    post: async (route: string) => {
      asked.push(`POST ${route}`);
      return conversations.get(open || 3);
    },
  } as unknown as Rest;
  const counts: number[] = [];
  const inbox = new Inbox({
    rest, t: translator("en"), base: "", boot: { viewer: me, site: { timezone: "UTC", name: "" }, features, preferences: { presence: true, receipts: true, typing: true } } as unknown as Me,
    begin: { kind: open ? "thread" : "list", id: open, to: "", view: "active" }, poll: [30, 10], toMembers: [], unread: 0,
    emit: (name, detail) => name === "parley:unread" && counts.push((detail as { count: number }).count), mark: () => {},
  });
  const pass = async (ms: number) => {
    for (let left = ms; left >= 0; left -= 100) {
      mock.timers.tick(Math.min(100, Math.max(left, 1)));
      for (let i = 0; i < 20; i++) await Promise.resolve();
    }
  };
  inbox.start();
  await pass(100);
  const tell = (f: object) => ear!.frame(f as Frame);
  tell({ type: "hello", position: "p1", resumed: true });
  await pass(2000);
  asked.length = 0;
  let position = 1;
  const stamped = (type: string, id: number, more: object) => tell({ type, position: `p${++position}`, at: "2026-11-20T11:00:00Z", conversation: id, ...more });
  const ids = () => inbox.list.map((c) => c.id);
  const end = () => {
    inbox.stop();
    mock.timers.reset();
  };
  return { inbox, tell, stamped, asked, pass, ids, counts, conversations, end };
}

test("a message moves its row up and marks it, and asks for nothing", async () => {
  const { inbox, stamped, tell, asked, ids, counts, pass, end } = await rig();
  assert.deepEqual(ids(), [3, 2, 1]);
  stamped("message.created", 1, { seq: 4, message: message(9, 2, "new  one") });
  assert.deepEqual([ids(), inbox.list[0]!.unread, inbox.list[0]!.last_message_preview], [[1, 3, 2], true, "new one"]);
  stamped("message.created", 1, { seq: 4, message: message(9, 2, "new  one") }); // told twice
  assert.deepEqual(ids(), [1, 3, 2]);
  stamped("message.created", 2, { seq: 2, message: message(10, 1, "from my phone") });
  assert.deepEqual([ids(), inbox.list[0]!.unread], [[2, 1, 3], false]);
  tell({ type: "unread", count: 1 });
  assert.equal(counts.at(-1), 1);
  // Read on another device: as far as is known all of it.
  stamped("read", 1, { member: 1, seq: 3 });
  assert.equal(inbox.list.find((c) => c.id === 1)!.unread, true);
  stamped("read", 1, { member: 1, seq: 4 });
  assert.equal(inbox.list.find((c) => c.id === 1)!.unread, false);
  await pass(1000);
  assert.deepEqual(asked, []);
  end();
});

test("what a frame cannot tell is loaded, once for several", async () => {
  const { inbox, stamped, asked, ids, conversations, pass, end } = await rig();
  conversations.set(4, conversation(4));
  stamped("conversation.created", 4, { kind: "direct", by: 2, members: [1, 2] });
  stamped("message.created", 4, { seq: 1, message: message(9, 2, "hello") });
  await pass(1000);
  assert.deepEqual(asked, ["conversations"]);
  asked.length = 0;
  conversations.set(3, conversation(3, { title: "renamed" }));
  stamped("conversation.changed", 3, { change: "title" });
  stamped("member.left", 3, { member: 3, seq: 2 });
  await pass(1000);
  assert.deepEqual([asked, inbox.list.find((c) => c.id === 3)!.title], [["conversations/3"], "renamed"]);
  stamped("conversation.changed", 2, { change: "removed" });
  assert.ok(!ids().includes(2));
  stamped("settings", 1, { setting: "muted", value: true });
  assert.equal(inbox.list.find((c) => c.id === 1)!.is_muted, true);
  end();
});

test("a message comes into the open thread in order and once, whoever was quicker", async () => {
  const { inbox, stamped, pass, end } = await rig(undefined, 3);
  const shown = () => inbox.thread!.messages.map((m) => m.id);
  assert.deepEqual(shown(), [1, 2, 3]);
  stamped("message.created", 3, { seq: 5, message: message(5, 2, "five") });
  inbox.thread!.sent(message(4, 1, "four")); // the answer to one's own
  stamped("message.created", 3, { seq: 4, message: message(4, 1, "four") });
  stamped("message.created", 3, { seq: 5, message: message(5, 2, "five") });
  await pass(100);
  assert.deepEqual(shown(), [1, 2, 3, 4, 5]);
  end();
});

test("receipts move, and never back", async () => {
  const { inbox, stamped, tell, pass, end } = await rig(undefined, 3);
  await pass(100);
  const mark = () => inbox.thread!.marks!.get(2);
  assert.deepEqual(mark(), { read: 1, delivered: 3 });
  stamped("read", 3, { member: 2, seq: 3, message: 3 });
  tell({ type: "delivered", conversation: 3, member: 2, seq: 2, message: 2 });
  assert.deepEqual(mark(), { read: 3, delivered: 3 });
  end();
});

test("typing is shown for six seconds, or until what was typed is there", async () => {
  const { inbox, tell, stamped, pass, end } = await rig(undefined, 3);
  const said = () => inbox.typingText(inbox.thread!.conversation);
  tell({ type: "typing", conversation: 3, member: 2, for: 6 });
  assert.equal(said(), "Bob is typing…");
  assert.equal(inbox.said.text, "Bob is typing…");
  const { n } = inbox.said;
  await pass(4000);
  tell({ type: "typing", conversation: 3, member: 2, for: 6 });
  await pass(5000);
  assert.equal(said(), "Bob is typing…");
  assert.equal(inbox.said.n, n);
  await pass(1100);
  assert.equal(said(), "");
  tell({ type: "typing", conversation: 3, member: 2, for: 6 });
  stamped("message.created", 3, { seq: 4, message: message(4, 2, "there") });
  assert.equal(said(), "");
  end();
});

test("the poller rests while the stream is up, and works again when it is down for some seconds", async () => {
  const { inbox, asked, pass, end } = await rig();
  await pass(60_000);
  assert.deepEqual(asked, []);
  inbox.feed!.live.stop();
  await pass(4000);
  assert.deepEqual(asked, []);
  await pass(2000);
  assert.ok(asked.includes("conversations"));
  end();
});

test("a reset, and another member's login", async () => {
  const { inbox, tell, asked, pass, end } = await rig(undefined, 3);
  tell({ type: "reset", position: "p9", reason: "too_old", reload: [] });
  await pass(500);
  assert.ok(asked.includes("conversations") && asked.includes("conversations/3/messages"), asked.join());
  tell({ type: "hello", position: "p9", resumed: true, member: 2 });
  assert.equal(inbox.phase, "signed-out");
  end();
});
