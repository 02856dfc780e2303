import assert from "node:assert/strict";
import { test } from "node:test";
import { isDay, midnight, placeOf, start } from "./place";

const read = (query: string) => placeOf(new URLSearchParams(query));

test("a query is a place, and nonsense in it is nothing", () => {
  assert.deepEqual(read(""), start);
  assert.deepEqual(read("conversation=17&pg=2&member=bob&from=2026-01-02"), {
    view: "conversation", id: 17, member: "bob", from: "2026-01-02", to: "", page: 2,
  });
  assert.deepEqual(read("view=audit"), { ...start, view: "audit" });
  assert.deepEqual(read("conversation=-1&pg=0&from=yesterday&to=2026-13-40&view=x"), start);
  assert.deepEqual(read("conversation=1e9&pg=99999999999999999999"), start);
});

test("days are days of the site's calendar", () => {
  assert.ok(isDay("2026-02-28") && !isDay("2026-2-8") && !isDay("<b>"));
  assert.equal(midnight("2026-07-01", "Europe/Berlin").toISOString(), "2026-06-30T22:00:00.000Z");
  assert.equal(midnight("2026-01-31", "Europe/Berlin", 1).toISOString(), "2026-01-31T23:00:00.000Z");
  assert.equal(midnight("2026-03-29", "Europe/Berlin", 1).toISOString(), "2026-03-29T22:00:00.000Z");
  assert.equal(midnight("2026-07-01", "America/New_York").toISOString(), "2026-07-01T04:00:00.000Z");
  assert.equal(midnight("2026-07-01", "Nowhere/Land").toISOString(), "2026-07-01T00:00:00.000Z");
});
