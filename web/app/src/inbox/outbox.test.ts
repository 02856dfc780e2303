import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { RestError } from "../shared/rest";
import type { Message } from "../shared/types";
import { Outbox } from "./outbox";
import { Keep } from "./storage";

/** A browser's storage. */
export function memory() {
  const map = new Map<string, string>();
  return {
    map,
    getItem: (k: string) => map.get(k) ?? null,
    setItem: (k: string, v: string) => void map.set(k, v),
    removeItem: (k: string) => void map.delete(k),
    key: (i: number) => [...map.keys()][i] ?? null,
    get length() {
      return map.size;
    },
  };
}

function rig(backing = memory(), alone?: (conversation: number, work: () => Promise<void>) => Promise<void>) {
  const asked: string[] = [];
  const sent: string[] = [];
  const answers: (Error | "ok")[] = [];
  const outbox = new Outbox({
    keep: new Keep("s", 1, backing),
    send: async (o) => {
      asked.push(o.text);
      const a = answers.shift() ?? "ok";
      if (a !== "ok") throw a;
      return { id: asked.length } as Message;
    },
    sent: (o) => void sent.push(o.text),
    changed: () => {},
    failed: () => {},
    ...(alone ? { alone } : {}),
  });
  return { outbox, asked, sent, answers, backing };
}

const settle = () => new Promise<void>((done) => setImmediate(done));
const network = () => new RestError("", 0, "network");

test("messages go one after another, in order", async () => {
  const { outbox, sent } = rig();
  for (const text of ["a", "b", "c"]) outbox.add(7, text, 0);
  await settle();
  assert.deepEqual(sent, ["a", "b", "c"]);
  assert.deepEqual(outbox.entries, []);
});

test("what nobody answered holds what follows, and goes once something is back", async () => {
  const { outbox, asked, sent, answers } = rig();
  answers.push(network());
  outbox.add(7, "a", 0);
  outbox.add(7, "b", 0);
  await settle();
  assert.deepEqual(asked, ["a"]);
  assert.deepEqual(outbox.entries.map((e) => e.state), ["failed", "failed"]);
  outbox.wake();
  await settle();
  assert.deepEqual(sent, ["a", "b"]);
});

test("what is written later does not overtake what got no answer", async () => {
  const { outbox, asked, sent, answers } = rig();
  answers.push(network());
  outbox.add(7, "a", 0);
  await settle();
  outbox.add(7, "b", 0);
  await settle();
  assert.deepEqual(asked, ["a", "a", "b"]);
  assert.deepEqual(sent, ["a", "b"]);
});

test("a server that is going or coming is asked again for a while", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { outbox, asked, sent, answers } = rig();
  const away = () => new RestError("", 502, "not_json");
  answers.push(away(), away());
  outbox.add(7, "a", 0);
  await settle();
  outbox.add(7, "b", 0);
  await settle();
  assert.deepEqual(asked, ["a"]);
  for (const seconds of [1, 2]) {
    mock.timers.tick(seconds * 1000);
    await settle();
  }
  assert.deepEqual(sent, ["a", "b"]);
  answers.push(away(), away(), away(), away(), away());
  outbox.add(7, "c", 0);
  await settle();
  for (const seconds of [1, 2, 4, 8]) {
    mock.timers.tick(seconds * 1000);
    await settle();
  }
  assert.deepEqual(outbox.entries.map((e) => [e.text, e.state, e.refused]), [["c", "failed", false]]);
  mock.timers.reset();
});

test("what was refused waits for the member, and the next one goes", async () => {
  const { outbox, sent, answers } = rig();
  answers.push(new RestError("You are currently silenced.", 403, "silenced"));
  outbox.add(7, "a", 0);
  outbox.add(7, "b", 0);
  await settle();
  assert.deepEqual(sent, ["b"]);
  assert.deepEqual(outbox.entries.map((e) => [e.text, e.refused, e.error]), [["a", true, "You are currently silenced."]]);
  outbox.wake();
  await settle();
  assert.deepEqual(sent, ["b"]);
  outbox.retry(outbox.entries[0]!.clientId);
  await settle();
  assert.deepEqual(sent, ["b", "a"]);
});

test("a reload goes on where the page was, with the same client id", async () => {
  const first = rig();
  first.answers.push(network());
  first.outbox.add(7, "a", 5);
  await settle();
  const id = first.outbox.entries[0]!.clientId;
  const second = rig(first.backing);
  assert.equal(second.outbox.entries[0]!.clientId, id);
  second.outbox.wake();
  await settle();
  assert.deepEqual(second.sent, ["a"]);
  assert.equal(first.backing.map.size, 0);
});

test("a wait the server asked for is waited, without failing", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { outbox, sent, answers } = rig();
  answers.push(new RestError("Slow down.", 429, "jetonomy_rate_limited", 3));
  outbox.add(7, "a", 0);
  await settle();
  assert.equal(outbox.entries[0]!.state, "pending");
  mock.timers.tick(3000);
  await settle();
  assert.deepEqual(sent, ["a"]);
  mock.timers.reset();
});

test("another member finds nothing of the one before, another site's keeps its own", () => {
  const backing = memory();
  new Keep("s", 1, backing).setDraft("7", "secret");
  new Keep("t", 1, backing).setDraft("7", "other site");
  assert.equal(new Keep("s", 1, backing).draft("7"), "secret");
  assert.equal(new Keep("s", 2, backing).draft("7"), "");
  assert.equal(new Keep("s", 1, backing).draft("7"), "");
  assert.equal(new Keep("t", 1, backing).draft("7"), "other site");
});

test("two tabs send what was left once, one after the other", async () => {
  const backing = memory();
  const before = rig(backing);
  before.answers.push(network());
  before.outbox.add(7, "a", 0);
  before.outbox.add(7, "b", 0);
  await settle();
  let turn = Promise.resolve();
  const alone = (_: number, work: () => Promise<void>) => (turn = turn.then(work));
  const one = rig(backing, alone);
  const two = rig(backing, alone);
  one.outbox.wake();
  two.outbox.wake();
  await settle();
  assert.deepEqual([one.sent, two.sent], [["a", "b"], []]);
  assert.deepEqual([one.outbox.entries, two.outbox.entries], [[], []]);
});

test("a tab takes over what another one left, and forgets what another one sent", async () => {
  const backing = memory();
  const here = rig(backing);
  const there = rig(backing);
  there.answers.push(network());
  there.outbox.add(7, "a", 0);
  await settle();
  here.outbox.sync();
  assert.deepEqual(here.outbox.entries, []);
  here.outbox.wake();
  await settle();
  assert.deepEqual(here.sent, ["a"]);
  there.outbox.sync();
  assert.deepEqual(there.outbox.entries, []);
});
