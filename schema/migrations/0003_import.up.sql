-- What was moved in from somewhere else, and how it was left here: what makes a second
-- pass of an import a no-op, a later change of the source a merge, and an export exact.

ALTER TABLE `{{p}}messages`
  ADD COLUMN imported_from SMALLINT UNSIGNED NULL;          -- import_sources.id; NULL: written here

-- A digest of the row as an import left it; while it still fits, nobody touched the
-- row. NULL on rows made here.
ALTER TABLE `{{p}}participants`
  ADD COLUMN imported_state BINARY(8) NULL;

CREATE TABLE IF NOT EXISTS `{{p}}import_sources` (
  id                SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name              VARCHAR(190) NOT NULL,                  -- kind and tables: buddypress:wp_
  state             VARCHAR(20) NOT NULL,                   -- running, complete
  passes            INT UNSIGNED NOT NULL DEFAULT 0,        -- that came to their end
  last_thread       BIGINT NOT NULL DEFAULT 0,              -- how far the running pass is
  -- Ids up to kept belong to the source; rows an import makes itself take next, which
  -- may rise to last; Parley's own begin behind it.
  conversation_kept BIGINT UNSIGNED NOT NULL DEFAULT 0,
  conversation_next BIGINT UNSIGNED NOT NULL DEFAULT 0,
  conversation_last BIGINT UNSIGNED NOT NULL DEFAULT 0,
  row_kept          BIGINT UNSIGNED NOT NULL DEFAULT 0,
  row_next          BIGINT UNSIGNED NOT NULL DEFAULT 0,
  row_last          BIGINT UNSIGNED NOT NULL DEFAULT 0,
  message_kept      BIGINT UNSIGNED NOT NULL DEFAULT 0,
  -- Parley's counters when the first pass began: what is written here into what was
  -- brought has ids from there.
  row_first         BIGINT UNSIGNED NOT NULL DEFAULT 0,
  message_first     BIGINT UNSIGNED NOT NULL DEFAULT 0,
  report            MEDIUMTEXT NULL,                        -- JSON of the last pass
  started_at        DATETIME(6) NOT NULL,                   -- of the last pass
  finished_at       DATETIME(6) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS `{{p}}import_threads` (
  source_id       SMALLINT UNSIGNED NOT NULL,
  source_thread   BIGINT NOT NULL,                          -- 0 and below too
  conversation_id BIGINT UNSIGNED NOT NULL,
  fingerprint     BINARY(16) NOT NULL,                      -- of the source's rows
  state           TINYINT UNSIGNED NOT NULL DEFAULT 0,      -- 0 followed, 1 gone here, 2 gone there, 3 merged
  messages        INT UNSIGNED NOT NULL,
  people          INT UNSIGNED NOT NULL,                    -- without those who left
  findings        TEXT NULL,                                -- JSON: what was odd, counted
  imported_at     DATETIME(6) NOT NULL,
  PRIMARY KEY (source_id, source_thread),
  KEY conversation (conversation_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- The source's own values where the message could not take them as they are; NULL
-- where it did.
CREATE TABLE IF NOT EXISTS `{{p}}import_originals` (
  source_id       SMALLINT UNSIGNED NOT NULL,
  source_message  BIGINT NOT NULL,
  conversation_id BIGINT UNSIGNED NOT NULL,
  message_id      BIGINT UNSIGNED NOT NULL,
  sender_id       BIGINT NULL,
  date_sent       VARCHAR(40) NULL,
  subject         BLOB NULL,
  content         LONGBLOB NULL,
  PRIMARY KEY (source_id, source_message),
  KEY message (conversation_id, message_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Ids an operator gave to rows of a source whose own were taken.
CREATE TABLE IF NOT EXISTS `{{p}}import_remap` (
  source_id SMALLINT UNSIGNED NOT NULL,
  kind      VARCHAR(20) NOT NULL,                           -- thread, message, recipient
  from_id   BIGINT NOT NULL,
  to_id     BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (source_id, kind, from_id),
  UNIQUE KEY target (kind, to_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
