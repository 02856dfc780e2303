import { type Rest, RestError } from "../shared/rest";
import type { Activity, Frame } from "./frames";
import type { Ear, Transport } from "./ladder";

const stream = "parley/v1/stream";
const held = 25; // seconds a long poll waits: the most the server allows

/**
 * The three ways in (docs/realtime.md). A browser's WebSocket says its nonce in the
 * first frame; the others are requests like all, with the nonce in a header.
 */
export function transports(rest: Rest, activity: () => Activity): readonly [Transport, Transport, Transport] {
  const away = () => (activity() === "away" ? { state: "away" } : {});

  const webSocket: Transport = (since, ear) => {
    let over = false;
    let socket: WebSocket;
    try {
      socket = new WebSocket(new URL(rest.url(stream), document.baseURI).href.replace(/^http/, "ws"));
    } catch {
      const timer = setTimeout(() => ear.end({ code: 0 })); // a policy of the page forbids it
      return { close: () => clearTimeout(timer) };
    }
    const end = (code: number) => {
      if (!over) ear.end({ code: code >= 4000 || code === 1001 ? code : 0 });
      over = true;
    };
    const say = (what: object) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what));
    };
    socket.onopen = () => {
      if (over) return;
      ear.opened();
      say({ type: "auth", nonce: rest.nonce, since: since() || undefined });
    };
    socket.onmessage = (e) => {
      if (!over) hear(ear, String(e.data));
    };
    socket.onclose = (e) => end(e.code);
    return {
      say,
      close: () => {
        over = true;
        socket.close();
      },
    };
  };

  const events: Transport = (since, ear) =>
    reading(ear, async (signal) => {
      const response = await rest.open(stream, { since: since() || undefined, ...away() }, "text/event-stream", signal);
      if (!response.body || !response.headers.get("Content-Type")?.startsWith("text/event-stream")) throw new RestError("", 404, "");
      ear.opened();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ; ) {
        const { value, done } = await reader.read();
        if (done || signal.aborted) return;
        ear.heard();
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop()!;
        for (const block of blocks) {
          const data = block.match(/^data: ?(.*)$/m)?.[1];
          if (data && !signal.aborted) hear(ear, data);
        }
      }
    });

  const poll: Transport = (since, ear) =>
    reading(ear, async (signal) => {
      for (let wait = 0; !signal.aborted; ) {
        const from = since();
        const response = await rest.open("parley/v1/sync", { since: from || undefined, wait, ...away() }, "application/json", signal);
        const a = (await response.json()) as { position: string; unread: number; events: Frame[]; more: boolean };
        if (signal.aborted) return;
        if (!wait) ear.frame({ type: "hello", position: from || a.position, resumed: !!from });
        for (const f of a.events) ear.frame(f);
        ear.frame({ type: "position", position: a.position });
        ear.frame({ type: "unread", count: a.unread });
        wait = a.more ? 1 : held;
      }
    });

  return [webSocket, events, poll];
}

function hear(ear: Ear, text: string) {
  let f: Frame;
  try {
    f = JSON.parse(text) as Frame;
  } catch {
    return;
  }
  ear.frame(f);
}

/** A connection that is read until it ends or is closed. */
function reading(ear: Ear, read: (signal: AbortSignal) => Promise<void>) {
  const control = new AbortController();
  read(control.signal)
    .then(
      () => ({ code: 0 }),
      (e: unknown) => {
        const { status = 0, retryAfter = 0 } = e instanceof RestError ? e : {};
        return { code: status === 429 || status >= 500 ? 0 : status, ...(retryAfter ? { retry: retryAfter * 1000 } : {}) };
      },
    )
    .then((e) => {
      if (!control.signal.aborted) ear.end(e);
    });
  return { close: () => control.abort() };
}
