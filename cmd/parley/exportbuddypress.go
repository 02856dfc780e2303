package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"parley/bpbridge/importer"
	"parley/messaging/store"
	"parley/schema"
)

func exportBuddyPressCommand() *cobra.Command {
	var write, asJSON bool
	var prefix string
	cmd := &cobra.Command{
		Use:   "buddypress",
		Short: "Write what is new and changed back into BuddyPress's tables",
		Long: `Brings conversations back into the tables of BuddyPress's messages component, in its
own form, so that the plugin goes on as if it had never been away. Without --write
it only says what it would do. Tables that are missing are made as BuddyPress makes
them.

Nothing is written of a thread whose rows there are neither those that were
imported nor those an earlier export left: such threads are named, with the rows
that are in the way, and the exit code is 1. Threads that were removed in Parley
are removed there. Each thread is written whole or not at all; interrupted, it goes
on when it is run again. BuddyPress must not write meanwhile.

BuddyPress has no place for archived, muted and blocked conversations, notices,
conversations without messages, and members who left: they are counted and left
out.`,
		Example: `  parley export buddypress
  parley export buddypress --write`,
		Args: noArgs,
	}
	cmd.Flags().BoolVar(&write, "write", false, "write; without it nothing is changed")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	cmd.Flags().StringVar(&prefix, "target-prefix", "", "prefix of the tables to write (that of the site by default)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if prefix != "" {
			if err := importer.CheckPrefix(prefix); err != nil {
				return usageError{fmt.Errorf("--target-prefix: %w", err)}
			}
		}
		return exportBuddyPress(cmd, prefix, write, asJSON)
	}
	return cmd
}

func exportBuddyPress(cmd *cobra.Command, prefix string, write, asJSON bool) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	if c.ImportDSN != "" {
		return errors.New("import.source_dsn names another database: an export writes BuddyPress's tables and Parley's journal together, and both must be in Parley's own; unset it, or copy the tables")
	}
	ctx := cmd.Context()
	db, err := openForImport(ctx, c.Database.WithStatementTimeout(importPatience).DSN(ctx))
	if err != nil {
		return err
	}
	defer db.Close()
	site, err := newSite(ctx, c, db, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer site.Close()
	if err := schema.Ready(ctx, db.DB, c.SchemaPrefix); err != nil {
		return fmt.Errorf("%w (parley migrate up brings the tables up to date)", err)
	}
	if prefix == "" {
		prefix = c.WordPress.TablePrefix
	}
	bar := newProgressBar(cmd.ErrOrStderr())
	report, err := importer.ExportBuddyPress(ctx, importer.ExportOptions{DB: db, Prefix: prefix, Write: write, Progress: bar.show,
		Users: site.Tables().Users, Store: store.New(db.DB, schema.Names(c.SchemaPrefix), site.Tables(), site.Features())})
	bar.end()
	if ctx.Err() != nil {
		err = errors.New("interrupted: every thread is either whole in BuddyPress's tables or as it was; run the same command again, and it goes on")
	}
	printed := printExport(cmd.OutOrStdout(), report, err, asJSON)
	if err == nil {
		err = printed
	}
	return err
}

// printExport prints what a way back came to. As JSON, a failure is in it too.
func printExport(w io.Writer, r *importer.ExportReport, failure error, asJSON bool) error {
	if r == nil {
		return nil
	}
	if asJSON {
		out := struct {
			*importer.ExportReport
			Error string `json:"error,omitempty"`
		}{ExportReport: r}
		if failure != nil {
			out.Error = failure.Error()
		}
		return printJSON(w, out)
	}
	p := importPrinter{w: w}
	be := "would be"
	if r.Written {
		be = "were"
	}
	if len(r.Tables) > 0 {
		p.line("Tables %s %s made.", strings.Join(r.Tables, ", "), be)
	}
	t, n, l := r.Threads, r.Rows, r.LeftOut
	p.line("%s threads %s written anew, %s brought up to date, %s removed; %s are as they should be.",
		number(t.New), be, number(t.Changed), number(t.Removed), number(t.Unchanged))
	p.line("%s messages, %s recipient rows, %s stars and %s fields %s added; %s recipient rows changed and %s removed; %s stars and %s fields removed; %s messages made a deleted user's.",
		number(n.Messages), number(n.Recipients), number(n.Stars), number(n.Fields), be, number(n.RecipientsChanged), number(n.RecipientsRemoved),
		number(n.StarsRemoved), number(n.FieldsRemoved), number(n.Erased))
	p.line("BuddyPress has no place for: %s archived, %s muted, %s blocked, %s members who left, %s notices, %s conversations without messages.",
		number(l.Archived), number(l.Muted), number(l.Blocked), number(l.Left), number(l.Notices), number(l.Empty))
	for _, note := range r.Notes {
		p.line("%s", note)
	}
	if t.Refused > 0 {
		p.line("%s threads %s refused:", number(t.Refused), be)
		for _, c := range r.Conflicts {
			p.line("  thread %d (conversation %d): %s", c.Thread, c.Conversation, strings.Join(c.Rows, "; "))
		}
	}
	if !r.Written && failure == nil {
		p.line("Nothing was written. With --write it is.")
	}
	return p.err
}
