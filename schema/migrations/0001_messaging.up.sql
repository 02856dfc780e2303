-- {{p}} is Parley's own table prefix. Times are UTC with microseconds. Every statement
-- may run again after a half-applied attempt.

CREATE TABLE IF NOT EXISTS `{{p}}conversations` (
  id                   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  type                 TINYINT UNSIGNED NOT NULL,           -- 1 direct, 2 group
  title                VARCHAR(255) NULL,
  created_by           BIGINT UNSIGNED NOT NULL,
  -- The pair of the one direct thread two people reuse; NULL on every other thread.
  direct_low           BIGINT UNSIGNED NULL,
  direct_high          BIGINT UNSIGNED NULL,
  last_seq             BIGINT UNSIGNED NOT NULL DEFAULT 0,  -- newest row, notices included
  message_count        BIGINT UNSIGNED NOT NULL DEFAULT 0,  -- without notices
  last_message_at      DATETIME(6) NULL,                    -- without notices
  last_message_preview VARCHAR(255) NULL,
  last_activity_at     DATETIME(6) NOT NULL,                -- last_message_at, else created_at; never falls
  created_at           DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY direct_pair (direct_low, direct_high),
  KEY creator (created_by, created_at),                     -- the daily limit
  KEY activity (last_activity_at, id)                       -- oversight list
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS `{{p}}participants` (
  conversation_id  BIGINT UNSIGNED NOT NULL,
  user_id          BIGINT UNSIGNED NOT NULL,
  id               BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, -- on the wire of the BuddyPress surface
  folder           TINYINT UNSIGNED NOT NULL DEFAULT 0,     -- 0 active, 1 archived, 2 out of every list (left, deleted)
  last_activity_at DATETIME(6) NOT NULL,                    -- copy of the conversation's; frozen on leaving
  unread_count     INT UNSIGNED NOT NULL DEFAULT 0,
  has_unread       TINYINT UNSIGNED NOT NULL DEFAULT 0,     -- unread_count > 0, for the badge's index
  last_read_seq    BIGINT UNSIGNED NOT NULL DEFAULT 0,
  last_read_at     DATETIME(6) NULL,
  is_muted         TINYINT UNSIGNED NOT NULL DEFAULT 0,
  is_archived      TINYINT UNSIGNED NOT NULL DEFAULT 0,
  is_blocked       TINYINT UNSIGNED NOT NULL DEFAULT 0,     -- set on the row of the member who is blocked
  sender_only      TINYINT UNSIGNED NOT NULL DEFAULT 0,
  joined_at        DATETIME(6) NOT NULL,
  left_at          DATETIME(6) NULL,
  left_seq         BIGINT UNSIGNED NULL,                    -- last row visible after leaving
  deleted_at       DATETIME(6) NULL,
  bell_id          BIGINT UNSIGNED NULL,                    -- the jt_notifications row last written for this member
  PRIMARY KEY (conversation_id, user_id),
  UNIQUE KEY id (id),
  KEY inbox (user_id, folder, last_activity_at, conversation_id),
  KEY badge (user_id, folder, has_unread)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Clustered by conversation: a page of a thread is one range.
CREATE TABLE IF NOT EXISTS `{{p}}messages` (
  conversation_id BIGINT UNSIGNED NOT NULL,
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  seq             BIGINT UNSIGNED NOT NULL,                 -- gapless from 1
  sender_id       BIGINT UNSIGNED NOT NULL,
  kind            TINYINT UNSIGNED NOT NULL DEFAULT 0,      -- 0 message, 1 notice
  format          TINYINT UNSIGNED NOT NULL DEFAULT 0,      -- 0 text as sent, 1 as BuddyPress stores it
  subject         VARCHAR(255) NULL,
  content         MEDIUMTEXT NOT NULL,
  plain           MEDIUMTEXT NULL,                          -- NULL: same as content
  client_id       VARBINARY(64) NULL,
  created_at      DATETIME(6) NOT NULL,
  PRIMARY KEY (conversation_id, id),
  UNIQUE KEY id (id),
  UNIQUE KEY seq (conversation_id, seq),
  UNIQUE KEY client (sender_id, client_id),
  KEY sender (sender_id, created_at)                        -- the limit per minute
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Folded text for searching one's own messages; no FULLTEXT (docs/decisions).
CREATE TABLE IF NOT EXISTS `{{p}}message_text` (
  conversation_id BIGINT UNSIGNED NOT NULL,
  message_id      BIGINT UNSIGNED NOT NULL,
  sender_id       BIGINT UNSIGNED NOT NULL,
  body            VARBINARY(40000) NOT NULL,
  PRIMARY KEY (conversation_id, message_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS `{{p}}reports` (
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  reporter_id     BIGINT UNSIGNED NOT NULL,
  reported_id     BIGINT UNSIGNED NOT NULL,
  conversation_id BIGINT UNSIGNED NOT NULL,
  message_id      BIGINT UNSIGNED NOT NULL DEFAULT 0,       -- 0: the conversation
  reason          VARCHAR(20) NOT NULL,
  description     TEXT NOT NULL,
  flag_id         BIGINT UNSIGNED NULL,                     -- the jt_flags row written for it
  created_at      DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY once (reporter_id, conversation_id, message_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS `{{p}}preferences` (
  user_id    BIGINT UNSIGNED NOT NULL,
  notify_web   TINYINT UNSIGNED NULL,                       -- NULL: the site's choice
  notify_email TINYINT UNSIGNED NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS `{{p}}audit_log` (
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  actor_id        BIGINT UNSIGNED NOT NULL,
  actor_login     VARCHAR(60) NOT NULL,
  action          VARCHAR(64) NOT NULL,
  conversation_id BIGINT UNSIGNED NULL,
  member_id       BIGINT UNSIGNED NULL,
  detail          TEXT NULL,
  ip              VARCHAR(45) NOT NULL,
  request_id      VARCHAR(64) NOT NULL,
  created_at      DATETIME(6) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- What happened, written with the change. A reader that meets a hole settles it
-- by taking the position itself (kind ''), so order never depends on a clock.
CREATE TABLE IF NOT EXISTS `{{p}}events` (
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind            VARCHAR(40) NOT NULL,
  conversation_id BIGINT UNSIGNED NOT NULL,
  message_id      BIGINT UNSIGNED NOT NULL DEFAULT 0,
  actor_id        BIGINT UNSIGNED NOT NULL,
  payload         TEXT NOT NULL,
  created_at      DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY created (created_at)                                  -- pruning
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
