import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { Frame, Said } from "./frames";
import { type Ear, Ladder, type Transport } from "./ladder";

interface Attempt {
  way: string;
  since: string;
  ear: Ear;
  said: Said[];
  closed: boolean;
}

/** A ladder whose connections are played by hand, on a clock that stands still until told. */
function rig(over: { renew?: () => Promise<boolean> } = {}) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const tried: Attempt[] = [];
  const transport = (way: string): Transport => (since, ear) => {
    const attempt: Attempt = { way, since: since(), ear, said: [], closed: false };
    tried.push(attempt);
    const close = () => void (attempt.closed = true);
    return way === "websocket" ? { close, say: (what) => void attempt.said.push(what) } : { close };
  };
  const got: Frame[] = [];
  const refused: number[] = [];
  const ladder = new Ladder({
    transports: [transport("websocket"), transport("sse"), transport("poll")],
    frame: (f) => void got.push(f),
    changed: () => {},
    renew: over.renew ?? (async () => true),
    refused: (code) => void refused.push(code),
    random: () => 0.5,
  });
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      mock.timers.tick(Math.min(100, left));
      for (let i = 0; i < 6; i++) await Promise.resolve();
    }
  };
  const last = () => tried.at(-1)!;
  const hello = (position = "p1", resumed = false) => last().ear.frame({ type: "hello", position, resumed });
  const end = () => {
    ladder.stop();
    mock.timers.reset();
  };
  return { ladder, tried, got, refused, pass, last, hello, end };
}

const ways = (tried: Attempt[]) => tried.map((a) => a.way).join(" ");

test("a WebSocket that cannot be opened twice gives way to server-sent events, and comes back later", async () => {
  const { ladder, tried, pass, last, hello, end } = rig();
  ladder.start();
  last().ear.end({ code: 0 });
  await pass(1000);
  assert.equal(ways(tried), "websocket websocket");
  last().ear.end({ code: 0 });
  await pass(100);
  assert.equal(ways(tried), "websocket websocket sse");
  last().ear.opened();
  hello();
  assert.deepEqual([ladder.up, ladder.rung], [true, "sse"]);
  for (let i = 0; i < 6 * 60; i++) {
    if (last().way === "websocket") break;
    last().ear.heard(); // the server's pings
    await pass(1000);
  }
  assert.equal(last().way, "websocket");
  assert.ok(tried[2]!.closed);
  last().ear.end({ code: 0 }); // once is enough now
  await pass(100);
  assert.equal(last().way, "sse");
  hello("p2", true);
  assert.equal(ladder.rung, "sse");
  end();
});

for (const head of [true, false]) {
  test(`an event stream that is held back, its head ${head ? "not" : "too"}, gives way to long polls`, async () => {
    const { ladder, tried, pass, last, hello, end } = rig();
    ladder.start();
    last().ear.end({ code: 0 });
    await pass(1000);
    last().ear.end({ code: 0 });
    await pass(100);
    if (head) last().ear.opened();
    await pass(8000);
    assert.equal(ways(tried), "websocket websocket sse poll");
    hello();
    assert.deepEqual([ladder.up, ladder.rung], [true, "poll"]);
    end();
  });
}

test("without realtime nothing is tried for long", async () => {
  const off = rig();
  off.ladder.start();
  off.last().ear.end({ code: 0 });
  await off.pass(1000);
  off.last().ear.end({ code: 0 });
  await off.pass(100);
  off.last().ear.end({ code: 404 });
  assert.deepEqual([off.ladder.up, off.ladder.rung], [false, "off"]);
  await off.pass(10 * 60_000);
  off.ladder.check();
  assert.equal(off.tried.length, 3);
  await off.pass(6 * 60_000);
  assert.equal(ways(off.tried.slice(3, 5)), "websocket websocket");
  off.end();
});

test("when nobody answers at all it begins with the best again, less and less often", async () => {
  const { ladder, tried, pass, last, end } = rig();
  ladder.start();
  const waits: number[] = [];
  let before = Date.now();
  for (let i = 0; i < 16; i++) {
    const n = tried.length;
    last().ear.end({ code: 0 });
    while (tried.length === n) await pass(100);
    waits.push(Date.now() - before);
    before = Date.now();
  }
  assert.equal(ways(tried.slice(0, 6)), "websocket websocket sse websocket websocket sse");
  assert.ok(!ways(tried).includes("poll"));
  assert.ok(Math.max(...waits) <= 30_000 && waits.at(-1)! >= 15_000 - 1, waits.join());
  end();
});

