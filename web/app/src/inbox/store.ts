import type { Key, Translator } from "../shared/i18n";
import { Poller } from "../shared/poller";
import type { Rest } from "../shared/rest";
import { RestError } from "../shared/rest";
import { Clock } from "../shared/time";
import type { Conversation, Me, Message, Page, Suggestion } from "../shared/types";
import type { Preferences } from "../live/frames";
import { Feed, type Privacy } from "./feed";
import { Outbox } from "./outbox";
import { format, parse, type Place, type View } from "./router";
import { Keep } from "./storage";
import { conversationPath, Thread } from "./thread";

export const rowsPerPage = 50;
const conversations = "jetonomy/v1/conversations";

export interface Settings {
  rest: Rest;
  t: Translator;
  /** Path of the inbox; "" leaves the address of the page alone. */
  base: string;
  boot: Me | null;
  /** Where to begin when the address does not say. */
  begin: Place;
  /** Seconds between two looks at the list and at the open thread. */
  poll: [list: number, thread: number];
  /** Who is meant by the logins begun with, if the page knows. */
  toMembers: Suggestion[];
  /** How many messages of the conversation begun with were unread before the page showed them. */
  unread: number;
  emit: (name: string, detail: object) => void;
  /** Tells the page how the connection stands, in data attributes of the element. */
  mark: (data: Record<string, string>) => void;
}

export interface Toast {
  text: string;
  alarm: boolean;
}

const lockPatience = 30_000; // ms; a request takes 20 seconds at most

/** Runs work while no other tab does the like. One that was put to sleep over it holds nobody up for long. */
async function oneTab(name: string, work: () => Promise<void>) {
  let begun = false;
  const begin = () => {
    begun = true;
    return work();
  };
  if (navigator.locks) await navigator.locks.request(name, { signal: AbortSignal.timeout(lockPatience) }, begin).catch(() => {});
  if (!begun) await begin();
}

/** The state of an inbox and everything that can be done in it; the components only show it. */
export class Inbox {
  me: Me | null;
  clock: Clock;
  keep: Keep | null = null;
  outbox: Outbox | null = null;
  feed: Feed | null = null;
  phase: "loading" | "ready" | "error" | "signed-out" = "loading";
  /** Nobody answers. */
  offline = false;
  place: Place;
  search = "";
  page = 0;
  list: Conversation[] = [];
  total = 0;
  /** Of the list that is asked for; the old one stays until it is there. */
  listState: "loading" | "ready" | "error" = "loading";
  unread = 0;
  thread: Thread | null = null;
  toast: Toast | null = null;
  /** For the live region: what others wrote into the open thread. */
  said = { text: "", n: 0 };
  /** Goes up whenever the focus should follow what was opened. */
  focus: { on: "thread" | "list" | "new" | null; id: number } = { on: null, id: 0 };

  readonly #listeners = new Set<() => void>();
  readonly #poller = new Poller();
  readonly #listening = new AbortController();
  #listing: AbortController | null = null;
  #starting = false;
  /** Answers to a question for the list that are on their way. */
  #listings = 0;
  /** Something may have been missed while everything was loaded for the first time. */
  #again = false;
  #toastTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #ownTitle = document.title;

  constructor(readonly s: Settings) {
    this.me = s.boot;
    this.clock = new Clock(s.t, s.boot?.site.timezone ?? "");
    this.place = (s.base && parse(location.pathname, location.search, s.base, history.state)) || s.begin;
  }

