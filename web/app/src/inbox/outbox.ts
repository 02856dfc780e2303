import type { RestError } from "../shared/rest";
import type { Message } from "../shared/types";
import { type Keep, newClientId, type Outgoing } from "./storage";

export interface OutboxOptions {
  keep: Keep;
  send: (o: Outgoing) => Promise<Message>;
  sent: (o: Outgoing, m: Message) => void;
  changed: () => void;
  failed: (o: Outgoing, e: RestError) => void;
}

/**
 * Sends messages in the order they were written, one at a time in a conversation. What
 * nobody answered is tried again when the network, the page or the member comes back;
 * its client id keeps it one message. What the server refused waits for the member.
 */
export class Outbox {
  entries: Outgoing[];
  private readonly busy = new Set<number>();
  private readonly waiting = new Map<number, ReturnType<typeof setTimeout>>();

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
    this.entries = [...this.entries, entry];
    this.o.keep.put(entry);
    this.o.changed();
    void this.pump(conversation);
  }

  /** Tries one again; what was written before it and got no answer goes first. */
  retry(clientId: string) {
    const at = this.entries.findIndex((e) => e.clientId === clientId);
    const entry = this.entries[at];
    if (!entry) return;
    this.entries.forEach((e, i) => {
      if (e.conversation === entry.conversation && (i === at || (i < at && !e.refused))) this.set(e, { state: "pending", error: "", refused: false });
    });
    this.o.changed();
    void this.pump(entry.conversation);
  }

  discard(clientId: string) {
    this.remove(clientId);
    this.o.changed();
  }

  /** Something came back: what got no answer is tried once more. */
  wake() {
    for (const e of this.entries) if (e.state === "failed" && !e.refused) this.set(e, { state: "pending", error: "" });
    this.o.changed();
    for (const id of new Set(this.entries.map((e) => e.conversation))) void this.pump(id);
  }

  stop() {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
  }

  private async pump(conversation: number) {
    if (this.busy.has(conversation) || this.waiting.has(conversation)) return;
    this.busy.add(conversation);
    try {
      for (;;) {
        const entry = this.entries.find((e) => e.conversation === conversation && e.state === "pending");
        if (!entry) return;
        try {
          const message = await this.o.send(entry);
          this.remove(entry.clientId);
          this.o.sent(entry, message);
        } catch (caught) {
          const e = caught as RestError;
          if (e.retryAfter > 0) {
            this.later(conversation, e.retryAfter);
            return;
          }
          const refused = !e.transient && !e.signedOut;
          this.set(entry, { state: "failed", error: e.message, refused });
          if (!refused) this.hold(conversation);
          this.o.failed(entry, e);
          if (!refused) return;
        }
      }
    } finally {
      this.busy.delete(conversation);
      this.o.changed();
    }
  }

  private later(conversation: number, seconds: number) {
    const timer = setTimeout(() => {
      this.waiting.delete(conversation);
      void this.pump(conversation);
    }, seconds * 1000);
    this.waiting.set(conversation, timer);
  }

  /** What follows a message nobody answered must not overtake it. */
  private hold(conversation: number) {
    for (const e of this.of(conversation)) if (e.state === "pending") this.set(e, { state: "failed" });
  }

  private set(entry: Outgoing, change: Partial<Outgoing>) {
    const changed = { ...entry, ...change };
    this.entries = this.entries.map((e) => (e.clientId === entry.clientId ? changed : e));
    this.o.keep.put(changed);
  }

  private remove(clientId: string) {
    this.entries = this.entries.filter((e) => e.clientId !== clientId);
    this.o.keep.drop(clientId);
  }
}
