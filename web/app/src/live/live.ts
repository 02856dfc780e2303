import type { Rest } from "../shared/rest";
import type { Activity, Frame, Presence, Rung, Said } from "./frames";
import { Ladder, type Transport } from "./ladder";
import { transports } from "./transports";

export interface LiveOptions {
  rest: Rest;
  /** The member it is for. */
  viewer: number;
  /** What the server understands: frames of hints that it does not know end a connection. */
  can: (what: "presence" | "receipts") => boolean;
  /** Every frame, in order, in every tab. */
  frame: (f: Frame) => void;
  /** Whether it is up, by which rung, and who leads may be different now. */
  changed: () => void;
  /** Something may have been missed that is not told again. */
  reload: () => void;
  /** The server does not let the member in. */
  refused: () => void;
  /** For tests. */
  transports?: readonly [Transport, Transport, Transport];
  random?: () => number;
}

/** What the tabs of a browser tell each other. */
type Note =
  | { t: "frame"; f: Frame }
  | { t: "status"; up: boolean; rung: Rung; hidden: boolean; position: string }
  | { t: "ask" | "who" }
  | { t: "tab"; id: string; watch: number[]; state: Activity }
  | { t: "bye"; id: string }
  | { t: "say"; what: Said };

const idle = 5 * 60_000; // without a key or a finger for so long a member is away
const answers = 2000; // ms a leader may take to answer
const pause = 1000; // between two frames of a kind
const look = 30_000;
const mostWatched = 100;
const active = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

/**
 * The one connection of a browser for all tabs of one member. The tab that holds the
 * lock leads: it has the connection and hands everything on. When it closes, crashes or
 * is thrown out because it does not answer, the next one has the lock and resumes behind
 * the last position it heard of. Without locks every tab connects itself, while it is
 * in sight.
 */
export class Live {
  up = false;
  rung: Rung = "off";
  leader = false;
  readonly ladder: Ladder;
  readonly #name: string;
  readonly #id = Math.random().toString(36).slice(2);
  readonly #alone: boolean;
  #channel: BroadcastChannel | null = null;
  #tabs = new Map<string, { watch: number[]; state: Activity }>();
  #watch: number[] = [];
  #state: Activity = "online";
  #said = { watch: "[]", state: "online" };
  #refusedWatch = "";
  /** Who is where, for tabs that come later: the server tells changes only. */
  readonly #known = new Map<number, Presence>();
  /** How often the server, an older one, did not know a frame: first "ack" is left out, then all hints are. */
  #terse = 0;
  #touched = Date.now();
  #running = false;
  readonly #listening = new AbortController();
  #queued: AbortController | null = null;
  #resign: (() => void) | null = null;
  #leave: (() => void) | null = null;
  #patience: Timer;
  #speaking: Timer;
  #acking: Timer;
  #looking: Timer;

