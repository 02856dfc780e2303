import type { Frame, Rung, Said } from "./frames";

/** Why a connection ended, or did not come about. */
export interface End {
  /** WebSocket's close code, or an HTTP status; 0 when nobody answered. */
  code: number;
  /** Milliseconds after which to come back, -1 not without a change; absent where nobody said. */
  retry?: number;
}

/** What a connection tells of itself. */
export interface Ear {
  /** Somebody is there: a WebSocket is open, an answer begins. */
  opened(): void;
  /** Anything was heard. */
  heard(): void;
  frame(f: Frame): void;
  /** The last call. */
  end(e: End): void;
}

/** A connection. */
export interface Line {
  /** Missing where one cannot say anything. */
  say?(what: Said): void;
  close(): void;
}

/** Begins a connection; since tells the position to resume behind, "" to begin now. */
export type Transport = (since: () => string, ear: Ear) => Line;

export interface LadderOptions {
  transports: readonly [websocket: Transport, sse: Transport, poll: Transport];
  /** Every frame, in order. */
  frame: (f: Frame) => void;
  /** Another rung, or it began or ceased to be up. */
  changed: () => void;
  /** Fetches another nonce; whether there is one. */
  renew: () => Promise<boolean>;
  /** The member is not let in (401, 4403 …), or the server minds what was said (4400, 4404). */
  refused: (code: number) => void;
  now?: () => number;
  random?: () => number;
}

const second = 1000;
const names = ["websocket", "sse", "poll"] as const;
/** How long each rung may take until its hello; the second is for proxies that hold answers back. */
const patience = [10 * second, 8 * second, 15 * second] as const;
/** Without a word for so long a connection is dead: the server's pings come every 30 seconds. */
const silence = 75 * second;
const askAfter = 30 * second; // browsers do not show the server's pings
const beat = 10 * second;
const longest = 30 * second; // between two attempts
const steady = 5 * second; // up for so long is no flapping
const hopeless = 15 * 60 * second;
const climbAfter = 5 * 60 * second;

/**
 * Keeps one connection up, by the best way there is: a WebSocket; server-sent events
 * where none can be opened; long polls where those are held back; nothing where the
 * server has no realtime. From a lower rung it tries the best one now and then. It
 * resumes behind the last position, waits as the server asks, otherwise longer and
 * longer with chance in it.
 */
export class Ladder {
  up = false;
  off = false;
  position = "";
  #at = 0;
  #line: Line | null = null;
  #turn = 0;
  #failures = 0;
  #early = 0;
  #renewals = 0;
  #climbs = 0;
  /** The rung to go back to when another attempt at the best one fails. */
  #fallback = 0;
  #opened = false;
  #asked = false;
  #closing: End | null = null;
  readonly #proven = [false, false, false];
  #upAt = 0;
  #heardAt = 0;
  #notBefore = 0;
  #running = false;
  #wait: Timer;
  #limit: Timer;
  #climb: Timer;
  #ticker: Timer;
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(private readonly o: LadderOptions) {
    this.#now = o.now ?? Date.now;
    this.#random = o.random ?? Math.random;
  }

