import assert from "node:assert/strict";
import { test } from "node:test";
import ar from "../../lang/ar.json";
import de from "../../lang/de.json";
import en from "../../lang/en.json";
import { supported, translator } from "./i18n";

const placeholders = (s: string) => [...s.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort();
const forms = (c: object, key: string) => Object.keys(c).filter((k) => k.startsWith(`${key}#`)).map((k) => k.split("#")[1]!);

for (const [language, catalogue] of Object.entries({ de, ar } as Record<string, Record<string, string>>)) {
  test(`${language} says everything English says, with the same placeholders`, () => {
    const plain = (c: object) => [...new Set(Object.keys(c).map((k) => k.split("#")[0]!))].sort();
    assert.deepEqual(plain(catalogue), plain(en));
    for (const [key, text] of Object.entries(en)) {
      if (!key.includes("#")) assert.deepEqual(placeholders(catalogue[key]!), placeholders(text), key);
    }
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories.slice().sort();
    for (const key of plain(en).filter((k) => forms(en, k).length)) assert.deepEqual(forms(catalogue, key).sort(), needed, key);
  });
}

test("what is missing is English, and unknown placeholders stay", () => {
  const t = translator("de_DE_formal", { "app.messages": "Post {x}" });
  assert.equal(t("app.messages"), "Post {x}");
  assert.equal(t("list.empty"), en["list.empty"]);
  assert.equal(supported("de_DE_formal"), "de-DE");
  assert.equal(supported("not a tag!"), "en");
});
