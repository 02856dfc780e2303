import assert from "node:assert/strict";
import { test } from "node:test";
import { hits, wordsOf } from "./highlight";

test("words of a search are found without case and accents, and apart", () => {
  const marked = (text: string, term: string) => hits(text, wordsOf(term)).map(([a, b]) => text.slice(a, b));
  assert.deepEqual(marked("The Invoice, invoices", "invoice"), ["Invoice", "invoice"]);
  assert.deepEqual(marked("Café CAFE\u0301!", "cafe"), ["Café", "CAFE\u0301"]);
  assert.deepEqual(marked("ab abc", "abc ab"), ["ab", "abc"]);
  assert.deepEqual(marked("Straße 😀 x", "x"), ["x"]);
  assert.deepEqual(marked("a.b (c)", ".b ("), [".b", "("]);
  assert.deepEqual(marked("nothing", ""), []);
});