  get rung(): Rung {
    return this.off ? "off" : names[this.#at]!;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#connect();
    this.#tick(this.#now());
  }

  stop() {
    this.#running = false;
    this.#hangUp();
    for (const timer of [this.#wait, this.#climb, this.#ticker]) clearTimeout(timer);
    this.#failures = this.#early = 0;
  }

  /** Says something; false where it cannot be said. */
  say(what: Said): boolean {
    if (!this.up || !this.#line?.say) return false;
    this.#line.say(what);
    return true;
  }

  /** Something may have changed, or time has passed unnoticed: makes sure, at once. */
  check() {
    if (!this.#running) return;
    if (this.up) {
      if (this.#line?.say) this.#ask(4 * second);
      else if (this.#now() - this.#heardAt > 35 * second) this.#ended({ code: 0, retry: 0 });
      return;
    }
    const better = this.#at > 0 && this.#proven[0];
    if ((this.#line && !better) || this.#now() < this.#notBefore) return;
    if (better) this.#at = 0; // what failed was the network
    this.#failures = this.#early = 0;
    this.#connect();
  }

  #connect() {
    if (!this.#running) return;
    this.#hangUp();
    this.off = false;
    const ear = this.#ear();
    this.#patience(patience[this.#at]!);
    this.#line = this.o.transports[this.#at]!(() => this.position, ear);
  }

  #patience(ms: number) {
    clearTimeout(this.#limit);
    this.#limit = setTimeout(() => this.#ended({ code: 0 }, true), ms);
  }

  /** Listens to a new connection, and to no earlier one. */
  #ear(): Ear {
    const turn = ++this.#turn;
    const mine = <A extends unknown[]>(f: (...a: A) => void) => (...a: A) => {
      if (turn === this.#turn) f(...a);
    };
    this.#opened = this.#asked = false;
    this.#closing = null;
    this.#heardAt = this.#now();
    return {
      opened: mine(() => (this.#opened = true)),
      heard: mine(() => this.#heard()),
      frame: mine((f: Frame) => this.#take(f)),
      end: mine((e: End) => this.#ended(e)),
    };
  }

  #heard() {
    this.#heardAt = this.#now();
    this.#asked = false;
    if (this.up) clearTimeout(this.#limit);
  }

  #take(f: Frame) {
    this.#heard();
    if (f.type === "close") this.#closing = f;
    if (f.type === "close" || f.type === "pong") return;
    if (f.type === "hello") this.#arrive();
    if (f.position) this.position = f.position;
    this.o.frame(f);
  }

  #arrive() {
    clearTimeout(this.#limit);
    this.up = this.#proven[this.#at] = true;
    this.#upAt = this.#now();
    this.#early = this.#renewals = 0;
    if (this.#at > 0) this.#planClimb();
    else this.#climbs = this.#fallback = 0;
    this.o.changed();
  }

  /** From a lower rung the best is tried again later: an attempt that fails takes a moment. */
  #planClimb() {
    // Where a WebSocket worked before, it does so again as soon as the server is back.
    const pause = this.#proven[0] ? 20 * second : climbAfter;
    this.#climb = setTimeout(() => {
      this.#fallback = this.#at;
      this.#at = 0;
      this.#connect();
    }, Math.min(pause * 2 ** this.#climbs++, 3600 * second));
  }

  #hangUp() {
    this.#turn++;
    clearTimeout(this.#wait);
    clearTimeout(this.#limit);
    clearTimeout(this.#climb);
    this.#line?.close();
    this.#line = null;
    if (!this.up) return;
    this.up = false;
    if (this.#now() - this.#upAt >= steady) this.#failures = 0;
    this.o.changed();
  }

  #ended(e: End, late = false) {
    const { code, retry } = this.#closing ?? e;
    const before = !this.up;
    const opened = this.#opened;
    this.#hangUp();
    if (!this.#running) return;
    switch (code) {
      case 401:
      case 4401:
      case 4402:
        return void this.#enter(code);
      case 403:
      case 4403:
        this.o.refused(code);
        return this.#later(hopeless, true);
      case 404:
      case 426:
        this.off = true;
        this.#at = 0;
        this.o.changed();
        return this.#later(hopeless, true);
      case 4400:
      case 4404:
        this.o.refused(code);
        return this.#later(this.#failures++ ? this.#pause() : 0);
      case 4405: // event streams of one's own page need no Origin
        this.#at = 1;
        return this.#later(0);
      case 400:
      case 4410:
        this.position = "";
        return this.#later(this.#failures++ ? this.#pause() : 0);
    }
    if (retry !== undefined && retry >= 0) {
      // As the server says; but who is cut off again and again comes more slowly.
      const pause = this.#failures++ ? this.#pause() : 0;
      return this.#later(Math.max(retry, pause), retry > 0);
    }
    if (retry === -1) return this.#later(60 * second + this.#pause());
    if (before && this.#descends(opened || late)) return this.#later(0);
    const pause = this.#pause();
    this.#failures++;
    this.#later(pause);
  }

  /** After an attempt that came to nothing: whether another rung is to be tried at once. */
  #descends(held: boolean): boolean {
    const from = this.#at;
    if (from === 0) {
      if (!this.#fallback && ++this.#early < (this.#proven[0] ? 4 : 2)) return false;
      this.#at = this.#fallback || 1;
      this.#fallback = 0;
    } else if (from === 1 && held) this.#at = 2; // some proxies hold the head of an answer back, too
    // Nobody answers at all: begin with the best again.
    else if (!this.#proven[from] || ++this.#early >= 2) this.#at = 0;
    if (this.#at !== from) this.#early = 0;
    return this.#at > from;
  }

  #pause(): number {
    return Math.min(longest, second * 2 ** Math.min(this.#failures, 6)) * (0.5 + this.#random() / 2);
  }

  /** Comes back later; what the server asked for is waited for whatever happens. */
  #later(ms: number, asked = false) {
    this.#notBefore = asked ? this.#now() + ms : 0;
    this.#wait = setTimeout(() => this.#connect(), ms);
  }

  /** The credentials did not do: with a fresh nonce once more, then less and less often. */
  async #enter(code: number) {
    const turn = this.#turn;
    const fresh = this.#renewals++ < 2 && (await this.o.renew().catch(() => true));
    if (turn !== this.#turn || !this.#running) return;
    if (fresh) return this.#later(this.#renewals > 1 ? this.#pause() : 0);
    this.o.refused(code);
    this.#later(60 * second);
  }

  /** Asks whether the other end is there. */
  #ask(patience: number) {
    this.#asked = true;
    clearTimeout(this.#limit);
    this.#limit = setTimeout(() => this.#ended({ code: 0, retry: 0 }), patience);
    this.#line!.say!({ type: "ping" });
  }

  /** A clock that jumped tells of sleep. */
  #tick(last: number) {
    this.#ticker = setTimeout(() => {
      const now = this.#now();
      const quiet = now - this.#heardAt;
      if (now - last > beat + 20 * second) this.check();
      else if (this.up && this.#line?.say && !this.#asked && quiet > askAfter) this.#ask(beat);
      else if (this.up && quiet > silence) this.#ended({ code: 0, retry: 0 });
      this.#tick(now);
    }, beat);
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;
