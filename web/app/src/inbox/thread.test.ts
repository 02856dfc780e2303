import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rest } from "../shared/rest";
import type { Conversation, Message } from "../shared/types";
import { Thread } from "./thread";

const me = 1;

/** A server with a thread of messages 1…n; every third is mine. */
function rig(n: number, unread = 0) {
  const stored: Message[] = [];
  const add = (sender: number) => {
    const m = { id: stored.length + 1, sender_id: sender, is_system: false, content_plain: "", created_at: "" } as Message;
    stored.push(m);
    return m;
  };
  for (let i = 0; i < n; i++) add(i % 3 ? 2 : me);
  const asked: Record<string, unknown>[] = [];
  const rest = {
    get: async (route: string, q: { limit?: number; before?: number; after?: number; mark_read?: boolean }) => {
      if (!route.endsWith("/messages")) return { id: 7, unread_count: unread } as Conversation;
      asked.push(q);
      const range = stored.filter((m) => m.id < (q.before ?? Infinity) && m.id > (q.after ?? 0));
      const data = q.after ? range.slice(0, q.limit) : range.slice(-q.limit!).reverse();
      return { data, meta: { has_more: data.length < range.length } };
    },
  } as unknown as Rest;
  const thread = new Thread(7, null, rest, () => me, () => {});
  const ids = () => thread.messages.map((m) => m.id);
  return { thread, add, asked, ids };
}

test("it opens at the end, and goes back a page at a time until the beginning", async () => {
  const { thread, ids, asked } = rig(180);
  await thread.open();
  assert.deepEqual([ids()[0], ids().length, thread.fresh, thread.hasOlder], [131, 50, 0, true]);
  await thread.older();
  await thread.older();
  await thread.older();
  assert.deepEqual([ids()[0], ids().length, thread.hasOlder], [1, 180, false]);
  assert.equal(asked.length, 3);
  assert.ok(asked.every((q) => q.mark_read === false));
});

test("it goes back until the first unread message is there, but not for ever", async () => {
  const near = rig(400, 150);
  await near.thread.open();
  assert.ok(near.thread.fresh > 0 && near.ids().includes(near.thread.fresh));
  const unread = near.thread.messages.filter((m) => m.id >= near.thread.fresh && m.sender_id !== me).length;
  assert.equal(unread, 150);
  const far = rig(3000, 2000);
  await far.thread.open();
  assert.equal(far.thread.fresh, far.ids()[0]);
  assert.equal(far.ids().length, 550);
});

test("the page may have marked it read already", async () => {
  const { thread } = rig(30, 0);
  await thread.open(2);
  assert.equal(thread.fresh, 29);
});

test("what others wrote just before a message of one's own is not lost", async () => {
  const { thread, add, ids } = rig(3);
  await thread.open();
  add(2);
  const mine = add(me);
  add(2);
  thread.sent(mine);
  assert.deepEqual(ids(), [1, 2, 3, 5]);
  assert.deepEqual((await thread.newer()).map((m) => m.id), [4, 6]);
  assert.deepEqual(ids(), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(await thread.newer(), []);
});

test("an empty thread finds its first message", async () => {
  const { thread, add, ids } = rig(0);
  await thread.open();
  add(2);
  await thread.newer();
  assert.deepEqual(ids(), [1]);
});
