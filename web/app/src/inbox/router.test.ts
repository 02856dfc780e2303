import assert from "node:assert/strict";
import { test } from "node:test";
import { format, parse } from "./router";

test("every place has an address, and the address leads back", () => {
  const base = "/community/messages/";
  for (const [path, search] of [["", ""], ["", "?filter=archived"], ["", "?filter=unread"], ["17/", ""], ["new/", ""], ["", "?to=bob%26co"]] as const) {
    const place = parse(base + path, search, base);
    assert.ok(place, path + search);
    assert.equal(format(place, base), base + path + search);
  }
});

test("what is none of ours is left alone", () => {
  for (const path of ["/", "/community/", "/community/messages-old/", "/community/messages/x/", "/community/messages/1e3/", "/community/messages/1/2/"]) {
    assert.equal(parse(path, "", "/community/messages"), null, path);
  }
  assert.deepEqual(parse("/m/12", "?filter=<x>", "/m/", { parley: "archived" }), { kind: "thread", id: 12, to: "", view: "active" });
});
