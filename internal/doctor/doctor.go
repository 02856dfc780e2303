// Package doctor looks at an installation and says in plain words what is wrong
// with it and how to mend it. It changes nothing but a table of its own, which it
// makes and removes to see whether it may.
package doctor

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"parley/config"
	"parley/internal/mysql"
	"parley/wpauth"
)

// Verdict says how bad a finding is.
type Verdict string

// The verdicts.
const (
	// OK needs no attention.
	OK Verdict = "ok"
	// Note is worth knowing; Parley works as it is.
	Note Verdict = "note"
	// Problem must be mended.
	Problem Verdict = "problem"
)

// Finding is the outcome of one check.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	// Text is a sentence about what was found.
	Text string `json:"text"`
	// Mend is what to do about it; empty with OK.
	Mend string `json:"mend,omitempty"`
}

// Report is every finding, in the order in which things should be mended.
type Report struct {
	OK       bool      `json:"ok"`
	Findings []Finding `json:"findings"`
}

// Patient is what Examine looks at.
type Patient struct {
	Config *config.Config
	// Now is this machine's clock. nil: time.Now.
	Now func() time.Time
	// Through is the address the site is asked at whether it sends Parley its
	// addresses, SiteHome for its own. "": it is not asked.
	Through string
}

// exam is one examination. A check adds its findings; what needs the database is
// not looked at without it.
type exam struct {
	Patient
	report Report
	db     *mysql.DB
	site   *wpauth.Site
}

// Examine runs every check. ctx bounds all of them together.
func Examine(ctx context.Context, p Patient) Report {
	if p.Now == nil {
		p.Now = time.Now
	}
	e := &exam{Patient: p}
	e.settings()
	if e.database(ctx) {
		defer e.db.Close()
		e.version(ctx)
		e.clock(ctx)
		if e.wordpress(ctx) {
			e.logins(ctx)
			e.https(ctx)
			e.plugins(ctx)
			e.rights(ctx)
		}
		e.ownTables(ctx)
		e.schema(ctx)
	}
	e.redis(ctx)
	e.listener(ctx, "listen", e.Config.Listen)
	e.listener(ctx, "ops_listen", e.Config.OpsListen)
	e.openFiles(ctx)
	if e.Through != "" && e.site != nil {
		e.routes(ctx)
	}
	return e.report.done()
}

// Unreadable is the report on settings that cannot be loaded.
func Unreadable(err error) Report {
	r := Report{Findings: []Finding{{Check: "settings", Verdict: Problem, Text: sentence(err.Error()),
		Mend: "Correct the setting it names; parley.example.yaml explains each."}}}
	return r.done()
}

func (r Report) done() Report {
	r.OK = true
	for _, f := range r.Findings {
		if f.Verdict == Problem {
			r.OK = false
		}
	}
	return r
}

func (e *exam) add(check string, v Verdict, mend, format string, args ...any) {
	e.report.Findings = append(e.report.Findings, Finding{Check: check, Verdict: v, Text: fmt.Sprintf(format, args...), Mend: mend})
}

func (e *exam) ok(check, format string, args ...any) { e.add(check, OK, "", format, args...) }

// WriteText prints the report for people.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	problems := 0
	for _, f := range r.Findings {
		word := map[Verdict]string{OK: "ok     ", Note: "note   ", Problem: "PROBLEM"}[f.Verdict]
		fmt.Fprintf(&b, "%s  %-12s %s\n", word, f.Check, f.Text)
		if f.Mend != "" {
			fmt.Fprintf(&b, "%22s %s\n", "->", f.Mend)
		}
		if f.Verdict == Problem {
			problems++
		}
	}
	switch problems {
	case 0:
		b.WriteString("\nNothing is wrong.\n")
	case 1:
		b.WriteString("\n1 problem.\n")
	default:
		fmt.Fprintf(&b, "\n%d problems.\n", problems)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// sentence begins a text with a capital letter and ends it with a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
