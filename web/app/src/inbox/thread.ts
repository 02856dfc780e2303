import type { Rest } from "../shared/rest";
import { RestError } from "../shared/rest";
import type { Conversation, Message, Page, Receipt } from "../shared/types";
import { firstUnread, type Mark } from "./rows";

const pageSize = 50;
const bigPage = 100; // what the interface gives at most
const unreadPages = 5; // how far back unread messages are looked for

export const conversationPath = (id: number, rest = "") => `jetonomy/v1/conversations/${id}${rest}`;

/** One open conversation: its messages oldest first, read from the end backwards. */
export class Thread {
  status: "loading" | "ready" | "error" = "loading";
  error: RestError | null = null;
  messages: Message[] = [];
  hasOlder = false;
  loadingOlder = false;
  olderFailed = false;
  /** The first unread message when the thread was opened, 0 for none. */
  fresh = 0;
  /** Messages of others that came in out of sight. */
  below = 0;
  atEnd = true;
  /** Something of others is not marked read yet. */
  unseen = false;
  /** How far others are, by member; null where the site or the member does not have it. */
  marks: ReadonlyMap<number, Mark> | null = null;
  /** What was told before the first page was there. */
  #early: Message[] = [];
  /** Up to this id everything is here; one's own messages may be ahead of it. */
  #synced = 0;
  #closed = new AbortController();

  constructor(
    readonly id: number,
    public conversation: Conversation | null,
    private readonly rest: Rest,
    private readonly viewer: () => number,
    private readonly changed: () => void,
  ) {}

  get newest(): number {
    return this.messages.at(-1)?.id ?? 0;
  }

  close() {
    this.#closed.abort();
  }

  get isClosed() {
    return this.#closed.signal.aborted;
  }

  /** Reads the newest messages, and older ones until the first unread one is among them. Nothing is marked read. */
  async open(readByThePage = 0) {
    this.status = "loading";
    this.error = null;
    this.changed();
    try {
      const known = readByThePage || (this.conversation?.unread_count ?? 0);
      const [conversation, page] = await Promise.all([
        this.rest.get<Conversation>(conversationPath(this.id), {}, this.#closed.signal),
        this.#page({ limit: known > pageSize - 10 ? bigPage : pageSize }),
      ]);
      this.conversation = conversation;
      this.#take(page, true);
      this.#merge(this.#early);
      const unread = Math.max(conversation.unread_count, readByThePage);
      for (let i = 0; unread > 0 && this.hasOlder && !firstUnread(this.messages, this.viewer(), unread) && i < unreadPages; i++) {
        this.#take(await this.#page({ limit: bigPage, before: this.messages[0]!.id }));
      }
      this.fresh = firstUnread(this.messages, this.viewer(), unread) || (unread > 0 ? (this.messages[0]?.id ?? 0) : 0);
      this.status = "ready";
    } catch (e) {
      if (this.isClosed) return;
      this.status = "error";
      this.error = e as RestError;
      throw e;
    } finally {
      this.changed();
    }
  }

  /** Reads the page before the oldest message here. */
  async older() {
    if (!this.hasOlder || this.loadingOlder || this.status !== "ready") return;
    this.loadingOlder = true;
    this.olderFailed = false;
    this.changed();
    try {
      this.#take(await this.#page({ limit: bigPage, before: this.messages[0]!.id }));
    } catch {
      this.olderFailed = true;
    } finally {
      this.loadingOlder = false;
      this.changed();
    }
  }

  /** Fetches what came since the last look; returns what is new. */
  async newer(): Promise<Message[]> {
    const came: Message[] = [];
    for (let more = true; more; ) {
      const after = this.#synced;
      const page = await this.#page(after ? { limit: bigPage, after } : { limit: bigPage, order: "asc" });
      if (this.isClosed) return [];
      came.push(...this.#merge(page.data));
      this.#synced = Math.max(after, page.data.at(-1)?.id ?? 0);
      more = page.meta.has_more && page.data.length > 0;
    }
    return came;
  }

  /** Puts in what was told; returns it if it was not there. */
  arrived(message: Message): Message[] {
    if (this.status === "ready") return this.#merge([message]);
    this.#early.push(message);
    return [];
  }

  /** Loads how far the others are. */
  async receipts() {
    const { data } = await this.rest.get<{ data: Receipt[] }>(`parley/v1/conversations/${this.id}/receipts`, {}, this.#closed.signal);
    this.marks = new Map(data.map((r) => [r.member, { read: r.read.message, delivered: r.delivered.message }]));
    this.changed();
  }

  /** A member came further. */
  mark(member: number, far: Partial<Mark>) {
    if (!this.marks) return;
    const { read, delivered } = this.marks.get(member) ?? { read: 0, delivered: 0 };
    this.marks = new Map(this.marks).set(member, { read: Math.max(read, far.read ?? 0), delivered: Math.max(delivered, far.delivered ?? 0) });
  }

  /** Puts in what the answer to a send tells. What others wrote just before it comes with the next look. */
  sent(message: Message) {
    this.#merge([message]);
    this.changed();
  }

  /** Puts messages of the newest ones in, in order and once; returns those that were not there. */
  #merge(messages: Message[]): Message[] {
    const lowest = messages[0]?.id ?? 0;
    const tail = new Set<number>();
    for (let i = this.messages.length - 1; i >= 0 && this.messages[i]!.id >= lowest; i--) tail.add(this.messages[i]!.id);
    const added = messages.filter((m) => !tail.has(m.id));
    if (added.length) this.messages = [...this.messages, ...added].sort((a, b) => a.id - b.id);
    return added;
  }

  #page(params: Record<string, string | number>): Promise<Page<Message>> {
    return this.rest.get(conversationPath(this.id, "/messages"), { ...params, mark_read: false }, this.#closed.signal);
  }

  #take(page: Page<Message>, first = false) {
    const older = [...page.data].reverse();
    this.messages = first ? older : [...older.filter((m) => m.id < (this.messages[0]?.id ?? Infinity)), ...this.messages];
    if (first) this.#synced = this.newest;
    this.hasOlder = page.meta.has_more;
  }
}
