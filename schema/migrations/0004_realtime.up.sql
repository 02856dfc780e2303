-- What realtime keeps beside the events: who is connected where, how far messages were
-- delivered, what members switched off, and how nodes without a relay give each other hints.

ALTER TABLE `{{p}}preferences`
  ADD COLUMN presence TINYINT UNSIGNED NULL AFTER notify_email, -- NULL: the site's choice
  ADD COLUMN receipts TINYINT UNSIGNED NULL AFTER presence,
  ADD COLUMN typing   TINYINT UNSIGNED NULL AFTER receipts;

-- A running Parley. seen_at is by the database's clock, the same for all of them.
CREATE TABLE IF NOT EXISTS `{{p}}nodes` (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name       VARCHAR(190) NOT NULL,                         -- host name
  version    VARCHAR(64) NOT NULL,
  started_at DATETIME(6) NOT NULL,
  seen_at    DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY seen (seen_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Who is connected to which node; rows of nodes that are not alive do not count.
CREATE TABLE IF NOT EXISTS `{{p}}presence` (
  user_id BIGINT UNSIGNED NOT NULL,
  node_id BIGINT UNSIGNED NOT NULL,
  state   TINYINT UNSIGNED NOT NULL,                        -- 1 online, 2 away
  PRIMARY KEY (user_id, node_id),
  KEY node (node_id, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS `{{p}}last_seen` (
  user_id BIGINT UNSIGNED NOT NULL,
  seen_at DATETIME NOT NULL,
  PRIMARY KEY (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Hints that live for seconds. Losing one costs a hint, never a message.
CREATE TABLE IF NOT EXISTS `{{p}}signals` (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  node_id    BIGINT UNSIGNED NOT NULL,                      -- who gave it
  kind       VARCHAR(20) NOT NULL,
  body       MEDIUMBLOB NOT NULL,                           -- JSON
  created_at DATETIME(6) NOT NULL,                          -- by the database's clock
  PRIMARY KEY (id),
  KEY created (created_at)                                  -- pruning
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Up to where messages reached a device of a member. Apart from participants, so that
-- writing it never waits for a send.
CREATE TABLE IF NOT EXISTS `{{p}}deliveries` (
  conversation_id BIGINT UNSIGNED NOT NULL,
  user_id         BIGINT UNSIGNED NOT NULL,
  delivered_seq   BIGINT UNSIGNED NOT NULL,
  delivered_at    DATETIME(6) NOT NULL,
  PRIMARY KEY (conversation_id, user_id),
  KEY member (user_id)                                      -- erasing somebody
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
