// What /parley/v1/admin says (docs/openapi.yaml); only what is used here.
import type { Message, Suggestion } from "../shared/types";

export interface OverseenParticipant {
  user_id: number;
  login: string;
  display_name: string;
  avatar: string;
  left_at: string | null;
  is_blocked: boolean;
}

export interface Overseen {
  id: number;
  type: "direct" | "group";
  title: string;
  created_at: string;
  last_message_at: string | null;
  last_message_preview: string | null;
  message_count: number;
  participants: OverseenParticipant[];
}

export interface OverseenMessage extends Message {
  excerpt: string;
}

export interface Block {
  conversation_id: number;
  blocker: Suggestion;
  blocked: Suggestion;
}

export interface AuditEntry {
  id: number;
  actor_login: string;
  actor_name: string;
  action: string;
  conversation_id: number;
  member_id: number;
  member_name: string;
  ip: string;
  at: string;
}

export interface Paged<T> {
  data: T[];
  meta: { total: number; page: number; per_page: number; count: number };
  /** The member a list was asked for. */
  member?: Suggestion;
}
