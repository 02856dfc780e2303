import type { Translator } from "../shared/i18n";
import type { Conversation, Participant } from "../shared/types";

const named = 3; // members a group without a title is called by (contract 1.2)

/** The members a conversation is with. */
export function othersOf(c: Conversation, viewer: number): Participant[] {
  return c.participants.filter((p) => p.user_id !== viewer);
}

/** The one a direct conversation is with. */
export function peerOf(c: Conversation, viewer: number): Participant | undefined {
  return c.type === "direct" ? othersOf(c, viewer)[0] : undefined;
}

/** What a conversation is called, and the grey words behind it: "and 3 others". */
export function titleOf(c: Conversation, viewer: number, t: Translator): { title: string; more: string } {
  if (c.type === "direct") return { title: c.title, more: "" };
  const others = othersOf(c, viewer);
  const here = others.filter((p) => !p.left_at);
  const names = (here.length ? here : others).map((p) => p.display_name);
  const lead = names.slice(0, named).join(", ");
  const derived = lead !== "" && (c.title === lead || (names.length > named && c.title.startsWith(`${lead} and `)));
  const n = derived ? names.length - named : here.length;
  return { title: derived ? lead : c.title, more: n > 0 ? t("list.others", { n }) : "" };
}

/** Why nothing can be written here; "" when it can. */
export function closedBecause(c: Conversation, viewer: number): "left" | "blocked" | "gone" | "silenced" | "" {
  if (c.can_reply) return "";
  if (c.left_at) return "left";
  if (c.is_blocked) return "blocked";
  const peer = peerOf(c, viewer);
  return c.type === "direct" && (!peer || !peer.login) ? "gone" : "silenced";
}
