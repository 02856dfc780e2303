import type { Message } from "../shared/types";

// What the server tells and is told (docs/asyncapi.yaml); only what is used here.

/** Where a member is: "offline" with the time they were last seen, to the minute. */
export interface Presence {
  member: number;
  state: "online" | "away" | "offline";
  last_seen: string | null;
}

/** Of frames that are stored: where they stand, and when it happened. */
interface Stored {
  position: string;
  at: string;
  conversation: number;
}

export interface Preferences {
  presence: boolean;
  receipts: boolean;
  typing: boolean;
}

export type Frame =
  | { type: "hello"; position: string; resumed: boolean; member?: number }
  | { type: "reset" | "position"; position: string }
  | { type: "pong"; position?: undefined }
  | { type: "close"; code: number; retry: number; position?: undefined }
  | (Stored & { type: "message.created"; seq: number; message: Message })
  | (Stored & { type: "conversation.created" })
  | (Stored & { type: "conversation.changed"; change: "title" | "members" | "removed" })
  | (Stored & { type: "member.left" | "member.joined"; member: number })
  | (Stored & { type: "read"; member: number; seq: number; message?: number })
  | (Stored & { type: "settings"; setting: "muted" | "archived" | "blocked" | "unread" | "deleted"; value: boolean })
  | (Preferences & { type: "preferences"; position: string; at: string })
  | { type: "unread"; count: number; position?: undefined }
  | { type: "typing"; conversation: number; member: number; for: number; position?: undefined }
  | { type: "delivered"; conversation: number; member: number; seq: number; message: number; position?: undefined }
  | { type: "presence"; members: Presence[]; position?: undefined };

/** What a tab says through the connection. */
export type Said =
  | { type: "ping" }
  | { type: "typing"; conversation: number }
  | { type: "watch"; conversations: number[] }
  | { type: "state"; state: Activity }
  | { type: "ack"; position: string };

export type Activity = "online" | "away";

/** How a connection is made: the first that works is used. "off": realtime is not to be had. */
export type Rung = "websocket" | "sse" | "poll" | "off";
