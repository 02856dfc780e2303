import english from "../../lang/en.json";

/** A key of the catalogue, without the plural form's "#one". */
export type Key = Unplural<keyof typeof english>;
type Unplural<K> = K extends `${infer Base}#${string}` ? Base : K;

export type Vars = Record<string, string | number>;

/** The wording of one language, and the numbers of it. */
export interface Translator {
  (key: Key, vars?: Vars): string;
  readonly locale: string;
}

type Catalogue = Record<string, string>;

/**
 * Makes a translator. A key that is missing is English. {n} of a key with plural forms
 * ("thread.new#one", "thread.new#other") picks the form by the language's rules; every
 * number is written as the language does.
 */
export function translator(locale: string, ...catalogues: Catalogue[]): Translator {
  const strings: Catalogue = Object.assign({}, english, ...catalogues);
  const tag = supported(locale);
  const plural = new Intl.PluralRules(tag);
  const number = new Intl.NumberFormat(tag);
  const t = (key: Key, vars: Vars = {}) => {
    const n = vars.n;
    const form =
      typeof n === "number" ? (strings[`${key}#${plural.select(n)}`] ?? strings[`${key}#other`] ?? strings[key]) : strings[key];
    return String(form ?? key).replace(/\{(\w+)\}/g, (all, name: string) => {
      const v = vars[name];
      return v === undefined ? all : typeof v === "number" ? number.format(v) : v;
    });
  };
  return Object.assign(t, { locale: tag });
}

/** The tag as Intl wants it ("de_DE" is WordPress's way), or English for one it does not know. */
export function supported(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale.replace(/_/g, "-").replace(/-(formal|informal)$/, ""))[0] ?? "en";
  } catch {
    return "en";
  }
}

/** Fetches a catalogue: strings only, whatever the file holds. */
export async function fetchCatalogue(url: string): Promise<Catalogue> {
  try {
    const response = await fetch(url, { credentials: "omit" });
    if (!response.ok) return {};
    const entries = Object.entries((await response.json()) as object);
    return Object.fromEntries(entries.filter((e): e is [string, string] => typeof e[1] === "string"));
  } catch {
    return {}; // English then
  }
}

/**
 * Loads the language of the page, and over it the strings of a theme's own file.
 * The catalogue lies beside the script.
 */
export async function loadTranslator(locale: string, theme = ""): Promise<Translator> {
  const language = supported(locale).split("-")[0] ?? "en";
  const file = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined;
  const loaded = await Promise.all([
    file ? fetchCatalogue(new URL(file, import.meta.url).href) : {},
    theme ? fetchCatalogue(new URL(theme, document.baseURI).href) : {},
  ]);
  return translator(file || language === "en" ? locale : "en", ...loaded);
}
