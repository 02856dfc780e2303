import type { Frame, Preferences } from "../live/frames";
import { Live } from "../live/live";
import type { Conversation, Participant } from "../shared/types";
import { Hints } from "./hints";
import type { Inbox } from "./store";
import { conversationPath } from "./thread";

const downFor = 5000; // ms without the stream until the poller takes over
const gather = 250; // ms in which several reasons to load something are one
const typingPause = 3000; // ms between two frames of one's own
const saidPause = 30_000; // ms between two times a screen reader hears that somebody types
const watched = 100;

/** What a member can let others see, and sees of them in turn. */
export type Privacy = keyof Preferences;

/** Applies what the stream tells to an inbox; loads anew only what a frame cannot tell. */
export class Feed {
  readonly live: Live;
  readonly hints: Hints;
  #seqs = new Map<number, number>(); // conversation → newest known
  #later = new Map<string, ReturnType<typeof setTimeout>>();
  #typed = -Infinity;
  #announced = -Infinity;
  readonly #minute: ReturnType<typeof setInterval>;

  constructor(private readonly inbox: Inbox) {
    const me = this.#me;
    this.hints = new Hints(inbox.changed);
    this.live = new Live({
      rest: inbox.s.rest,
      viewer: me.viewer.id,
      can: (what) => this.has(what),
      frame: (f) => this.#apply(f),
      changed: () => this.#changed(),
      reload: () => inbox.reload(),
      refused: () => void inbox.refreshCount().catch((e) => inbox.met(e)),
    });
    // "8 minutes ago" grows old by itself.
    this.#minute = setInterval(() => document.hidden || inbox.changed(), 30_000);
    if (me.features.stream !== false) this.live.start();
    this.#changed();
  }

