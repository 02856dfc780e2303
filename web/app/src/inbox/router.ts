export type View = "active" | "archived" | "unread";

/** Where a member is. */
export interface Place {
  kind: "list" | "thread" | "new";
  /** The conversation of a thread. */
  id: number;
  /** Logins to write to. */
  to: string;
  view: View;
}

const views: readonly string[] = ["active", "archived", "unread"];
const asView = (v: unknown): View => (views.includes(String(v)) ? (v as View) : "active");

/** Reads an address below base; null when it is none of ours. */
export function parse(pathname: string, search: string, base: string, state?: unknown): Place | null {
  const root = base.endsWith("/") ? base : `${base}/`;
  if (pathname !== root.slice(0, -1) && !pathname.startsWith(root)) return null;
  const rest = pathname.slice(root.length).replace(/\/$/, "");
  const query = new URLSearchParams(search);
  const to = query.get("to") ?? "";
  const kept = (state as { parley?: string } | null)?.parley;
  const view = asView(query.get("filter") ?? kept);
  if (rest === "new" || (rest === "" && query.has("to"))) return { kind: "new", id: 0, to, view };
  if (rest === "") return { kind: "list", id: 0, to: "", view };
  return /^\d{1,15}$/.test(rest) ? { kind: "thread", id: Number(rest), to: "", view } : null;
}

/** The address of a place. */
export function format(place: Place, base: string): string {
  const root = base.endsWith("/") ? base : `${base}/`;
  if (place.kind === "thread") return `${root}${place.id}/`;
  if (place.kind === "new") return place.to ? `${root}?to=${encodeURIComponent(place.to)}` : `${root}new/`;
  return place.view === "active" ? root : `${root}?filter=${place.view}`;
}
