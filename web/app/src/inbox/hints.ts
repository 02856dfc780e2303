import type { Presence } from "../live/frames";

/** What is told and never stored: who is typing where, and who is there. */
export class Hints {
  readonly presence = new Map<number, Presence>();
  readonly #typists = new Map<number, Map<number, number>>(); // conversation → member → until
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly changed: () => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** A member types for some seconds. */
  types(conversation: number, member: number, seconds: number) {
    let here = this.#typists.get(conversation);
    if (!here) this.#typists.set(conversation, (here = new Map()));
    here.set(member, this.now() + seconds * 1000);
    this.#plan();
  }

  /** What a member was typing has arrived, or they are gone. */
  stopped(conversation: number, member: number) {
    this.#typists.get(conversation)?.delete(member);
  }

  /** Who is typing in a conversation. */
  typing(conversation: number): number[] {
    return [...(this.#typists.get(conversation)?.keys() ?? [])];
  }

  /** Nothing is known any more. */
  clear() {
    this.presence.clear();
    this.#typists.clear();
    clearTimeout(this.#timer);
  }

  #plan() {
    clearTimeout(this.#timer);
    const next = Math.min(...[...this.#typists.values()].flatMap((m) => [...m.values()]));
    if (next === Infinity) return;
    this.#timer = setTimeout(() => {
      for (const here of this.#typists.values()) {
        for (const [member, until] of here) if (until <= this.now()) here.delete(member);
      }
      this.#plan();
      this.changed();
    }, Math.max(0, next - this.now()));
  }
}
