package importer

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// column is what the server says of a column of a source.
type column struct {
	Table   string  `db:"table_name"`
	Name    string  `db:"column_name"`
	Charset *string `db:"charset"` // nil: no text
}

// table is a table of a source: its name and columns.
type table struct {
	name    string // without quotes
	columns map[string]column
	engine  string
}

// quoted is the table's name for a statement.
func (t *table) quoted() string { return "`" + t.name + "`" }

// has reports whether the table has a column.
func (t *table) has(name string) bool { _, ok := t.columns[name]; return ok }

var tablePrefix = regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`)

// CheckPrefix refuses what cannot be the prefix of a source's tables.
func CheckPrefix(prefix string) error {
	if !tablePrefix.MatchString(prefix) {
		return fmt.Errorf("the table prefix %q cannot be used: it must be 1 to 40 letters, digits and underscores", prefix)
	}
	return nil
}

// findTable looks at a table and at the columns it must have. missing is true, without
// an error, when there is no such table.
func findTable(ctx context.Context, db *sqlx.DB, name string, columns ...string) (t *table, missing bool, err error) {
	rows, err := db.QueryxContext(ctx, "SELECT 1 FROM `"+name+"` LIMIT 0")
	switch {
	case mysql.IsNoTable(err):
		return nil, true, nil
	case mysql.IsDenied(err):
		return nil, false, fmt.Errorf("%w (the database user needs the right to read: GRANT SELECT ON `%s` TO …)", denied(ctx, db, name, err), name)
	case err != nil:
		return nil, false, err
	}
	_ = rows.Close()
	t = &table{name: name, columns: map[string]column{}}
	var list []column
	if err := db.SelectContext(ctx, &list, `SELECT table_name AS table_name, column_name AS column_name, character_set_name AS charset
		FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?`, name); err != nil {
		return nil, false, err
	}
	for _, c := range list {
		t.columns[strings.ToLower(c.Name)] = c
	}
	var lacking []string
	for _, c := range columns {
		if !t.has(c) {
			lacking = append(lacking, c)
		}
	}
	if lacking != nil {
		return nil, false, fmt.Errorf("table %s has no column %s: it is not the table it is taken for", name, strings.Join(lacking, ", "))
	}
	err = db.GetContext(ctx, &t.engine, `SELECT COALESCE(engine, '') FROM information_schema.tables
		WHERE table_schema = DATABASE() AND table_name = ?`, name)
	return t, false, err
}

// denied says who may not read what.
func denied(ctx context.Context, db *sqlx.DB, name string, err error) error {
	var who, where string
	if db.QueryRowxContext(ctx, `SELECT CURRENT_USER(), COALESCE(DATABASE(), '')`).Scan(&who, &where) != nil {
		return err
	}
	return fmt.Errorf("the database user %s may not read table %s of database %s: %w", who, name, where, err)
}

// indexOn finds an index of a table whose first column it is; "" without one.
func indexOn(ctx context.Context, db *sqlx.DB, t *table, column string) (string, error) {
	var names []string
	err := db.SelectContext(ctx, &names, `SELECT index_name AS index_name FROM information_schema.statistics
		WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ? AND seq_in_index = 1
		ORDER BY index_name`, t.name, column)
	if err != nil || len(names) == 0 {
		return "", err
	}
	if slices.Contains(names, column) {
		return column, nil
	}
	return names[0], nil
}

// force is the hint to use an index; nothing without one.
func force(index string) string {
	if index == "" {
		return ""
	}
	return " FORCE INDEX (`" + strings.ReplaceAll(index, "`", "``") + "`)"
}
