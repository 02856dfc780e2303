package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"time"

	"parley/internal/mysql"
	"parley/schema"
)

// maxClockOffset is how far the database's clock may be from this machine's.
const maxClockOffset = 30 * time.Second

func (e *exam) settings() {
	from := "the settings database.dsn and wordpress.*"
	if e.Config.WPConfig != "" {
		from = e.Config.WPConfig
	}
	e.ok("settings", "The site is read from %s; table prefix %s, Parley's own %s.",
		from, e.Config.WordPress.SitePrefix(), e.Config.SchemaPrefix)
	switch strings.ToLower(e.Config.Database.Charset) {
	case "", "utf8", "utf8mb3", "utf8mb4":
	default:
		e.add("settings", Note, "Convert the site's tables to utf8mb4 and set DB_CHARSET to utf8mb4.",
			"DB_CHARSET is %s; names with other than ASCII letters may look wrong in Parley.", e.Config.Database.Charset)
	}
}

// database opens the database and reports whether it could.
func (e *exam) database(ctx context.Context) bool {
	db, err := mysql.Open(ctx, mysql.Options{DSN: e.Config.Database.DSN(ctx), MaxOpenConns: 2, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		mend := "Correct DB_NAME, DB_USER, DB_PASSWORD and DB_HOST in wp-config.php, or the setting database.dsn."
		if mysql.IsUnavailable(err) {
			mend = "Start the database, or correct DB_HOST in wp-config.php or the setting database.dsn: Parley must be able to reach that address from this machine."
		}
		e.add("database", Problem, mend, "%s", sentence(err.Error()))
		return false
	}
	e.db = db
	e.ok("database", "The database answers.")
	return true
}

var versionPattern = regexp.MustCompile(`^(?:5\.5\.5-)?(\d+)\.(\d+)`)

func (e *exam) version(ctx context.Context) {
	var v string
	if err := e.db.GetContext(ctx, &v, "SELECT VERSION()"); err != nil {
		e.add("version", Problem, "Try again.", "%s", sentence(err.Error()))
		return
	}
	if supported(v) {
		e.ok("version", "The server is %s.", v)
		return
	}
	e.add("version", Problem, "Use MariaDB 10.6 or newer, or MySQL 8.0 or newer.", "The server is %s, which is too old.", v)
}

func supported(version string) bool {
	m := versionPattern.FindStringSubmatch(version)
	if m == nil {
		return false
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	if strings.Contains(version, "MariaDB") {
		return major > 10 || major == 10 && minor >= 6
	}
	return major >= 8
}

func (e *exam) clock(ctx context.Context) {
	var there time.Time
	before := e.Now()
	if err := e.db.GetContext(ctx, &there, "SELECT UTC_TIMESTAMP(6)"); err != nil {
		e.add("clock", Problem, "Try again.", "%s", sentence(err.Error()))
		return
	}
	here := before.Add(e.Now().Sub(before) / 2)
	offset := there.Sub(here).Round(time.Second)
	if offset.Abs() > maxClockOffset {
		e.add("clock", Problem, "Set both clocks by NTP: logins, nonces and limits depend on them.",
			"The database's clock and this machine's are %s apart.", offset.Abs())
		return
	}
	e.ok("clock", "The database's clock and this machine's agree.")
}

// ownTables makes a table, uses it, and removes it. Each step works on what an
// earlier examination without the right to DROP has left behind.
func (e *exam) ownTables(ctx context.Context) {
	table := "`" + e.Config.SchemaPrefix + "doctor`"
	steps := []struct{ right, statement string }{
		{"CREATE", "CREATE TABLE IF NOT EXISTS " + table + " (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, note VARCHAR(20) NULL) ENGINE=InnoDB"},
		{"ALTER", "ALTER TABLE " + table + " ADD COLUMN more VARCHAR(20) NULL"},
		{"INDEX", "CREATE INDEX note ON " + table + " (note)"},
		{"INSERT", "INSERT IGNORE INTO " + table + " (id) VALUES (1)"},
		{"UPDATE", "UPDATE " + table + " SET note = '' WHERE id = 1"},
		{"SELECT", "SELECT note FROM " + table + " WHERE id = 1 FOR UPDATE"},
		{"DELETE", "DELETE FROM " + table + " WHERE id = 1"},
		{"DROP", "DROP TABLE " + table},
	}
	var missing []string
	for _, step := range steps {
		_, err := e.db.ExecContext(ctx, step.statement)
		switch {
		case err == nil, mysql.IsAlreadyAltered(err):
		case mysql.IsDenied(err):
			missing = append(missing, step.right)
		case mysql.IsNoTable(err) && len(missing) > 0: // nothing could be made
		default:
			e.add("own tables", Problem, "Try again, and look into the database's own log.",
				"Trying out the right to %s failed: %v.", step.right, err)
			return
		}
		if step.right == "CREATE" && len(missing) > 0 {
			break
		}
	}
	if len(missing) == 0 {
		e.ok("own tables", "Parley may create, change and drop its own tables.")
		return
	}
	e.add("own tables", Problem,
		fmt.Sprintf("As an administrator of the database: GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP ON `%s`.* TO %s;", e.schemaName(ctx), e.user(ctx)),
		"The database user lacks the right to %s tables with the prefix %s.", strings.Join(missing, ", "), e.Config.SchemaPrefix)
}

func (e *exam) schemaName(ctx context.Context) string {
	var name string
	_ = e.db.GetContext(ctx, &name, "SELECT DATABASE()") // for the advice only
	return name
}

// user is the account as GRANT wants it.
func (e *exam) user(ctx context.Context) string {
	var account string
	_ = e.db.GetContext(ctx, &account, "SELECT CURRENT_USER()") // for the advice only
	name, host, _ := strings.Cut(account, "@")
	return "'" + name + "'@'" + host + "'"
}

func (e *exam) schema(ctx context.Context) {
	err := schema.Ready(ctx, e.db.DB, e.Config.SchemaPrefix)
	if err == nil {
		e.ok("schema", "Parley's tables are up to date.")
		return
	}
	r, statusErr := schema.Status(ctx, e.db.DB, e.Config.SchemaPrefix)
	if statusErr == nil && len(r.Newer) == 0 && len(r.Pending()) > 0 && e.Config.Migrate {
		e.add("schema", Note, "Nothing to do: parley serve does it at its next start. Or run parley migrate up.",
			"Parley's tables are not up to date yet (%d migrations pending).", len(r.Pending()))
		return
	}
	e.add("schema", Problem, "Run parley migrate up with this version of Parley, or use the version that made the tables.",
		"%s", sentence(err.Error()))
}
