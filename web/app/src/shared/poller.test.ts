import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Poller } from "./poller";

/** A page that can be hidden, and a poller on a clock that stands still until told. */
function rig() {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const listeners = new Set<() => void>();
  const page = {
    hidden: false,
    addEventListener: (_: string, f: () => void) => listeners.add(f),
    removeEventListener: (_: string, f: () => void) => listeners.delete(f),
  };
  const poller = new Poller(Date.now, page as unknown as Document);
  const hide = (hidden: boolean) => {
    page.hidden = hidden;
    for (const f of listeners) f();
  };
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      mock.timers.tick(Math.min(500, left));
      for (let i = 0; i < 6; i++) await Promise.resolve();
    }
  };
  return { poller, hide, pass };
}

test("a task runs at its interval, not while the page is hidden, and at once when it is back", async () => {
  const { poller, hide, pass } = rig();
  let runs = 0;
  poller.set("list", { every: 10_000, run: async () => runs++ });
  poller.start();
  await pass(9_500);
  assert.equal(runs, 0);
  await pass(1_000);
  assert.equal(runs, 1);
  hide(true);
  await pass(60_000);
  assert.equal(runs, 1);
  hide(false);
  await pass(500);
  assert.equal(runs, 2);
  poller.stop();
  await pass(60_000);
  assert.equal(runs, 2);
  mock.timers.reset();
});

test("failures make it slower, and a wait the server asked for is kept even when poked", async () => {
  const { poller, pass } = rig();
  let runs = 0;
  let error: object = {};
  poller.set("list", { every: 10_000, run: async () => { runs++; throw error; } });
  poller.start();
  await pass(10_500); // fails at 10 s: again at 20 to 23 s, then at 40 to 48 s
  await pass(13_000);
  assert.equal(runs, 2);
  await pass(16_000);
  assert.equal(runs, 2);
  error = { retryAfter: 100 };
  await pass(9_000);
  assert.equal(runs, 3);
  poller.poke();
  await pass(90_000);
  assert.equal(runs, 3);
  await pass(10_500);
  assert.equal(runs, 4);
  poller.stop();
  mock.timers.reset();
});