  get #me() {
    return this.inbox.me!;
  }

  stop() {
    clearInterval(this.#minute);
    for (const timer of this.#later.values()) clearTimeout(timer);
    this.#later.clear();
    this.hints.clear();
    this.live.stop();
  }

  /** Whether the site and the member have something. */
  has(what: Privacy): boolean {
    return this.#me.features[what] === true && this.#me.preferences?.[what] !== false;
  }

  /** The tabs' connection came or went. */
  #changed() {
    const { up, rung, leader } = this.live;
    this.inbox.s.mark({ rung, leader: String(leader), live: String(up) });
    if (up) {
      this.#cancel("down");
      this.inbox.rest(true);
    } else if (!this.#later.has("down")) {
      this.#soon("down", downFor, () => {
        this.hints.clear();
        this.inbox.rest(false);
        this.inbox.changed();
      });
    }
  }

  /** A request got no answer: while the poller rests, this finds out when there are answers again. */
  probe() {
    if (!this.live.up) return;
    this.live.check();
    this.#soon("probe", 5000, () => void this.inbox.refreshCount().then(this.inbox.online, (e) => this.inbox.met(e)));
  }

  /** This tab shows other conversations now. */
  show() {
    const { thread, list } = this.inbox;
    const shown = new Set([...(thread ? [thread.id] : []), ...list.filter((c) => c.type === "direct" && !c.left_at).map((c) => c.id)]);
    if (thread?.conversation?.left_at || thread?.status === "error") shown.delete(thread.id);
    this.live.show([...shown].slice(0, watched));
  }

  /** The member types. */
  typing(conversation: number) {
    if (!this.has("typing") || Date.now() - this.#typed < typingPause) return;
    this.#typed = Date.now();
    this.live.typing(conversation);
  }

  /** Where a member is; null where that is not to be told. */
  presence(p: Participant): { state: string; lastSeen: string | null } | null {
    if (this.#me.features.presence === undefined) return p.is_online ? { state: "online", lastSeen: null } : null;
    const known = this.has("presence") && this.hints.presence.get(p.user_id);
    return known ? { state: known.state, lastSeen: known.last_seen } : null;
  }

  #soon(name: string, ms: number, run: () => void) {
    if (this.#later.has(name)) return;
    this.#later.set(
      name,
      setTimeout(() => {
        this.#later.delete(name);
        run();
      }, ms),
    );
  }

  #cancel(name: string) {
    clearTimeout(this.#later.get(name));
    this.#later.delete(name);
  }

  /** The list has other rows now than a frame can tell. */
  #relist() {
    this.#soon("list", gather, () => void this.inbox.refreshList(true).catch((e) => this.inbox.met(e)));
  }

  /** Something about a conversation has to be read again. */
  #reread(id: number) {
    this.#soon(`c${id}`, gather, () => {
      this.inbox.s.rest.get<Conversation>(conversationPath(id)).then(this.inbox.update, (e) => {
        this.#relist();
        this.inbox.met(e);
      });
    });
  }

  #apply(f: Frame) {
    const { inbox } = this;
    if (inbox.loadsList && "conversation" in f && f.position) this.#relist(); // its answer may be older
    switch (f.type) {
      case "hello":
        if (f.member && f.member !== this.#me.viewer.id) return inbox.strange();
        inbox.online();
        if (!f.resumed) inbox.reload();
        // What was missed comes first; then what could not be sent meanwhile goes.
        this.#soon("wake", 1500, () => inbox.outbox?.wake());
        break;
      case "reset":
        inbox.reload();
        break;
      case "unread":
        inbox.setUnread(f.count);
        if (this.#later.has("wake")) {
          this.#cancel("wake");
          inbox.outbox?.wake();
        }
        break;
      case "message.created":
        this.#message(f);
        break;
      case "conversation.created":
        this.#relist();
        break;
      case "conversation.changed":
        if (f.change === "removed") inbox.forget(f.conversation, true);
        else this.#reread(f.conversation);
        break;
      case "member.left":
      case "member.joined":
        this.hints.stopped(f.conversation, f.member);
        this.#reread(f.conversation);
        break;
      case "read":
        this.#read(f);
        break;
      case "delivered":
        if (inbox.thread?.id === f.conversation) inbox.thread.mark(f.member, { delivered: f.message });
        break;
      case "settings":
        this.#setting(f);
        break;
      case "preferences":
        inbox.setPreferences(f);
        break;
      case "typing":
        this.hints.types(f.conversation, f.member, f.for);
        this.#announce(f.conversation);
        break;
      case "presence":
        for (const p of f.members) this.hints.presence.set(p.member, p);
        break;
      default:
        return;
    }
    inbox.changed();
  }

  #message(f: Extract<Frame, { type: "message.created" }>) {
    const { inbox } = this;
    const m = f.message;
    const own = m.sender_id === this.#me.viewer.id;
    this.#seqs.set(f.conversation, Math.max(f.seq, this.#seqs.get(f.conversation) ?? 0));
    this.hints.stopped(f.conversation, m.sender_id);
    const reading = inbox.thread?.id === f.conversation;
    if (reading) inbox.news(inbox.thread!.arrived(m));
    if (m.is_system) return; // the list tells of messages only
    const c = inbox.list.find((x) => x.id === f.conversation);
    if (!c || (c.is_archived && !own)) return this.#relist();
    if (c.last_message_at && m.created_at < c.last_message_at) return;
    const unread = own ? {} : { unread: c.unread || !(reading && inbox.watching), unread_count: c.unread_count + 1 };
    inbox.raise(c, m, unread);
  }

  #read(f: Extract<Frame, { type: "read" }>) {
    const { inbox } = this;
    if (f.member !== this.#me.viewer.id) {
      const thread = inbox.thread;
      if (thread?.id !== f.conversation) return;
      if (f.message !== undefined) thread.mark(f.member, { read: f.message, delivered: f.message });
      inbox.patch(f.conversation, (c) => ({
        participants: c.participants.map((p) => (p.user_id === f.member ? { ...p, last_read_at: f.at } : p)),
      }));
    } else if (f.seq >= (this.#seqs.get(f.conversation) ?? 0)) {
      inbox.patch(f.conversation, () => ({ unread: false, unread_count: 0 }));
      if (inbox.thread?.id === f.conversation) inbox.thread.unseen = false;
      if (inbox.place.view === "unread") this.#relist();
    }
  }

  #setting(f: Extract<Frame, { type: "settings" }>) {
    const { inbox } = this;
    const id = f.conversation;
    switch (f.setting) {
      case "muted":
        return inbox.patch(id, () => ({ is_muted: f.value }));
      case "unread":
        inbox.patch(id, () => ({ unread: f.value }));
        break;
      case "archived":
        inbox.patch(id, () => ({ is_archived: f.value }));
        break;
      case "deleted":
        inbox.forget(id, false);
        break;
      case "blocked":
        return this.#reread(id);
    }
    this.#relist();
  }

  /** Says to screen readers that somebody types in the open thread, not at every frame. */
  #announce(conversation: number) {
    if (this.inbox.thread?.id !== conversation || Date.now() - this.#announced < saidPause) return;
    const text = this.inbox.typingText(this.inbox.thread.conversation);
    if (!text) return;
    this.#announced = Date.now();
    this.inbox.tell(text);
  }
}