  get t(): Translator {
    return this.s.t;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly changed = () => {
    this.feed?.show();
    for (const listener of this.#listeners) listener();
    this.#title();
  };

  start() {
    const { signal } = this.#listening;
    window.addEventListener("online", this.#onOnline, { signal });
    window.addEventListener("offline", this.#onOffline, { signal });
    window.addEventListener("popstate", this.#onPop, { signal });
    window.addEventListener("storage", this.#onStorage, { signal });
    document.addEventListener("visibilitychange", this.#onVisible, { signal });
    this.offline = !navigator.onLine;
    void this.load();
  }

  stop() {
    this.#listening.abort();
    this.#poller.stop();
    this.feed?.stop();
    this.outbox?.stop();
    this.thread?.close();
    this.#listing?.abort();
    clearTimeout(this.#toastTimer);
    document.title = this.#ownTitle;
  }

  setPoll(poll: [number, number]) {
    this.s.poll = poll;
    if (this.phase === "ready") this.#plan();
  }

  /** Loads everything anew. */
  async load() {
    if (this.#starting) return;
    this.#starting = true;
    this.phase = "loading";
    this.changed();
    if (this.me) this.#begin(this.me); // first, so that nothing happens unheard while it is loaded
    const list = this.refreshList();
    const count = this.refreshCount();
    for (const early of [list, count]) early.catch(() => {}); // whoever awaits them hears of it
    if (this.place.kind === "thread") void this.#openThread(this.place.id);
    try {
      this.me ??= await this.s.rest.get<Me>("parley/v1/me");
      this.clock = new Clock(this.t, this.me.site.timezone);
      this.#begin(this.me);
      await list;
      this.phase = "ready";
      performance.mark("parley:ready");
      this.#plan();
      this.#poller.start();
      if (this.#again) this.#poller.poke();
      this.#again = false;
      this.outbox!.wake();
      await count;
    } catch (e) {
      this.met(e);
      if ((this.phase as string) !== "signed-out") this.phase = "error";
    } finally {
      this.#starting = false;
      this.changed();
    }
  }

  #begin(me: Me) {
    if (this.outbox) return;
    this.keep = new Keep(this.s.rest.root, me.viewer.id);
    this.outbox = new Outbox({
      keep: this.keep,
      changed: this.changed,
      send: (o) => this.s.rest.post<Message>(conversationPath(o.conversation, "/messages"), { content: o.text, client_id: o.clientId }),
      sent: (o, m) => {
        if (this.thread?.id === o.conversation) {
          this.thread.sent(m);
          this.#look("thread");
        }
        this.online();
        this.#touch(o.conversation, m);
      },
      failed: (_, e) => this.met(e),
      alone: (id, work) => oneTab(`parley1:${this.s.rest.root}:out:${id}`, work),
    });
    this.feed = new Feed(this);
  }

  // --- the poller -------------------------------------------------------------

  #plan() {
    const [list, thread] = this.s.poll;
    this.#poller.set("list", {
      every: list * 1000,
      run: () => this.#watch(Promise.all([this.refreshList(true), this.refreshCount(), this.#refreshConversation()])),
    });
    this.#poller.set("thread", { every: thread * 1000, run: () => this.#watch(this.#refreshThread()) });
  }

  /** While the stream is up the poller looks rarely. */
  rest(on: boolean) {
    this.#poller.rest(on);
  }

  /** What a stream tells needs no look. */
  #look(task: string) {
    if (!this.feed?.live.up) this.#poller.poke(task);
  }

  /** Something may have been missed: reads what is shown once more. */
  reload() {
    this.#again = this.phase !== "ready";
    this.#poller.poke();
  }

  async #watch(work: Promise<unknown>) {
    try {
      await work;
      this.online();
    } catch (e) {
      this.met(e);
      throw e;
    }
  }

  /** An answer came. */
  readonly online = () => {
    if (!this.offline) return;
    this.offline = false;
    this.changed();
    this.outbox?.wake();
  };

  /** Something failed: nobody answers, or nobody is signed in. */
  met(e: unknown) {
    if (!(e instanceof RestError)) return;
    if (e.signedOut) this.strange();
    else if (e.code === "network") {
      this.offline = true;
      this.feed?.probe();
    }
    this.changed();
  }

  /** Whoever is signed in now, if anybody, is not the one this inbox is of. */
  strange() {
    this.phase = "signed-out";
    this.#poller.stop();
    this.feed?.stop();
    this.keep?.clear();
    this.changed();
  }

  readonly #onOnline = () => {
    this.offline = false;
    this.changed();
    if (this.phase === "error") void this.load();
    this.#poller.poke();
    this.outbox?.wake();
  };
  readonly #onOffline = () => {
    this.offline = true;
    this.changed();
  };
  /** Another tab sent something, or threw it away. */
  readonly #onStorage = (e: StorageEvent) => {
    if (e.newValue === null) this.outbox?.sync();
  };
  readonly #onVisible = () => {
    if (document.hidden) return;
    this.outbox?.wake();
    void this.#seen();
  };

