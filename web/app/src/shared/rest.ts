/** What went wrong with a request, in the words of the server where it spoke. */
export class RestError extends Error {
  constructor(
    message: string,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    /** The server's code, "network" when no answer came. */
    readonly code: string,
    /** Seconds the server asks to wait; 0 for none. */
    readonly retryAfter = 0,
  ) {
    super(message);
  }

  /** The request may never have arrived, or the server could not deal with it: worth another try. */
  get transient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  get signedOut(): boolean {
    return this.status === 401 || this.code === "rest_cookie_invalid_nonce";
  }
}

export interface RestOptions {
  /** The REST root, "/wp-json/" or "/?rest_route=/". */
  root: string;
  nonce: string;
  /** Where a GET with the login cookie answers a fresh nonce as text. */
  nonceURL: string;
  /** Milliseconds until an answer is given up. */
  timeout?: number;
  fetch?: typeof fetch;
}

type Params = Record<string, string | number | boolean | undefined>;

const remembered = 40; // answers kept for conditional requests

/** A client of the site's REST interface, logged in by cookie and nonce. */
export class Rest {
  readonly root: string;
  nonce: string;
  readonly #nonceURL: string;
  readonly #timeout: number;
  readonly #fetcher: typeof fetch;
  #refreshing: Promise<boolean> | null = null;
  /** How many nonces were fetched: the one that comes may be the one there was. */
  #renewals = 0;
  readonly #answers = new Map<string, { etag: string; body: unknown }>();

  constructor(o: RestOptions) {
    this.root = o.root.endsWith("/") ? o.root : o.root + "/";
    this.nonce = o.nonce;
    this.#nonceURL = o.nonceURL;
    this.#timeout = o.timeout ?? 20_000;
    this.#fetcher = o.fetch ?? ((...args) => fetch(...args));
  }

  /** The address of a route, "jetonomy/v1/conversations", on sites with and without pretty links. */
  url(route: string, params: Params = {}): string {
    const query = new URLSearchParams();
    for (const [k, v] of Object.entries(params)) if (v !== undefined && v !== "") query.set(k, String(v));
    const q = query.toString();
    const path = this.root + route;
    return q ? path + (path.includes("?") ? "&" : "?") + q : path;
  }

  /** Reads a route. What did not change since the last time is not sent again. */
  get<T>(route: string, params?: Params, signal?: AbortSignal): Promise<T> {
    return this.#send<T>("GET", this.url(route, params), undefined, signal);
  }

  /** Asks for a change. */
  post<T>(route: string, body: object = {}, method = "POST"): Promise<T> {
    return this.#send<T>(method, this.url(route), body);
  }

  async #send<T>(method: string, url: string, body?: object, signal?: AbortSignal, again = false): Promise<T> {
    const sentWith = this.nonce;
    const renewals = this.#renewals;
    const known = method === "GET" ? this.#answers.get(url) : undefined;
    const headers: Record<string, string> = { Accept: "application/json" };
    if (sentWith) headers["X-WP-Nonce"] = sentWith;
    if (body) headers["Content-Type"] = "application/json";
    if (known) headers["If-None-Match"] = known.etag;

    const { response, text } = await this.#fetch(url, { method, headers, body: body && JSON.stringify(body) }, signal);
    const fresh = response.headers.get("X-WP-Nonce");
    if (fresh) this.nonce = fresh;
    if (response.status === 304 && known) return known.body as T;

    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new RestError("", response.ok ? 0 : response.status, "not_json", retryAfter(response));
    }
    if (response.ok) {
      const etag = response.headers.get("ETag");
      if (method === "GET" && etag) this.#remember(url, etag, json);
      return json as T;
    }
    const e = json as { code?: unknown; message?: unknown };
    const code = String(e?.code ?? "");
    // A nonce lives a day at most, a page may stay open for longer. One refresh, one repetition.
    const stale = code === "rest_cookie_invalid_nonce" || (response.status === 401 && !sentWith);
    if (stale && !again && (await this.#refresh(sentWith, renewals))) return this.#send<T>(method, url, body, signal, true);
    throw new RestError(typeof e?.message === "string" ? e.message : "", response.status, code, retryAfter(response));
  }

  /**
   * Opens a route whose answer is read as it comes. What is refused is thrown, as
   * everywhere; there is no bound in time but the signal's.
   */
  async open(route: string, params: Params, accept: string, signal: AbortSignal, again = false): Promise<Response> {
    const sentWith = this.nonce;
    const renewals = this.#renewals;
    let response: Response;
    try {
      response = await this.#fetcher(this.url(route, params), {
        headers: { Accept: accept, "X-WP-Nonce": sentWith }, credentials: "same-origin", cache: "no-store", signal,
      });
    } catch {
      throw new RestError("", 0, "network");
    }
    if (response.ok) return response;
    const e = (await response.json().catch(() => null)) as { code?: string } | null;
    const stale = response.status === 401 || e?.code === "rest_cookie_invalid_nonce";
    if (stale && !again && (await this.#refresh(sentWith, renewals))) return this.open(route, params, accept, signal, true);
    throw new RestError("", stale ? 401 : response.status, e?.code ?? "", retryAfter(response));
  }

  /** Fetches another nonce; false when there is none to be had. */
  renew(): Promise<boolean> {
    return this.#refresh(this.nonce, this.#renewals);
  }

  async #fetch(url: string, init: RequestInit, signal?: AbortSignal): Promise<{ response: Response; text: string }> {
    const control = new AbortController();
    const abort = () => control.abort();
    signal?.addEventListener("abort", abort);
    const timer = setTimeout(abort, this.#timeout);
    try {
      // The browser's own cache would keep what a member read.
      const response = await this.#fetcher(url, { ...init, credentials: "same-origin", cache: "no-store", signal: control.signal });
      return { response, text: response.status === 304 ? "" : await response.text() };
    } catch (e) {
      if (signal?.aborted) throw e;
      throw new RestError("", 0, "network");
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  #remember(url: string, etag: string, body: unknown) {
    this.#answers.delete(url);
    this.#answers.set(url, { etag, body });
    if (this.#answers.size > remembered) this.#answers.delete(this.#answers.keys().next().value!);
  }

  /** Fetches a nonce in place of the one given; false when nobody is signed in any more. */
  async #refresh(stale: string, renewals: number): Promise<boolean> {
    if (this.nonce !== stale || this.#renewals !== renewals) return true; // somebody else just did
    if (!this.#nonceURL) return false;
    this.#refreshing ??= (async () => {
      try {
        const { response, text } = await this.#fetch(this.#nonceURL, { redirect: "manual", headers: {} });
        if (!response.ok || !/^[0-9a-f]{10}$/.test(text.trim())) return false;
        this.nonce = text.trim();
        this.#renewals++;
        return true;
      } finally {
        this.#refreshing = null;
      }
    })();
    return this.#refreshing;
  }
}

function retryAfter(response: Response): number {
  const seconds = Number(response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) : 0;
}
