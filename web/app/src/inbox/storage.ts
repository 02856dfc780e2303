/** A message on its way. */
export interface Outgoing {
  /** Makes a repeated request the same message (client_id of the REST interface). */
  clientId: string;
  conversation: number;
  text: string;
  /** When it was written, ISO. */
  at: string;
  /** The newest message of the thread then: what comes with a higher id and the same text may be this one. */
  after: number;
  state: "pending" | "failed";
  /** What the server said, when it refused; "" when nobody answered. */
  error: string;
  /** The server refused: trying again by itself would be refused again. */
  refused: boolean;
}

type Backing = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/**
 * What survives a reload: drafts and messages on their way, of one member of one site.
 * What another member left in this browser is removed. A browser that keeps nothing
 * only loses that.
 */
export class Keep {
  readonly #prefix: string;
  readonly #written = new Set<string>();

  constructor(
    private readonly site: string,
    viewer: number,
    private readonly backing: Backing | null = local(),
  ) {
    this.#prefix = `${family(site)}${viewer}:`;
    this.#sweep((key) => !key.startsWith(this.#prefix));
  }

  draft(of: string): string {
    return this.#read(`draft:${of}`) ?? "";
  }

  setDraft(of: string, text: string) {
    this.#write(`draft:${of}`, text || null);
  }

  /** In the order they were written. */
  outgoing(): Outgoing[] {
    const found: Outgoing[] = [];
    for (const key of this.#keys()) {
      if (!key.startsWith(`${this.#prefix}out:`)) continue;
      try {
        const o = JSON.parse(this.backing!.getItem(key)!) as Outgoing;
        if (typeof o.clientId === "string" && typeof o.text === "string" && o.conversation > 0) {
          found.push(o);
          this.#written.add(o.clientId);
        }
      } catch {
        // not ours, or cut short
      }
    }
    return found.sort((a, b) => (a.at < b.at ? -1 : 1));
  }

  put(o: Outgoing) {
    if (this.#write(`out:${o.clientId}`, JSON.stringify(o))) this.#written.add(o.clientId);
  }

  /** Whether what was kept is kept no more: another tab sent it, or threw it away. */
  taken(clientId: string): boolean {
    return this.#written.has(clientId) && this.#read(`out:${clientId}`) === null;
  }

  drop(clientId: string) {
    this.#write(`out:${clientId}`, null);
  }

  /** Removes everything of this site: nobody is signed in any more. */
  clear() {
    this.#sweep(() => true);
  }

  #sweep(goes: (key: string) => boolean) {
    for (const key of this.#keys()) {
      if (key.startsWith(family(this.site)) && goes(key)) this.backing!.removeItem(key);
    }
  }

  #keys(): string[] {
    try {
      return Array.from({ length: this.backing?.length ?? 0 }, (_, i) => this.backing!.key(i) ?? "");
    } catch {
      return [];
    }
  }

  #read(name: string): string | null {
    try {
      return this.backing?.getItem(this.#prefix + name) ?? null;
    } catch {
      return null;
    }
  }

  #write(name: string, value: string | null): boolean {
    try {
      if (value === null) this.backing?.removeItem(this.#prefix + name);
      else this.backing?.setItem(this.#prefix + name, value);
      return !!this.backing;
    } catch {
      return false; // full, or forbidden
    }
  }
}

const family = (site: string) => `parley:${site}:`;

function local(): Backing | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** An id nobody else makes; crypto.randomUUID is missing on plain http. */
export function newClientId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(20)), (b) => b.toString(36).padStart(2, "0")).join("");
}