  // --- the list ---------------------------------------------------------------

  /** Fetches the list that is asked for; quietly keeps what is shown when that fails. */
  async refreshList(quiet = false) {
    if (quiet && this.listState === "loading") return; // somebody is waiting for another one
    this.#listing?.abort();
    const control = (this.#listing = new AbortController());
    if (!quiet) {
      this.listState = "loading";
      this.changed();
    }
    const { view } = this.place;
    this.#listings++;
    try {
      const page = await this.s.rest.get<Page<Conversation>>(
        conversations,
        { filter: view, limit: rowsPerPage, offset: this.page * rowsPerPage, search: this.search || undefined },
        control.signal,
      );
      if (control.signal.aborted) return;
      this.online();
      this.list = this.#stay(page.data, quiet && view === "unread");
      this.total = page.meta.total;
      this.listState = "ready";
      if (this.page > 0 && !page.data.length) {
        this.page = 0;
        await this.refreshList(quiet);
      }
    } catch (e) {
      if (control.signal.aborted) return;
      if (!quiet || this.listState !== "ready") this.listState = "error";
      throw e;
    } finally {
      this.#listings--;
      this.changed();
    }
  }

  /** An answer is on its way that may not know what is told now. */
  get loadsList(): boolean {
    return this.#listings > 0;
  }

  /** The thread being read does not vanish from the unread ones while it is open. */
  #stay(fresh: Conversation[], unread: boolean): Conversation[] {
    const open = this.thread?.conversation;
    const at = unread && open ? this.list.findIndex((c) => c.id === open.id) : -1;
    if (at < 0 || fresh.some((c) => c.id === open!.id)) return fresh;
    return [...fresh.slice(0, at), open!, ...fresh.slice(at)];
  }

  async refreshCount() {
    const { count } = await this.s.rest.get<{ count: number }>(`${conversations}/unread-count`);
    this.setUnread(count);
  }

  setUnread(count: number) {
    if (count === this.unread && this.phase === "ready") return;
    this.unread = count;
    this.s.emit("parley:unread", { count });
    this.changed();
  }

