import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rest } from "../shared/rest";
import type { Frame, Said } from "./frames";
import type { Ear, Transport } from "./ladder";
import { Live } from "./live";

/** Locks as browsers have them: one holder, a queue, and stealing. */
class Locks {
  readonly #held = new Map<string, { throw: (e: Error) => void }>();
  readonly #queues = new Map<string, (() => void)[]>();

  async request(name: string, ...rest: unknown[]): Promise<unknown> {
    const work = rest.at(-1) as () => unknown;
    const { steal, signal } = (rest.length > 1 ? rest[0] : {}) as { steal?: boolean; signal?: AbortSignal };
    if (steal) {
      this.#held.get(name)?.throw(new Error("stolen"));
      this.#held.delete(name);
    }
    while (this.#held.has(name)) {
      await new Promise<void>((go) => {
        this.#queues.set(name, [...(this.#queues.get(name) ?? []), go]);
        signal?.addEventListener("abort", () => go());
      });
      if (signal?.aborted) throw new Error("aborted");
    }
    return new Promise((done, fail) => {
      const mine = { throw: fail };
      this.#held.set(name, mine);
      void Promise.resolve(work()).then((v) => {
        if (this.#held.get(name) === mine) this.#held.delete(name);
        for (const go of this.#queues.get(name) ?? []) go();
        this.#queues.delete(name);
        done(v);
      });
    });
  }

  async query() {
    return { held: [...this.#held.keys()].map((name) => ({ name })) };
  }
}

interface Attempt {
  since: string;
  ear: Ear;
  said: Said[];
  closed: boolean;
}

const name = (root: string) => `parley1:${root}:1`;
let browsers = 0;

/** A browser with tabs of one member, whose connections are played by hand. */
function browser(locks: Locks | undefined = new Locks()) {
  const attempts: Attempt[] = [];
  const transport: Transport = (since, ear) => {
    const a: Attempt = { since: since(), ear, said: [], closed: false };
    attempts.push(a);
    return { say: (what) => void a.said.push(what), close: () => void (a.closed = true) };
  };
  const page = Object.assign(new EventTarget(), { hidden: false });
  const window = new EventTarget();
  Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
  Object.assign(globalThis, { document: page, window });
  const root = `/${++browsers}/`;
  const tabs: Live[] = [];
  const tab = () => {
    const got: Frame[] = [];
    const live = new Live({
      rest: { root } as Rest,
      viewer: 1,
      can: () => true,
      frame: (f) => void got.push(f),
      changed: () => {},
      reload: () => {},
      refused: () => {},
      transports: [transport, transport, transport],
    });
    tabs.push(live);
    live.start();
    return { live, got };
  };
  const see = (hidden: boolean) => {
    page.hidden = hidden;
    page.dispatchEvent(new Event("visibilitychange"));
  };
  const end = () => tabs.forEach((t) => t.stop());
  return { attempts, tab, root, see, end, last: () => attempts.at(-1)! };
}

/** Waits: a channel delivers when it likes. */
async function until(what: () => boolean, name: string) {
  for (let i = 0; i < 1000; i++) {
    if (what()) return;
    await new Promise((go) => setTimeout(go, 5));
  }
  assert.fail(name);
}

const hello = (position: string, resumed = false): Frame => ({ type: "hello", position, resumed });
const at = (position: string): Frame => ({ type: "position", position });

/** A browser with two tabs, the first of which leads and is connected. */
async function two() {
  const b = browser();
  const first = b.tab();
  await until(() => first.live.leader, "the first leads");
  const second = b.tab();
  b.last().ear.frame(hello("p1"));
  await until(() => second.live.up, "the second knows");
  return { ...b, first, second };
}

test("one tab has the connection, and all hear the same", async () => {
  const { attempts, first, second, last, end } = await two();
  last().ear.frame(at("p2"));
  last().ear.frame({ type: "unread", count: 3 });
  await until(() => second.got.at(-1)?.type === "unread", "the second hears");
  assert.deepEqual(second.got.slice(-2), first.got.slice(-2));
  assert.deepEqual([attempts.length, second.live.leader, second.live.rung], [1, false, "websocket"]);
  end();
});

test("when the leader closes, the next resumes behind the last position it heard of", async () => {
  const { attempts, first, second, last, end } = await two();
  last().ear.frame(at("p7"));
  await until(() => second.got.at(-1)?.position === "p7", "the second hears");
  first.live.stop();
  assert.ok(last().closed);
  await until(() => second.live.leader && attempts.length === 2, "the second leads");
  assert.equal(last().since, "p7");
  last().ear.frame(hello("p7", true));
  assert.equal(second.live.up, true);
  end();
});

test("a leader that does not answer is replaced by a tab in sight, and leads no more when it wakes up", async () => {
  const b = browser();
  const asleep = navigator.locks.request(name(b.root), () => new Promise(() => {}));
  const tab = b.tab();
  assert.equal(tab.live.leader, false);
  await assert.rejects(asleep as Promise<unknown>);
  await until(() => tab.live.leader && b.attempts.length === 1, "it leads");
  const usurper = navigator.locks.request(name(b.root), { steal: true }, () => new Promise(() => {}));
  await until(() => !tab.live.leader, "it was replaced");
  assert.ok(b.last().closed);
  b.end();
  void usurper;
});

test("the connection watches what all tabs show, and tells whether anybody is there", async () => {
  const { first, second, last, see, end } = await two();
  const said = (type: string) => last().said.filter((s) => s.type === type).at(-1);
  first.live.show([3, 1]);
  second.live.show([2, 3]);
  await until(() => JSON.stringify(said("watch")) === '{"type":"watch","conversations":[1,2,3]}', "watch");
  second.live.stop();
  await until(() => JSON.stringify(said("watch")) === '{"type":"watch","conversations":[1,3]}', "watch less");
  see(true);
  await until(() => JSON.stringify(said("state")) === '{"type":"state","state":"away"}', "away");
  see(false);
  await until(() => JSON.stringify(said("state")) === '{"type":"state","state":"online"}', "online");
  end();
});

test("a tab that comes later is told who is there", async () => {
  const { tab, last, end } = await two();
  const there: Frame = { type: "presence", members: [{ member: 2, state: "online", last_seen: null }] };
  last().ear.frame(there);
  const third = tab();
  await until(() => third.got.length > 0, "it hears");
  assert.deepEqual(third.got, [there]);
  end();
});

test("a follower says that somebody types through the leader; what arrived is acknowledged", async () => {
  const { second, last, end } = await two();
  second.live.typing(17);
  await until(() => last().said.some((s) => s.type === "typing" && s.conversation === 17), "typing");
  last().ear.frame({ type: "message.created", position: "p5", at: "", conversation: 17, seq: 1, message: { id: 1 } as never });
  last().ear.frame(at("p6"));
  const acks = () => last().said.filter((s) => s.type === "ack");
  await until(() => acks().length > 0, "ack");
  assert.deepEqual(acks(), [{ type: "ack", position: "p6" }]);
  end();
});

test("frames of hints that an older server ends the connection for are not said again", async () => {
  const { attempts, first, last, end } = await two();
  for (let n = 1; n <= 2; n++) {
    first.live.show([n]);
    await until(() => last().said.some((s) => s.type === "watch"), "watch");
    last().ear.frame({ type: "close", code: 4400, retry: -1 });
    last().ear.end({ code: 4400 });
    await until(() => attempts.length === n + 1, "it comes back");
    last().ear.frame(hello("p1", true));
  }
  first.live.show([3, 4]);
  await new Promise((go) => setTimeout(go, 50));
  assert.deepEqual(last().said, []);
  end();
});

test("without locks every tab connects itself, when it is in sight", async () => {
  const b = browser(null as never);
  b.see(true);
  b.tab();
  b.tab();
  assert.equal(b.attempts.length, 0);
  b.see(false);
  assert.equal(b.attempts.length, 2);
  b.end();
});
