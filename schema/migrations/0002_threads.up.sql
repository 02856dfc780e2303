-- What the BuddyPress surface needs of the same conversations: the box of sent
-- messages, stars, and fields of messages.

ALTER TABLE `{{p}}participants`
  ADD COLUMN last_sent_at DATETIME(6) NULL AFTER sender_only, -- of this member's newest message
  ADD KEY sentbox (user_id, last_sent_at, conversation_id);

UPDATE `{{p}}participants` p
  JOIN (SELECT conversation_id, sender_id, MAX(created_at) AS sent FROM `{{p}}messages`
         WHERE kind = 0 GROUP BY conversation_id, sender_id) m
    ON m.conversation_id = p.conversation_id AND m.sender_id = p.user_id
   SET p.last_sent_at = m.sent;

-- Who started a conversation that nobody answered has not received anything in it.
UPDATE `{{p}}participants` p
  JOIN `{{p}}conversations` c ON c.id = p.conversation_id AND c.created_by = p.user_id
   SET p.sender_only = 1
 WHERE NOT EXISTS (SELECT 1 FROM `{{p}}messages` m
                    WHERE m.conversation_id = c.id AND m.kind = 0 AND m.sender_id <> p.user_id);

CREATE TABLE IF NOT EXISTS `{{p}}stars` (
  user_id         BIGINT UNSIGNED NOT NULL,
  conversation_id BIGINT UNSIGNED NOT NULL,
  message_id      BIGINT UNSIGNED NOT NULL,
  message_at      DATETIME(6) NOT NULL,                     -- copy of the message's created_at
  PRIMARY KEY (user_id, conversation_id, message_id),
  KEY conversation (conversation_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- A message may have several values of one key; the oldest is the one that is shown.
CREATE TABLE IF NOT EXISTS `{{p}}message_meta` (
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  conversation_id BIGINT UNSIGNED NOT NULL,
  message_id      BIGINT UNSIGNED NOT NULL,
  meta_key        VARCHAR(255) NULL,
  meta_value      LONGTEXT NULL,
  PRIMARY KEY (id),
  KEY message (message_id, meta_key(191)),
  KEY conversation (conversation_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
