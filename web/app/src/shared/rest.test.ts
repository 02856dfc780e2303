import assert from "node:assert/strict";
import { test } from "node:test";
import { Rest, RestError } from "./rest";

type Call = { url: string; method: string; headers: Record<string, string> };

/** A client whose answers are given; what it asked is in calls. */
function client(...answers: (Response | Error)[]) {
  const calls: Call[] = [];
  const rest = new Rest({
    root: "/wp-json",
    nonce: "0123456789",
    nonceURL: "/nonce",
    fetch: (async (url: string, init: RequestInit) => {
      calls.push({ url, method: init.method ?? "GET", headers: init.headers as Record<string, string> });
      const answer = answers.shift();
      if (!answer) throw new Error("asked too often");
      if (answer instanceof Error) throw answer;
      return answer;
    }) as typeof fetch,
  });
  return { rest, calls };
}

const refused = (status: number, code: string, headers = {}) => new Response(JSON.stringify({ code, message: "No." }), { status, headers });
const stale = () => refused(403, "rest_cookie_invalid_nonce");

test("a stale nonce is refreshed once and the action repeated", async () => {
  const { rest, calls } = client(stale(), new Response("abcdef0123"), new Response("{}"));
  await rest.post("a", { x: 1 });
  assert.deepEqual(
    calls.map((c) => [c.method, c.url, c.headers["X-WP-Nonce"]]),
    [["POST", "/wp-json/a", "0123456789"], ["GET", "/nonce", undefined], ["POST", "/wp-json/a", "abcdef0123"]],
  );
});

test("it is refreshed once only", async () => {
  const { rest, calls } = client(stale(), new Response("abcdef0123"), stale());
  await assert.rejects(rest.get("a"), (e: RestError) => e.signedOut);
  assert.equal(calls.length, 3);
});

test("whoever is signed out gets no nonce", async () => {
  for (const answer of [new Response("0", { status: 400 }), new Response("<html>", { status: 200 })]) {
    const { rest } = client(stale(), answer);
    await assert.rejects(rest.get("a"), (e: RestError) => e.signedOut);
  }
});

test("two requests share one refresh", async () => {
  const { rest, calls } = client(stale(), stale(), new Response("abcdef0123"), new Response("1"), new Response("2"));
  await Promise.all([rest.get("a"), rest.get("b")]);
  assert.equal(calls.filter((c) => c.url === "/nonce").length, 1);
});

test("what was asked before a refresh and refused after it needs no other one", async () => {
  const urls: string[] = [];
  let late: (r: Response) => void = () => {};
  const rest = new Rest({
    root: "/wp-json", nonce: "0123456789", nonceURL: "/nonce",
    fetch: ((url: string) => {
      urls.push(url);
      if (url === "/nonce") return Promise.resolve(new Response("0123456789")); // still the same half of a day
      if (url.endsWith("/slow") && urls.filter((u) => u === url).length === 1) return new Promise<Response>((done) => (late = done));
      return Promise.resolve(urls.filter((u) => u === url).length === 1 ? stale() : new Response("1"));
    }) as typeof fetch,
  });
  const slow = rest.get("slow");
  await rest.get("a");
  late(stale());
  await slow;
  assert.equal(urls.filter((u) => u === "/nonce").length, 1);
});

test("what did not change is not sent again", async () => {
  const { rest, calls } = client(new Response("[1]", { headers: { ETag: 'W/"1"' } }), new Response(null, { status: 304 }));
  await rest.get("a", { q: "x y", none: undefined });
  assert.deepEqual(await rest.get("a", { q: "x y" }), [1]);
  assert.equal(calls[1]!.headers["If-None-Match"], 'W/"1"');
  assert.equal(calls[1]!.url, "/wp-json/a?q=x+y");
});

test("errors say what the server said, and whether to try again", async () => {
  const { rest } = client(refused(429, "jetonomy_rate_limited", { "Retry-After": "7" }), new TypeError("failed to fetch"), new Response("<html>", { status: 502 }), refused(403, "silenced"));
  const of = () => rest.get("a").then(() => assert.fail(), (e: RestError) => e);
  const [limited, network, gateway, silenced] = [await of(), await of(), await of(), await of()];
  assert.deepEqual([limited.retryAfter, limited.transient, limited.message], [7, true, "No."]);
  assert.deepEqual([network.code, network.status, network.transient], ["network", 0, true]);
  assert.deepEqual([gateway.status, gateway.transient], [502, true]);
  assert.deepEqual([silenced.code, silenced.transient], ["silenced", false]);
});

test("routes are found on a site without pretty links", () => {
  const rest = new Rest({ root: "/?rest_route=/", nonce: "", nonceURL: "" });
  assert.equal(rest.url("jetonomy/v1/conversations", { limit: 50 }), "/?rest_route=/jetonomy/v1/conversations&limit=50");
});