  constructor(private readonly o: LiveOptions) {
    this.#name = `parley1:${o.rest.root}:${o.viewer}`;
    this.#alone = !globalThis.navigator?.locks || !globalThis.BroadcastChannel;
    this.ladder = new Ladder({
      transports: o.transports ?? transports(o.rest, () => this.#activity()),
      frame: (f) => {
        this.#note({ t: "frame", f });
        this.#lead(f);
        o.frame(f);
      },
      changed: () => this.#tell(),
      renew: () => o.rest.renew(),
      refused: (code) => {
        if (code === 4400) this.#terse++;
        else if (code !== 4404) return o.refused();
        else this.#refusedWatch = this.#said.watch; // not the same again
        o.reload();
      },
      ...(o.random ? { random: o.random } : {}),
    });
  }

  start() {
    const { signal } = this.#listening;
    document.addEventListener("visibilitychange", this.#onSight, { signal });
    window.addEventListener("online", this.#onNetwork, { signal });
    window.addEventListener("offline", this.#onNetwork, { signal });
    window.addEventListener("pagehide", () => this.#part(), { signal });
    window.addEventListener("pageshow", this.#onShow, { signal });
    for (const name of active) document.addEventListener(name, this.#onTouch, { passive: true, capture: true, signal });
    this.#join();
  }

  stop() {
    this.#listening.abort();
    this.#part();
  }

  /** Makes sure that the connection is alive. */
  check() {
    if (this.leader) this.ladder.check();
  }

  /** Says who is typing, where the connection or else a request can. */
  typing(conversation: number) {
    if (!this.up) return;
    const what = { type: "typing", conversation } as const;
    if (this.leader) this.#say(what);
    else this.#note({ t: "say", what });
  }

  #can(what: "presence" | "receipts"): boolean {
    return this.#terse < (what === "receipts" ? 1 : 2) && this.o.can(what);
  }

  /** The conversations this tab shows. */
  show(watch: number[]) {
    if (watch.join() === this.#watch.join()) return;
    this.#watch = watch;
    this.#report();
  }

  // --- who leads ----------------------------------------------------------------

  #join() {
    if (this.#running) return;
    this.#running = true;
    this.#looking = setInterval(() => this.#lookAround(), look);
    this.#state = this.#mine();
    if (this.#alone) {
      this.#takeOver();
      return;
    }
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = (e) => this.#hear(e.data as Note);
    navigator.locks.request(`${this.#name}:${this.#id}`, () => new Promise<void>((done) => (this.#leave = done))).catch(() => {});
    this.#note({ t: "ask" });
    this.#report();
    this.#campaign();
    this.#doubt(answers);
  }

  #part() {
    if (!this.#running) return;
    this.#running = false;
    for (const timer of [this.#patience, this.#speaking, this.#acking]) clearTimeout(timer);
    clearInterval(this.#looking);
    this.#note({ t: "bye", id: this.#id });
    this.#stepDown();
    this.#queued?.abort();
    this.#resign?.();
    this.#leave?.();
    this.#channel?.close();
    this.#channel = null;
    this.#tabs.clear();
    this.#set(false, "off");
  }

  /** Waits until nobody leads, or sees to it. */
  #campaign(steal = false) {
    this.#queued?.abort();
    const queued = (this.#queued = new AbortController());
    navigator.locks
      .request(this.#name, steal ? { steal } : { signal: queued.signal }, () => {
        if (!this.#running || queued.signal.aborted) return;
        this.#takeOver();
        return new Promise<void>((done) => (this.#resign = done));
      })
      .catch(() => {
        if (queued !== this.#queued || !this.#running) return;
        this.#stepDown(); // somebody else took it
        this.#campaign();
      });
  }

  #takeOver() {
    this.leader = true;
    clearTimeout(this.#patience);
    this.#note({ t: "who" });
    if (!this.#alone || !document.hidden) this.ladder.start();
    this.#tell();
  }

  #stepDown() {
    if (!this.leader) return;
    this.leader = false;
    this.ladder.stop();
    this.o.changed();
  }

  /** A tab in sight does not put up with a leader that is asleep, or cannot act because it is hidden. */
  #doubt(ms: number) {
    clearTimeout(this.#patience);
    if (this.leader || this.#alone || document.hidden) return;
    this.#patience = setTimeout(() => this.#campaign(true), ms);
  }

  #note(n: Note) {
    this.#channel?.postMessage(n);
  }

  #hear(n: Note) {
    switch (n.t) {
      case "frame":
        if (this.leader) return;
        if (n.f.position) this.ladder.position = n.f.position;
        return this.o.frame(n.f);
      case "status":
        if (this.leader) return;
        clearTimeout(this.#patience);
        this.ladder.position ||= n.position;
        if (!n.up && n.hidden && n.rung !== "off") this.#doubt(Math.random() * 200);
        return this.#set(n.up, n.rung);
      case "ask":
        if (!this.leader) return;
        if (this.#known.size) this.#note({ t: "frame", f: { type: "presence", members: [...this.#known.values()] } });
        return this.#tell();
      case "who":
        return this.leader ? undefined : this.#report();
      case "tab":
        this.#tabs.set(n.id, n);
        return this.#speak();
      case "bye":
        this.#tabs.delete(n.id);
        return this.#speak();
      case "say":
        if (this.leader) this.#say(n.what);
    }
  }

  /** Tells this tab and the others how it stands. */
  #tell() {
    if (!this.leader) return;
    const { up, rung, position } = this.ladder;
    this.#note({ t: "status", up, rung, hidden: document.hidden, position });
    this.#set(up, rung);
  }

  #set(up: boolean, rung: Rung) {
    this.up = up;
    this.rung = rung;
    this.o.changed();
  }

  // --- what the leader does -----------------------------------------------------

  #lead(f: Frame) {
    if (f.type === "hello") {
      this.#said = { watch: "[]", state: "online" };
      this.#known.clear();
      clearTimeout(this.#acking); // it was about another connection
      this.#acking = undefined;
      this.#speak();
    }
    if (f.type === "presence") for (const p of f.members) this.#known.set(p.member, p);
    if (f.type === "preferences") {
      this.#said.watch = "[]"; // others are to be told anew
      this.#speak();
    }
    // Where it begins anew, everything is loaded after the hello.
    if ((f.type === "message.created" || (f.type === "hello" && !f.resumed)) && this.#can("receipts")) {
      this.#acking ??= setTimeout(() => {
        this.#acking = undefined;
        this.#say({ type: "ack", position: this.ladder.position });
      }, pause);
    }
  }

  /** Says something through the connection; typing also where that cannot say anything. */
  #say(what: Said) {
    if (!this.ladder.say(what) && what.type === "typing") {
      this.o.rest.post("parley/v1/typing", { conversation: what.conversation }).catch(() => {});
    }
  }

  /** What all tabs show together, and whether anybody is at one of them. */
  #speak() {
    if (!this.leader || !this.#can("presence")) return;
    this.#speaking ??= setTimeout(() => {
      this.#speaking = undefined;
      const watch = JSON.stringify(this.#watched());
      if (watch !== this.#said.watch && watch !== this.#refusedWatch && this.ladder.up) {
        this.#said.watch = watch;
        if (!this.ladder.say({ type: "watch", conversations: JSON.parse(watch) as number[] })) void this.#askPresence();
      }
      const state = this.#activity();
      if (state !== this.#said.state && this.ladder.say({ type: "state", state })) this.#said.state = state;
    }, this.#said.watch === "[]" ? 0 : pause);
  }

  #watched(): number[] {
    const all = [this.#watch, ...[...this.#tabs.values()].map((t) => t.watch)].flat();
    return [...new Set(all)].slice(0, mostWatched).sort((a, b) => a - b);
  }

  #activity(): Activity {
    return [this.#mine(), ...[...this.#tabs.values()].map((t) => t.state)].includes("online") ? "online" : "away";
  }

  /** Where a connection cannot be told what to watch, it is asked for. */
  async #askPresence() {
    const conversations = this.#watched();
    if (!this.leader || !this.ladder.up || this.ladder.rung === "websocket" || !conversations.length || !this.#can("presence")) return;
    try {
      const { members } = await this.o.rest.get<{ members: Presence[] }>("parley/v1/presence", { conversations: conversations.join() });
      const f: Frame = { type: "presence", members };
      this.#note({ t: "frame", f });
      this.#lead(f);
      this.o.frame(f);
    } catch {
      // a hint less
    }
  }

  async #lookAround() {
    this.#onTouched();
    if (!this.leader || this.#alone) return;
    // A tab that crashed did not say goodbye, but it holds its lock no more.
    const { held = [] } = await navigator.locks.query();
    const here = new Set(held.map((l) => l.name));
    for (const id of this.#tabs.keys()) if (!here.has(`${this.#name}:${id}`)) this.#tabs.delete(id);
    this.#speak();
    if (this.#activity() === "online") void this.#askPresence();
  }

  // --- this tab -----------------------------------------------------------------

  #mine(): Activity {
    return !document.hidden && Date.now() - this.#touched < idle ? "online" : "away";
  }

  /** Tells the leader what is shown here. */
  #report() {
    if (this.leader) this.#speak();
    else this.#note({ t: "tab", id: this.#id, watch: this.#watch, state: this.#state });
  }

  readonly #onTouch = () => {
    const asleep = this.#mine() === "away";
    this.#touched = Date.now();
    if (asleep) this.#onTouched();
  };

  #onTouched() {
    const state = this.#mine();
    if (state === this.#state) return;
    this.#state = state;
    this.#report();
  }

  readonly #onSight = () => {
    if (!document.hidden) this.#touched = Date.now();
    this.#onTouched();
    if (this.#alone) {
      clearTimeout(this.#patience);
      // A short look elsewhere is not worth a new connection.
      if (document.hidden) this.#patience = setTimeout(() => this.ladder.stop(), look);
      else this.ladder.start();
    }
    this.#onNetwork();
  };

  /** The network or the page came back, or went: make sure. */
  readonly #onNetwork = () => {
    if (this.leader) {
      if (!document.hidden || !this.#alone) this.ladder.check();
      this.#tell();
    } else if (!document.hidden) {
      this.#doubt(answers);
      this.#note({ t: "ask" });
    }
  };

  readonly #onShow = (e: PageTransitionEvent) => {
    if (!e.persisted || this.#running) return;
    this.#join();
    this.o.reload();
  };
}

type Timer = ReturnType<typeof setTimeout> | undefined;
