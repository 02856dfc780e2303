package importer

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/internal/mysql"
)

// messageTables are BuddyPress's, as its installer makes them (contract 4.1), without the
// prefix of WordPress.
var messageTables = []struct{ name, columns string }{
	{"bp_messages_messages", `id bigint(20) NOT NULL AUTO_INCREMENT PRIMARY KEY, thread_id bigint(20) NOT NULL, sender_id bigint(20) NOT NULL,
		subject varchar(200) NOT NULL, message longtext NOT NULL, date_sent datetime NOT NULL,
		KEY sender_id (sender_id), KEY thread_id (thread_id)`},
	{"bp_messages_recipients", `id bigint(20) NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id bigint(20) NOT NULL, thread_id bigint(20) NOT NULL,
		unread_count int(10) NOT NULL DEFAULT '0', sender_only tinyint(1) NOT NULL DEFAULT '0', is_deleted tinyint(1) NOT NULL DEFAULT '0',
		KEY user_id (user_id), KEY thread_id (thread_id), KEY is_deleted (is_deleted), KEY sender_only (sender_only), KEY unread_count (unread_count)`},
	{"bp_messages_notices", `id bigint(20) NOT NULL AUTO_INCREMENT PRIMARY KEY, subject varchar(200) NOT NULL, message longtext NOT NULL,
		date_sent datetime NOT NULL, is_active tinyint(1) NOT NULL DEFAULT '0', KEY is_active (is_active)`},
	{"bp_messages_meta", `id bigint(20) NOT NULL AUTO_INCREMENT PRIMARY KEY, message_id bigint(20) NOT NULL,
		meta_key varchar(255) DEFAULT NULL, meta_value longtext DEFAULT NULL, KEY message_id (message_id), KEY meta_key (meta_key(191))`},
}

// tables finds BuddyPress's tables and, with Write, makes those that are missing.
func (e *export) tables(ctx context.Context) error {
	charset := ""
	for _, t := range messageTables {
		_, missing, err := findTable(ctx, e.DB.DB, e.Prefix+t.name)
		if err != nil {
			return err
		}
		if !missing {
			continue
		}
		e.report.Tables = append(e.report.Tables, e.Prefix+t.name)
		if !e.Write {
			continue
		}
		if charset == "" {
			if charset, err = e.charset(ctx); err != nil {
				return err
			}
		}
		_, err = e.conn.ExecContext(ctx, "CREATE TABLE `"+e.Prefix+t.name+"` ("+t.columns+") "+charset)
		if mysql.IsDenied(err) {
			return fmt.Errorf("%w (the database user needs the right to make tables: GRANT CREATE, or let BuddyPress make them by switching its component Private Messaging on)", err)
		}
		if err != nil {
			return err
		}
	}
	return e.find(ctx)
}

// find looks at the tables there are; a missing one has no rows.
func (e *export) find(ctx context.Context) error {
	for _, t := range []struct {
		name    string
		into    **table
		columns []string
	}{
		{"messages", &e.target.messages, []string{"id", "thread_id", "sender_id", "subject", "message", "date_sent"}},
		{"recipients", &e.target.recipients, []string{"id", "user_id", "thread_id", "unread_count", "sender_only", "is_deleted"}},
		{"meta", &e.target.meta, []string{"id", "message_id", "meta_key", "meta_value"}},
	} {
		found, missing, err := findTable(ctx, e.DB.DB, e.Prefix+"bp_messages_"+t.name, t.columns...)
		if err != nil {
			return err
		}
		if missing {
			continue
		}
		if *t.into = found; !strings.EqualFold(found.engine, "InnoDB") {
			e.report.Notes = append(e.report.Notes, fmt.Sprintf("Table %s is stored by %s, which knows no transactions: an export that breaks off may leave the thread it was at half written there. The next one finishes or names it.", found.name, found.engine))
		}
	}
	var err error
	if e.target.messages != nil {
		if e.target.threadIndex, err = indexOn(ctx, e.DB.DB, e.target.messages, "thread_id"); err != nil {
			return err
		}
	}
	if e.target.recipients != nil {
		e.target.rowIndex, err = indexOn(ctx, e.DB.DB, e.target.recipients, "thread_id")
	}
	return err
}

// charset is how WordPress makes tables on this site: as its own are.
func (e *export) charset(ctx context.Context) (string, error) {
	var collation string
	err := e.DB.GetContext(ctx, &collation, `SELECT COALESCE(MAX(table_collation), '') FROM information_schema.tables
		WHERE table_schema = DATABASE() AND table_name = ?`, strings.Trim(e.Users, "`"))
	if set, _, ok := strings.Cut(collation, "_"); ok && err == nil {
		return "DEFAULT CHARACTER SET " + set + " COLLATE " + collation, nil
	}
	return "", err
}

// value is a text as a column takes it without changing a byte: a server converts what
// is text, but not what is binary. Columns in latin1 hold the bytes WordPress sent,
// which are UTF-8; for other character sets the server has to convert.
func (t *table) value(column string, text []byte) any {
	if text == nil {
		return nil
	}
	if c := t.columns[column].Charset; c == nil || *c == latin1 || strings.HasPrefix(*c, "utf8") {
		return text
	}
	return string(text)
}

// takes reports whether a column can hold bytes as they are.
func (t *table) takes(column string, text []byte) bool { return t.isLatin1(column) || utf8.Valid(text) }

// raise lets BuddyPress number what it writes next behind everything of Parley's, so
// that a later import finds no id taken.
func (e *export) raise(ctx context.Context) error {
	aim, err := e.Store.Counters(ctx)
	if err != nil {
		return err
	}
	for _, t := range []struct {
		table *table
		aim   int64
	}{{e.target.messages, aim.Message}, {e.target.recipients, aim.Row}} {
		// The server makes it at least what the rows need.
		_, err := e.conn.ExecContext(ctx, "ALTER TABLE "+t.table.quoted()+" AUTO_INCREMENT = "+strconv.FormatInt(t.aim, 10))
		if mysql.IsDenied(err) {
			e.report.Notes = append(e.report.Notes, fmt.Sprintf("The database user may not ALTER TABLE %s: BuddyPress may give out ids that rows of Parley's own have, which a later import would name. ALTER TABLE %s AUTO_INCREMENT = %d prevents it.", t.table.name, t.table.name, t.aim))
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
