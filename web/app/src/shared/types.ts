// What the REST interface says (docs/openapi.yaml); only what is used here.

export interface Participant {
  user_id: number;
  display_name: string;
  avatar_url: string;
  last_read_at: string | null;
  left_at: string | null;
  is_blocked: boolean;
  login: string;
  is_online: boolean;
}

export interface Conversation {
  id: number;
  title: string;
  type: "direct" | "group";
  created_by: number;
  participants: Participant[];
  last_message_at: string | null;
  last_message_preview: string | null;
  message_count: number;
  unread: boolean;
  unread_count: number;
  is_muted: boolean;
  is_archived: boolean;
  is_blocked: boolean;
  left_at: string | null;
  created_at: string;
  participant_count: number;
  can_reply: boolean;
}

export interface Message {
  id: number;
  conversation_id: number;
  sender_id: number;
  sender_name: string;
  sender_avatar: string;
  /** HTML the server made; shown through rich.tsx, which trusts none of it. */
  content: string;
  content_plain: string;
  is_system: boolean;
  created_at: string;
}

/** A page of a list. */
export interface Page<T> {
  data: T[];
  meta: { total: number; has_more: boolean; count: number; offset?: number; limit?: number };
}

/** A member offered as a recipient. */
export interface Suggestion {
  id: number;
  login: string;
  display_name: string;
  avatar_url: string;
}

/** GET /parley/v1/me. */
export interface Me {
  viewer: { id: number; name: string; login: string; avatar_url: string; can_oversee: boolean };
  can_start: boolean;
  /** Why not, in a sentence, when can_start is false. */
  start_closed: string;
  limits: { message_length: number; members: number; title_length: number };
  labels: { space_singular: string; space_plural: string };
  site: { name: string; home: string; locale: string; timezone: string; messages_url: string };
  features: Record<string, boolean>;
  /** What the member lets others see, as far as the site has it. */
  preferences?: { presence: boolean; receipts: boolean; typing: boolean };
}

/** How far a message came with another member, by the id of the newest it came to. */
export interface Receipt {
  member: number;
  delivered: { seq: number; message: number };
  read: { seq: number; message: number; at: string | null };
}
