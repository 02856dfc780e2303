// Package schema owns Parley's tables: their names, and the migrations that make
// and change them. It never touches a table without Parley's own prefix.
package schema

import (
	"fmt"
	"regexp"
)

// Tables are the names of Parley's tables, with the prefix applied and quoted with
// backticks: ready to be put into a statement.
type Tables struct {
	Conversations string
	Participants  string
	Messages      string
	MessageText   string
	MessageMeta   string
	Stars         string
	Reports       string
	Preferences   string
	AuditLog      string
	Events        string
	Migrations    string

	Nodes      string
	Presence   string
	LastSeen   string
	Signals    string
	Deliveries string

	ImportSources   string
	ImportThreads   string
	ImportOriginals string
	ImportRemap     string
}

var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`)

// CheckPrefix reports why a table prefix cannot be used; nil when it can. The
// prefix goes into statements as it is, so this is also what keeps it harmless.
func CheckPrefix(prefix string) error {
	if !prefixPattern.MatchString(prefix) {
		return fmt.Errorf("the table prefix %q cannot be used: it must be 1 to 40 letters, digits and underscores", prefix)
	}
	return nil
}

// Names returns the tables for a prefix. It panics on a prefix CheckPrefix refuses.
func Names(prefix string) Tables {
	if err := CheckPrefix(prefix); err != nil {
		panic(err)
	}
	q := func(name string) string { return "`" + prefix + name + "`" }
	return Tables{
		Conversations: q("conversations"),
		Participants:  q("participants"),
		Messages:      q("messages"),
		MessageText:   q("message_text"),
		MessageMeta:   q("message_meta"),
		Stars:         q("stars"),
		Reports:       q("reports"),
		Preferences:   q("preferences"),
		AuditLog:      q("audit_log"),
		Events:        q("events"),
		Migrations:    q("schema_migrations"),

		Nodes:      q("nodes"),
		Presence:   q("presence"),
		LastSeen:   q("last_seen"),
		Signals:    q("signals"),
		Deliveries: q("deliveries"),

		ImportSources:   q("import_sources"),
		ImportThreads:   q("import_threads"),
		ImportOriginals: q("import_originals"),
		ImportRemap:     q("import_remap"),
	}
}
