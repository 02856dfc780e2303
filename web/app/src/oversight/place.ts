/** What the page shows; also its address, so that it can be linked to and gone back to. */
export interface Place {
  view: "list" | "conversation" | "audit";
  /** The conversation of the view. */
  id: number;
  /** Filters of the list: an id or login, and days (YYYY-MM-DD) of the site's calendar. */
  member: string;
  from: string;
  to: string;
  page: number;
}

export const start: Place = { view: "list", id: 0, member: "", from: "", to: "", page: 1 };

const names = ["view", "conversation", "member", "from", "to", "pg"];

/** Reads a place out of a query; whatever makes no sense is as if it were not there. */
export function placeOf(query: URLSearchParams): Place {
  const number = (name: string) => (/^[1-9]\d{0,14}$/.test(query.get(name) ?? "") ? Number(query.get(name)) : 0);
  const day = (name: string) => (isDay(query.get(name) ?? "") ? query.get(name)! : "");
  const id = number("conversation");
  const view = id ? "conversation" : query.get("view") === "audit" ? "audit" : "list";
  return { view, id, member: (query.get("member") ?? "").slice(0, 100), from: day("from"), to: day("to"), page: number("pg") || 1 };
}

/** The address of a place below an address that may have a query of its own. */
export function hrefOf(place: Place, base: string): string {
  const url = new URL(base, document.baseURI);
  for (const name of names) url.searchParams.delete(name);
  const set = (name: string, value: string) => value && url.searchParams.set(name, value);
  if (place.view === "conversation") set("conversation", String(place.id));
  if (place.view === "audit") set("view", "audit");
  set("member", place.member);
  set("from", place.from);
  set("to", place.to);
  if (place.page > 1) set("pg", String(place.page));
  return url.pathname + url.search;
}

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

/** The moment a day begins in a time zone, days later if wanted. */
export function midnight(day: string, zone: string, later = 0): Date {
  const utc = Date.parse(`${day}T00:00:00Z`) + later * 86_400_000;
  // The clock there shows something else than in Greenwich: go back by the difference, and
  // once more in case the clocks were changed between.
  let at = utc;
  for (let i = 0; i < 2; i++) at = utc - offset(at, zone);
  return new Date(at);
}

function offset(at: number, zone: string): number {
  const show = (timeZone: string) => {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    }).formatToParts(at);
    const n = (type: string) => Number(parts.find((p) => p.type === type)?.value);
    return Date.UTC(n("year"), n("month") - 1, n("day"), n("hour"), n("minute"), n("second"));
  };
  try {
    return show(zone || "UTC") - Math.floor(at / 1000) * 1000;
  } catch {
    return 0; // a zone the browser does not know
  }
}
