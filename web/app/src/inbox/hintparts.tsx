import type { Participant } from "../shared/types";
import type { Inbox } from "./store";

/** A dot on a picture: somebody is there, or away. */
export function Presence({ inbox, member }: { inbox: Inbox; member: Participant }) {
  const state = inbox.feed?.presence(member)?.state ?? "offline";
  if (state === "offline") return null;
  return (
    <i class="presence" part="presence" data-state={state}>
      <span class="hidden">{inbox.t(state === "away" ? "presence.away" : "thread.online")}</span>
    </i>
  );
}

/** Where a member is, in words; "" where that is not known. */
export function presenceText(inbox: Inbox, member: Participant): string {
  const { t, clock } = inbox;
  const there = inbox.feed?.presence(member);
  if (there?.state === "online") return t("thread.online");
  if (there?.state === "away") return t("presence.away");
  return there?.lastSeen ? t("presence.last_seen", { ago: clock.ago(there.lastSeen) }) : "";
}

/** Three dots that move. */
export function Dots() {
  return (
    <span class="dots" aria-hidden="true">
      <i />
      <i />
      <i />
    </span>
  );
}

/** Who is typing in the open thread. Screen readers hear of it from the log, not at every change. */
export function Typing({ text }: { text: string }) {
  return text ? (
    <p class="typing" part="typing" aria-hidden="true">
      <Dots /> <span dir="auto">{text}</span>
    </p>
  ) : null;
}
