import type { RestError } from "../shared/rest";
import type { Message } from "../shared/types";
import { type Keep, newClientId, type Outgoing } from "./storage";

export interface OutboxOptions {
  keep: Keep;
  send: (o: Outgoing) => Promise<Message>;
  sent: (o: Outgoing, m: Message) => void;
  changed: () => void;
  failed: (o: Outgoing, e: RestError) => void;
  /** Runs work while no other tab sends to the conversation. */
  alone?: (conversation: number, work: () => Promise<void>) => Promise<void>;
}

/** Seconds after which a server that could not take a message, for it is going or coming, is asked again. */
const pauses = [1, 2, 4, 8];

/**
 * Sends messages in the order they were written, one at a time in a conversation. What
 * nobody answered is tried again when the network, the page or the member comes back, or
 * writes more; its client id keeps it one message. What the server refused waits for the
 * member.
 * Tabs send one after another, and see by what is kept whether another one was quicker.
 */
export class Outbox {
  entries: Outgoing[];
  readonly #busy = new Set<number>();
  readonly #waiting = new Map<number, ReturnType<typeof setTimeout>>();
  readonly #tries = new Map<string, number>();

  constructor(private readonly o: OutboxOptions) {
    this.entries = o.keep.outgoing();
  }

  of(conversation: number): Outgoing[] {
    return this.entries.filter((e) => e.conversation === conversation);
  }

  add(conversation: number, text: string, after: number) {
    const entry: Outgoing = {
      clientId: newClientId(), conversation, text, at: new Date().toISOString(), after, state: "pending", error: "", refused: false,
    };
    // It must not overtake what got no answer.
    for (const e of this.of(conversation)) if (e.state === "failed" && !e.refused) this.#set(e, { state: "pending", error: "" });
    this.entries = [...this.entries, entry];
    this.o.keep.put(entry);
    this.o.changed();
    void this.#pump(conversation);
  }

  /** Tries one again; what was written before it and got no answer goes first. */
  retry(clientId: string) {
    const at = this.entries.findIndex((e) => e.clientId === clientId);
    const entry = this.entries[at];
    if (!entry) return;
    this.entries.forEach((e, i) => {
      if (e.conversation === entry.conversation && (i === at || (i < at && !e.refused))) this.#set(e, { state: "pending", error: "", refused: false });
    });
    this.o.changed();
    void this.#pump(entry.conversation);
  }

  discard(clientId: string) {
    this.#remove(clientId);
    this.o.changed();
  }

  /** Takes over what other tabs sent, or left when they were closed. */
  sync(adopt = false) {
    const kept = this.o.keep.outgoing();
    const left = this.entries.filter((e) => !this.o.keep.taken(e.clientId));
    const added = adopt ? kept.filter((k) => !left.some((e) => e.clientId === k.clientId)) : [];
    if (!added.length && left.length === this.entries.length) return;
    this.entries = added.length ? [...left, ...added].sort((a, b) => (a.at < b.at ? -1 : +(a.at > b.at))) : left;
    this.o.changed();
  }

  /** Something came back: what got no answer is tried once more. */
  wake() {
    this.sync(true);
    for (const e of this.entries) if (e.state === "failed" && !e.refused) this.#set(e, { state: "pending", error: "" });
    this.o.changed();
    for (const id of new Set(this.entries.map((e) => e.conversation))) void this.#pump(id);
  }

  stop() {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  async #pump(conversation: number) {
    if (this.#busy.has(conversation) || this.#waiting.has(conversation)) return;
    if (!this.#next(conversation)) return;
    this.#busy.add(conversation);
    const alone = this.o.alone ?? ((_, work) => work());
    try {
      await alone(conversation, () => this.#send(conversation));
    } finally {
      this.#busy.delete(conversation);
      this.o.changed();
    }
  }

  #next(conversation: number): Outgoing | undefined {
    return this.entries.find((e) => e.conversation === conversation && e.state === "pending");
  }

  /** Sends what is waiting, until there is nothing or something has to be waited for. */
  async #send(conversation: number) {
    this.sync();
    for (let entry; (entry = this.#next(conversation)); ) {
      try {
        const message = await this.o.send(entry);
        this.#remove(entry.clientId);
        this.o.sent(entry, message);
      } catch (caught) {
        const e = caught as RestError;
        if (e.retryAfter > 0) {
          this.#later(conversation, e.retryAfter);
          return;
        }
        const tries = this.#tries.get(entry.clientId) ?? 0;
        if (e.status >= 500 && tries < pauses.length) {
          this.#tries.set(entry.clientId, tries + 1);
          this.#later(conversation, pauses[tries]!);
          return;
        }
        const refused = !e.transient && !e.signedOut;
        this.#set(entry, { state: "failed", error: e.message, refused });
        if (!refused) this.#hold(conversation);
        this.o.failed(entry, e);
        if (!refused) return;
      }
    }
  }

  #later(conversation: number, seconds: number) {
    const timer = setTimeout(() => {
      this.#waiting.delete(conversation);
      void this.#pump(conversation);
    }, seconds * 1000);
    this.#waiting.set(conversation, timer);
  }

  /** What follows a message nobody answered must not overtake it. */
  #hold(conversation: number) {
    for (const e of this.of(conversation)) if (e.state === "pending") this.#set(e, { state: "failed" });
  }

  #set(entry: Outgoing, change: Partial<Outgoing>) {
    const changed = { ...entry, ...change };
    this.entries = this.entries.map((e) => (e.clientId === entry.clientId ? changed : e));
    this.o.keep.put(changed);
  }

  #remove(clientId: string) {
    this.entries = this.entries.filter((e) => e.clientId !== clientId);
    this.#tries.delete(clientId);
    this.o.keep.drop(clientId);
  }
}
