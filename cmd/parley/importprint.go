package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"parley/bpbridge/importer"
)

// printImport prints what an import came to. As JSON, a failure is in it too.
func printImport(w io.Writer, r *importer.Report, failure error, asJSON bool) error {
	if asJSON {
		out := struct {
			*importer.Report
			Error string `json:"error,omitempty"`
		}{Report: r}
		if failure != nil {
			out.Error = failure.Error()
		}
		return printJSON(w, out)
	}
	if r.Inventory == nil {
		return nil
	}
	p := importPrinter{w: w}
	p.source(r)
	if !r.VerifyOnly {
		p.pass(r)
		p.findings(r)
	}
	p.checks(r)
	return p.err
}

type importPrinter struct {
	w   io.Writer
	err error
}

func (p *importPrinter) line(format string, args ...any) {
	_, err := fmt.Fprintf(p.w, format+"\n", args...)
	p.err = errors.Join(p.err, err)
}

// number writes thousands apart.
func number[N int | int64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (p *importPrinter) source(r *importer.Report) {
	v := r.Inventory
	p.line("%s holds %s threads with %s messages, %s recipient rows and %s stars.", r.Source,
		number(v.Threads), number(v.Messages), number(v.Recipients), number(v.Stars))
	for _, note := range v.Notes {
		p.line("%s", note)
	}
}

func (p *importPrinter) pass(r *importer.Report) {
	x := r.Pass
	would, were := "", "were"
	if r.DryRun {
		would, were = " would be", "would be"
	}
	p.line("%s threads with %s messages%s imported, %s changed threads brought up to date (%s messages), %s %s known and unchanged.",
		number(x.New), number(x.NewMessages), would, number(x.Changed), number(x.Added), number(x.Unchanged), were)
	for _, more := range []struct {
		n    int
		text string
	}{
		{x.GoneHere, "were removed in Parley since, or are not followed any more, and were left alone"},
		{x.Removed, "were gone from the source and were removed here"},
		{x.Kept, "were gone from the source and were kept, because somebody had used them here or too many were gone at once"},
	} {
		if more.n > 0 {
			p.line("%s threads %s.", number(more.n), more.text)
		}
	}
	if r.PerSecond > 0 && !r.DryRun {
		p.line("It took %.1f seconds, %.0f messages a second.", r.Seconds, r.PerSecond)
	}
	t := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "ids\thighest in the source\tkept for it up to\tnext of Parley\t")
	for _, x := range []struct {
		name string
		importer.Range
	}{{"threads", r.Ids.Thread}, {"messages", r.Ids.Message}, {"recipient rows", r.Ids.Recipient}} {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t\n", x.name, x.Highest, x.Kept, x.Own)
	}
	p.err = errors.Join(p.err, t.Flush())
	for i, c := range r.Conflicts {
		if i == 20 {
			p.line("… and %d more", len(r.Conflicts)-i)
			break
		}
		p.line("taken: %s %d", c.Kind, c.ID)
	}
}

func (p *importPrinter) findings(r *importer.Report) {
	if len(r.Findings) == 0 {
		p.line("Nothing odd was found.")
		return
	}
	p.line("Odd, and handled:")
	for _, f := range r.Findings {
		where := ""
		if len(f.Threads) > 0 {
			where = fmt.Sprintf(" (threads %s)", strings.Trim(strings.ReplaceAll(fmt.Sprint(f.Threads), " ", ", "), "[]"))
		}
		p.line("  %s %s%s", number(f.Count), f.Kind.Explain(), where)
	}
}

func (p *importPrinter) checks(r *importer.Report) {
	if len(r.Checks) == 0 {
		return
	}
	p.line("Verification:")
	for _, c := range r.Checks {
		state := "ok"
		if !c.OK {
			state = "FAILED"
		}
		text := fmt.Sprintf("  %-3s %-6s %s", c.Name, state, c.What)
		switch {
		case c.Source != "" && c.Source == c.Parley:
			text += ": " + c.Source
		case c.Source != "" && c.Parley != "":
			text += ": source " + c.Source + "; Parley " + c.Parley
		case c.Source != "":
			text += ": " + c.Source
		}
		if c.Note != "" {
			text += " (" + c.Note + ")"
		}
		p.line("%s", text)
		for _, row := range c.Rows {
			p.line("             %s", row)
		}
	}
}
