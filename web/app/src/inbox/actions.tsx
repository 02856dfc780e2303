import type { MenuItem } from "../shared/menu";
import type { Conversation } from "../shared/types";
import type { Inbox } from "./store";

/** A question asked in a dialog. */
export type Ask = { kind: "leave" | "block" | "rename" | "members" } | { kind: "report"; message: number };

/** What can be done with a conversation, as far as the viewer may and the site has it. */
export function menuOf(inbox: Inbox, c: Conversation, ask: (a: Ask) => void): MenuItem[] {
  const { t } = inbox;
  const has = (feature: string) => inbox.me?.features[feature] !== false;
  const group = c.type === "group";
  const items: (MenuItem | false)[] = [
    !c.left_at && has("mute") && { label: t(c.is_muted ? "menu.unmute" : "menu.mute"), run: () => void inbox.setMuted(c, !c.is_muted) },
    !c.left_at && has("archive") && { label: t(c.is_archived ? "menu.unarchive" : "menu.archive"), run: () => void inbox.setArchived(c, !c.is_archived) },
    group && { label: t("menu.members"), run: () => ask({ kind: "members" }) },
    group && !c.left_at && has("rename") && { label: t("menu.rename"), run: () => ask({ kind: "rename" }) },
    has("report") && { label: t("menu.report"), danger: true, run: () => ask({ kind: "report", message: 0 }) },
    !group && has("block") && (c.is_blocked
      ? { label: t("menu.unblock"), run: () => void inbox.setBlocked(c, false) }
      : { label: t("menu.block"), danger: true, run: () => ask({ kind: "block" }) }),
    group && !c.left_at && has("leave") && { label: t("menu.leave"), danger: true, run: () => ask({ kind: "leave" }) },
  ];
  return items.filter((i): i is MenuItem => !!i);
}