test("it resumes behind the last position, and hands on every frame once, in order", async () => {
  const { ladder, tried, got, pass, last, hello, end } = rig();
  ladder.start();
  hello("p1");
  const first = last();
  first.ear.frame({ type: "unread", count: 1 });
  first.ear.frame({ type: "position", position: "p2" });
  await pass(6000);
  first.ear.end({ code: 0 });
  first.ear.frame({ type: "position", position: "late" }); // of a connection that is gone
  assert.equal(ladder.up, false);
  await pass(1000);
  assert.deepEqual([last().way, last().since], ["websocket", "p2"]);
  hello("p2", true);
  last().ear.frame({ type: "position", position: "p3" });
  assert.equal(ladder.position, "p3");
  assert.deepEqual(got.map((f) => f.position ?? f.type), ["p1", "unread", "p2", "p2", "p3"]);
  assert.equal(tried.length, 2);
  end();
});

test("it comes back when the server says, not before, whatever happens", async () => {
  const { ladder, tried, pass, last, hello, end } = rig();
  ladder.start();
  hello();
  await pass(6000);
  last().ear.frame({ type: "close", code: 1001, retry: 12_000 });
  last().ear.end({ code: 1001 });
  await pass(11_000);
  ladder.check();
  assert.equal(tried.length, 1);
  await pass(1100);
  assert.equal(tried.length, 2);
  hello();
  await pass(6000);
  last().ear.frame({ type: "close", code: 4408, retry: 0 });
  last().ear.end({ code: 4408 });
  await pass(100);
  assert.equal(tried.length, 3); // at once
  hello();
  last().ear.frame({ type: "close", code: 4408, retry: 0 });
  last().ear.end({ code: 4408 });
  await pass(100);
  hello();
  last().ear.frame({ type: "close", code: 4408, retry: 0 });
  last().ear.end({ code: 4408 });
  await pass(300);
  assert.ok(tried.length <= 4, "cut off again and again, it comes more slowly");
  end();
});

test("what a close code means", async () => {
  for (const [code, retry, position, refused, soon] of [
    [4410, -1, "", [], true], // forget the position
    [4404, -1, "p1", [4404], true], // another watch
    [4403, -1, "p1", [4403], false], // banned
    [4429, 30_000, "p1", [], false],
    [4503, 5000, "p1", [], false],
    [1003, -1, "p1", [], false],
  ] as const) {
    const r = rig();
    r.ladder.start();
    r.hello("p1");
    await r.pass(6000);
    r.last().ear.frame({ type: "close", code, retry });
    r.last().ear.end({ code });
    await r.pass(1000);
    assert.equal(r.ladder.position, position, String(code));
    assert.deepEqual(r.refused, refused, String(code));
    assert.equal(r.tried.length, soon ? 2 : 1, String(code));
    if (retry > 0) {
      await r.pass(retry);
      assert.equal(r.tried.length, 2, String(code));
    }
    r.end();
  }
});

test("a refused nonce is fetched anew; who has none is told", async () => {
  let fresh = true;
  const { ladder, tried, refused, pass, last, hello, end } = rig({ renew: async () => fresh });
  ladder.start();
  last().ear.frame({ type: "close", code: 4401, retry: -1 });
  last().ear.end({ code: 4401 });
  await pass(200);
  assert.deepEqual([tried.length, refused], [2, []]);
  hello();
  fresh = false;
  last().ear.frame({ type: "close", code: 4402, retry: -1 });
  last().ear.end({ code: 4402 });
  await pass(1000);
  assert.deepEqual([tried.length, refused], [2, [4402]]);
  end();
});

test("after the network was gone the WebSocket that worked before is the first again", async () => {
  const { ladder, tried, pass, last, hello, end } = rig();
  ladder.start();
  hello();
  await pass(6000);
  while (last().way !== "sse") {
    last().ear.end({ code: 0 });
    await pass(1000);
  }
  ladder.check();
  assert.equal(last().way, "websocket");
  assert.ok(tried.at(-2)!.closed);
  end();
});

test("a dead connection is found out: by silence, after sleep, when the network changes", async () => {
  const { ladder, tried, pass, last, hello, end } = rig();
  ladder.start();
  hello();
  await pass(40_500);
  assert.deepEqual(last().said, [{ type: "ping" }]);
  last().ear.frame({ type: "pong" });
  await pass(25_000);
  assert.equal(tried.length, 1);
  await pass(30_000); // the second question is not answered
  assert.equal(tried.length, 2);
  hello("p1", true);
  await pass(6000);
  ladder.check();
  assert.equal(last().said.length, 1);
  await pass(4100);
  assert.equal(tried.length, 3);
  hello("p1", true);
  mock.timers.setTime(Date.now() + 3_600_000); // the machine slept
  for (let i = 0; i < 101 && !last().said.length; i++) await pass(100);
  assert.deepEqual([tried.length, last().said.length], [3, 1]);
  end();
});
