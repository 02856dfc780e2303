package bpseed

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
)

// tables are BuddyPress's own, as its installer makes them (contract 4.1).
const tables = `
CREATE TABLE {{p}}bp_messages_messages (
  id bigint(20) NOT NULL AUTO_INCREMENT, thread_id bigint(20) NOT NULL, sender_id bigint(20) NOT NULL,
  subject varchar(200) NOT NULL, message longtext NOT NULL, date_sent datetime NOT NULL,
  PRIMARY KEY (id), KEY sender_id (sender_id), KEY thread_id (thread_id)) {{c}};
CREATE TABLE {{p}}bp_messages_recipients (
  id bigint(20) NOT NULL AUTO_INCREMENT, user_id bigint(20) NOT NULL, thread_id bigint(20) NOT NULL,
  unread_count int(10) NOT NULL DEFAULT 0, sender_only tinyint(1) NOT NULL DEFAULT 0, is_deleted tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (id), KEY user_id (user_id), KEY thread_id (thread_id), KEY is_deleted (is_deleted),
  KEY sender_only (sender_only), KEY unread_count (unread_count)) {{c}};
CREATE TABLE {{p}}bp_messages_meta (
  id bigint(20) NOT NULL AUTO_INCREMENT, message_id bigint(20) NOT NULL, meta_key varchar(255) DEFAULT NULL,
  meta_value longtext DEFAULT NULL, PRIMARY KEY (id), KEY message_id (message_id), KEY meta_key (meta_key(191))) {{c}};
CREATE TABLE {{p}}bp_messages_notices (
  id bigint(20) NOT NULL AUTO_INCREMENT, subject varchar(200) NOT NULL, message longtext NOT NULL,
  date_sent datetime NOT NULL, is_active tinyint(1) NOT NULL DEFAULT 0, PRIMARY KEY (id), KEY is_active (is_active)) {{c}};
CREATE TABLE {{p}}bp_notifications (
  id bigint(20) NOT NULL AUTO_INCREMENT, user_id bigint(20) NOT NULL, item_id bigint(20) NOT NULL,
  secondary_item_id bigint(20) DEFAULT NULL, component_name varchar(75) NOT NULL, component_action varchar(75) NOT NULL,
  date_notified datetime NOT NULL, is_new tinyint(1) NOT NULL DEFAULT 0, PRIMARY KEY (id), KEY item_id (item_id),
  KEY secondary_item_id (secondary_item_id), KEY user_id (user_id), KEY is_new (is_new),
  KEY component_name (component_name), KEY component_action (component_action), KEY useritem (user_id, is_new)) {{c}}`

// makeTables makes BuddyPress's message tables anew; what was in them is gone.
func makeTables(ctx context.Context, db sqlx.ExecerContext, prefix string) error {
	text := strings.NewReplacer("{{p}}", prefix, "{{c}}", "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci").Replace(tables)
	for _, q := range strings.Split(text, ";\n") {
		name := strings.Fields(q)[2]
		for _, q := range []string{"DROP TABLE IF EXISTS " + name, q} {
			if _, err := db.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("bpseed: making %s: %w", name, err)
			}
		}
	}
	return nil
}

// batch gathers rows of one table for INSERT statements of about a megabyte. Texts
// come from this package alone and hold nothing a server could misread, but they are
// escaped all the same.
type batch struct {
	ctx   context.Context
	db    sqlx.ExecerContext
	head  string
	b     []byte
	rows  int
	total int
	err   error
}

const batchBytes = 1 << 20

func newBatch(ctx context.Context, db sqlx.ExecerContext, table, columns string) *batch {
	return &batch{ctx: ctx, db: db, head: "INSERT INTO " + table + " (" + columns + ") VALUES "}
}

// row adds a row: int64, int, string and bool values.
func (b *batch) row(values ...any) {
	if b.rows == 0 {
		b.b = append(b.b[:0], b.head...)
	} else {
		b.b = append(b.b, ',')
	}
	b.b = append(b.b, '(')
	for i, v := range values {
		if i > 0 {
			b.b = append(b.b, ',')
		}
		switch v := v.(type) {
		case string:
			b.b = appendQuoted(b.b, v)
		case bool:
			n := byte('0')
			if v {
				n = '1'
			}
			b.b = append(b.b, n)
		default:
			b.b = fmt.Append(b.b, v)
		}
	}
	b.b = append(b.b, ')')
	b.rows++
	b.total++
	if len(b.b) >= batchBytes {
		b.flush()
	}
}

func (b *batch) flush() {
	if b.rows > 0 && b.err == nil {
		_, b.err = b.db.ExecContext(b.ctx, string(b.b))
	}
	b.rows = 0
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '\'')
	for i := range len(s) {
		switch s[i] {
		case '\'', '\\':
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '\'')
}
