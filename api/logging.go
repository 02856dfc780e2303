package api

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	gomysql "github.com/go-sql-driver/mysql"
)

// NewLogger makes the logger of the program. level is debug, info, warn or error;
// format is json, or anything else for text. What members wrote never reaches it:
// nothing logs texts, and errors of the database, which quote values, are cut down
// to what is known to be harmless.
func NewLogger(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: l, ReplaceAttr: harmless}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// harmless rewrites attributes that hold an error.
func harmless(_ []string, a slog.Attr) slog.Attr {
	// Only what is of no simple kind can be an error; Any would put the others on the heap.
	if a.Value.Kind() != slog.KindAny {
		return a
	}
	if err, ok := a.Value.Any().(error); ok {
		a.Value = slog.StringValue(ErrorText(err))
	}
	return a
}

// quiet are the errors of the server whose messages hold names of users, hosts,
// databases and tables only. All others may quote a statement or a value.
var quiet = map[uint16]bool{
	1040: true, 1042: true, 1044: true, 1045: true, 1049: true, 1053: true, 1129: true, 1130: true,
	1142: true, 1143: true, 1146: true, 1203: true, 1205: true, 1213: true, 1226: true, 1227: true,
	1290: true, 1317: true, 1792: true, 1836: true, 1927: true, 1969: true, 3024: true,
}

// ErrorText is an error for the log, without what the database quoted in it.
func ErrorText(err error) string {
	text := err.Error()
	var e *gomysql.MySQLError
	if errors.As(err, &e) && !quiet[e.Number] && e.Message != "" {
		text = strings.ReplaceAll(text, e.Error(), fmt.Sprintf("database error %d (%s)", e.Number, e.SQLState[:]))
		text = strings.ReplaceAll(text, e.Message, "…")
	}
	return text
}
