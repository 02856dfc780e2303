import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

// The tests run in web/app, after the assets were built.
const dist = "../dist/";

test("a first visit loads at most 40 KB of script and style, as gzip -9 makes them", () => {
  const manifest = JSON.parse(readFileSync(`${dist}manifest.json`, "utf8"));
  const sizes = [
    ...["inbox.js", "page.js"].map((name) => readFileSync(dist + manifest[name])),
    readFileSync("../assets/parley.css"),
  ].map((file) => gzipSync(file, { level: 9 }).length);
  const sum = sizes.reduce((a, b) => a + b, 0);
  assert.ok(sum <= 40 * 1024, `${sizes.join(" + ")} = ${sum} bytes`);
});