  #ask() {
    this.refreshList().catch((e) => this.met(e));
  }

  setView(view: View) {
    this.page = 0;
    this.go({ kind: "list", id: 0, to: "", view });
  }

  setSearch(search: string) {
    if (search === this.search) return;
    this.search = search;
    this.page = 0;
    this.#ask();
  }

  setPage(page: number) {
    this.page = page;
    this.#ask();
  }

  retryList() {
    if (this.phase === "error") void this.load();
    else this.#ask();
  }

  /** Puts what an answer said about a conversation wherever it is shown. */
  readonly update = (c: Conversation) => {
    this.list = this.list.map((old) => (old.id === c.id ? c : old));
    if (this.thread?.id === c.id) this.thread.conversation = c;
    this.changed();
  };

  /** Changes what is shown of a conversation. */
  patch(id: number, change: (c: Conversation) => Partial<Conversation>) {
    const c = this.list.find((x) => x.id === id) ?? (this.thread?.id === id ? this.thread.conversation : null);
    if (c) this.update({ ...c, ...change(c) });
  }

  /** A conversation is gone from the list; gone altogether, its thread says so. */
  forget(id: number, gone: boolean) {
    this.list = this.list.filter((c) => c.id !== id);
    if (gone && this.thread?.id === id) void this.#openThread(id);
  }

  /** A message moves its conversation up. */
  raise(c: Conversation, m: Message, change: Partial<Conversation> = {}) {
    const told = { ...c, ...change, last_message_at: m.created_at, last_message_preview: m.content_plain.replace(/\s+/g, " ").trim().slice(0, 255) };
    if (this.search || this.page > 0) this.list = this.list.map((x) => (x.id === c.id ? told : x));
    else this.list = [told, ...this.list.filter((x) => x.id !== c.id)];
    if (this.thread?.id === c.id) this.thread.conversation = told;
  }

  /** A message of one's own moves its conversation up. */
  #touch(id: number, m: Message) {
    const c = this.list.find((x) => x.id === id);
    if (c) this.raise(c, m);
    if (!c) this.#poller.poke("list");
    else this.#look("list");
    this.changed();
  }

  // --- the thread -------------------------------------------------------------

  async #openThread(id: number) {
    this.thread?.close();
    const thread = (this.thread = new Thread(id, this.list.find((c) => c.id === id) ?? null, this.s.rest, () => this.me?.viewer.id ?? 0, this.changed));
    this.said = { text: "", n: this.said.n + 1 };
    try {
      await thread.open(id === this.s.begin.id ? this.s.unread : 0);
      this.s.unread = 0;
      thread.unseen = !!thread.conversation?.unread && !thread.conversation.left_at;
      void this.#seen(true);
      void this.#loadReceipts();
      this.#poller.set("thread", { every: this.s.poll[1] * 1000, run: () => this.#watch(this.#refreshThread()) });
    } catch (e) {
      this.met(e);
    }
  }

  retryThread() {
    if (this.place.kind === "thread") void this.#openThread(this.place.id);
  }

  /** Looks for new messages in the open thread. */
  async #refreshThread() {
    const thread = this.thread;
    if (!thread || thread.isClosed || thread.status !== "ready" || thread.conversation?.left_at) return;
    const fresh = await thread.newer();
    if (thread !== this.thread) return;
    this.news(fresh);
    void this.#loadReceipts();
  }

  async #loadReceipts() {
    if (this.feed?.has("receipts")) await this.thread?.receipts().catch(() => {}); // a hint less
  }

  /** Messages came into the open thread. */
  news(fresh: Message[]) {
    const thread = this.thread!;
    const came = fresh.filter((m) => m.sender_id !== this.me?.viewer.id && !m.is_system);
    if (came.length) {
      thread.unseen = true;
      if (!thread.atEnd) thread.below += came.length;
      if (!thread.atEnd && !thread.fresh) thread.fresh = came[0]!.id;
      const last = came.at(-1)!;
      const text = came.length > 1 ? this.t("thread.new", { n: came.length }) : this.t("thread.said", { name: last.sender_name, text: last.content_plain });
      this.tell(text);
      this.#look("list");
      void this.#seen();
    }
    this.changed();
  }

  /** Says something to who listens to the thread instead of looking at it. */
  tell(text: string) {
    this.said = { text, n: this.said.n + 1 };
  }

  /** Whether what comes into the open thread is read at once. */
  get watching(): boolean {
    return !!this.thread?.atEnd && !document.hidden;
  }

  /** "Bob is typing…"; "" when nobody is. */
  typingText(c: Conversation | null): string {
    const ids = (c && this.feed?.hints.typing(c.id)) || [];
    const names = ids.flatMap((id) => c!.participants.find((p) => p.user_id === id)?.display_name ?? []);
    const [a = "", b = ""] = names;
    return !a ? "" : names.length > 2 ? this.t("typing.several") : b ? this.t("typing.two", { a, b }) : this.t("typing.one", { name: a });
  }

  setPreferences({ presence, receipts, typing }: Preferences) {
    if (!this.me) return;
    this.me = { ...this.me, preferences: { presence, receipts, typing } };
    void this.#loadReceipts();
    this.changed();
  }

  /** What others may see, and what is seen of them in turn. */
  async setPrivacy(what: Privacy, on: boolean) {
    const before = this.me!.preferences!;
    this.setPreferences({ ...before, [what]: on });
    try {
      await this.s.rest.post("parley/v1/me/preferences", { [what]: on }, "PATCH");
    } catch (e) {
      this.setPreferences(before);
      this.met(e);
      this.say(this.t("failed.privacy"), true);
    }
  }

  /** A thread that is not in the list has news of its own: who read it, who left. */
  async #refreshConversation() {
    const thread = this.thread;
    if (!thread || thread.status !== "ready") return;
    const listed = this.list.find((c) => c.id === thread.id);
    const c = listed ?? (await this.s.rest.get<Conversation>(conversationPath(thread.id)));
    if (thread === this.thread) thread.conversation = c;
  }

  /** The end of the thread came into sight, or left it. */
  setAtEnd(atEnd: boolean) {
    if (!this.thread) return;
    this.thread.atEnd = atEnd;
    if (atEnd) this.thread.below = 0;
    void this.#seen();
    this.changed();
  }

  /** Marks the open thread read: when it is opened, later when its end is in sight. */
  async #seen(opened = false) {
    const thread = this.thread;
    if (!thread?.unseen || document.hidden || !(thread.atEnd || opened)) return;
    thread.unseen = false;
    try {
      const fresh = await this.s.rest.post<Conversation>(conversationPath(thread.id, "/read"));
      this.update(fresh);
      if (!this.feed?.live.up) await this.refreshCount();
    } catch (e) {
      thread.unseen = true; // the next look tries again
      this.met(e);
    }
  }

  send(text: string) {
    if (!this.thread || !this.outbox) return;
    this.thread.atEnd = true;
    this.outbox.add(this.thread.id, text, this.thread.newest);
  }

  /** Changes something about a conversation; says so when it cannot. */
  async #act(request: Promise<Conversation>, refused: string, done = ""): Promise<void> {
    try {
      this.update(await request);
      if (done) this.say(done);
      await Promise.all([this.refreshList(true), this.refreshCount()]);
    } catch (e) {
      this.met(e);
      this.say(refused, true);
    }
  }

  setMuted(c: Conversation, muted: boolean) {
    return this.#act(this.s.rest.post(conversationPath(c.id, "/mute"), { muted }), this.t("failed.mute"), this.t(muted ? "done.muted" : "done.unmuted"));
  }

  setArchived(c: Conversation, archived: boolean) {
    return this.#act(
      this.s.rest.post(conversationPath(c.id, "/archive"), { archived }), this.t("failed.archive"), this.t(archived ? "done.archived" : "done.unarchived"));
  }

  setBlocked(c: Conversation, blocked: boolean) {
    return this.#act(this.s.rest.post(conversationPath(c.id, "/block"), { blocked }), this.t("failed.block"));
  }

  leave(c: Conversation) {
    return this.#act(this.s.rest.post(conversationPath(c.id, "/leave")), this.t("failed.leave"));
  }

  rename(c: Conversation, title: string) {
    return this.#act(this.s.rest.post(conversationPath(c.id), { title }, "PATCH"), this.t("failed.rename"));
  }

  /** Members to write to whose name holds the letters. */
  async suggest(q: string, signal?: AbortSignal): Promise<Suggestion[]> {
    return (await this.s.rest.get<Page<Suggestion>>("jetonomy/v1/messaging/recipient-suggestions", { q: q.slice(0, 64), limit: 10 }, signal)).data;
  }

  /** Starts a conversation, or goes on with the one there is, and goes there. */
  async begun(body: object) {
    const c = await this.s.rest.post<Conversation>(conversations, body);
    this.keep?.setDraft("new", "");
    if (this.place.view !== "active") this.page = 0;
    this.go({ kind: "thread", id: c.id, view: "active" }, true);
    this.refreshList(true).catch((e) => this.met(e));
  }

  /** Reports to the moderators; returns why not, or "". */
  async report(c: Conversation, body: object): Promise<string> {
    try {
      await this.s.rest.post(conversationPath(c.id, "/report"), body);
      this.say(this.t("done.reported"));
      return "";
    } catch (e) {
      this.met(e);
      return this.reason(e, "failed.report");
    }
  }

  /** What to say about something that failed: the server's own words where it spoke. */
  reason(e: unknown, otherwise: Key): string {
    if (!(e instanceof RestError)) return this.t(otherwise);
    if (e.signedOut) return this.t("error.signed_out");
    return e.code === "network" ? this.t("error.network") : (e.status < 500 && e.message) || this.t(otherwise);
  }

  say(text: string, alarm = false) {
    this.toast = { text, alarm };
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => this.hush(), alarm ? 12_000 : 5_000);
    this.changed();
  }

  hush() {
    clearTimeout(this.#toastTimer);
    this.toast = null;
    this.changed();
  }

  /** Where one signs in, and comes back from. */
  get signIn(): string {
    const home = this.me?.site.home ?? "/";
    return `${home.replace(/\/$/, "")}/wp-login.php?redirect_to=${encodeURIComponent(location.href)}`;
  }

  // --- where we are -----------------------------------------------------------

  /** The address of a place, real also where the inbox leaves the page's alone. */
  href(place: Partial<Place>): string {
    return format({ kind: "list", id: 0, to: "", view: this.place.view, ...place }, this.s.base || this.me?.site.messages_url || "/");
  }

  /** Goes to a place, as a click on its link does. */
  go(to: Partial<Place>, replace = false) {
    const place: Place = { kind: "list", id: 0, to: "", view: this.place.view, ...to };
    if (this.s.base) history[replace ? "replaceState" : "pushState"]({ parley: place.view }, "", format(place, this.s.base));
    this.#arrive(place);
  }

  readonly #onPop = () => {
    const place = this.s.base && parse(location.pathname, location.search, this.s.base, history.state);
    if (place) this.#arrive(place);
  };

  #arrive(place: Place) {
    const before = this.place;
    this.place = place;
    if (place.kind === "thread") {
      if (this.thread?.id !== place.id || this.thread.status === "error") void this.#openThread(place.id);
    } else {
      this.thread?.close();
      this.thread = null;
    }
    if (place.view !== before.view) {
      this.page = 0;
      this.list = [];
      this.#ask();
    }
    const on = place.kind === "list" ? (before.kind === "list" ? null : "list") : place.kind;
    this.focus = { on, id: this.focus.id + 1 };
    this.backTo = before.kind === "thread" ? before.id : 0;
    this.changed();
  }

  /** The conversation one came from, for the focus to return to. */
  backTo = 0;
  #told = "";

  /** Keeps what stands outside in step: the tab's title, and whoever listens. */
  #title() {
    const own = this.thread?.conversation?.title;
    const site = this.me?.site.name;
    let title = this.#ownTitle;
    if (this.s.base) {
      const here = this.place.kind === "thread" && own ? own : this.place.kind === "new" ? this.t("new.title") : this.t("app.messages");
      title = site ? `${here} – ${site}` : here;
    }
    const at = { conversation: this.place.id || null, title: this.place.kind === "list" ? "" : this.place.kind === "new" ? this.t("new.title") : (own ?? "") };
    const told = `${this.place.kind} ${at.conversation} ${at.title}`;
    if (told !== this.#told) {
      this.#told = told;
      this.s.emit("parley:navigate", at);
    }
    const shown = this.unread > 0 ? `(${this.unread}) ${title.replace(/^\(\d+\) /, "")}` : title;
    if (document.title !== shown) document.title = shown;
  }
}
