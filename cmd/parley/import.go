package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"parley/bpbridge/importer"
	"parley/config"
	"parley/internal/mysql"
	"parley/messaging/store"
	"parley/schema"
	"parley/wpauth"
)

// importPatience bounds one statement of an import: some count whole tables.
const importPatience = time.Hour

func importCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Bring the conversations of other messaging software along",
		Long: `Reads the tables of other messaging software, which are never written to, and makes
the same conversations here, under the same ids. An import may be run at any time, be
interrupted at any time, and be run again: what is here already stays as it is, what
changed over there is brought up to date. Every pass ends with a verification.`,
		Args: subcommandArgs,
		RunE: needsSubcommand,
	}
	c.AddCommand(importBuddyPressCommand(), importJetonomyProCommand())
	return c
}

// importFlags are the flags every import has.
type importFlags struct {
	dryRun, verifyOnly, asJSON bool
	since, threads, remap      string
	prefix                     string

	scope importer.Scope
	ids   importer.Remap
}

func (f *importFlags) add(cmd *cobra.Command) {
	cmd.Args = noArgs
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "count, look for what is odd, and write nothing")
	cmd.Flags().BoolVar(&f.verifyOnly, "verify-only", false, "make the checks that end a pass once more, and write nothing")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print the report as JSON")
	cmd.Flags().StringVar(&f.since, "only-since", "", "for a trial: threads with a message of this `date` or later (2026-01-31)")
	cmd.Flags().StringVar(&f.threads, "threads", "", "for a trial: these threads alone, as 5,9")
	cmd.Flags().StringVar(&f.remap, "remap", "", "`file` of other ids for rows whose own are taken: lines of thread|message|recipient,ID,NEW_ID")
	cmd.Flags().StringVar(&f.prefix, "source-prefix", "", "prefix of the tables to read (that of the site by default)")
}

// check reads the flags' values.
func (f *importFlags) check() error {
	if f.dryRun && f.verifyOnly {
		return errors.New("--dry-run and --verify-only exclude each other")
	}
	if f.prefix != "" {
		if err := importer.CheckPrefix(f.prefix); err != nil {
			return fmt.Errorf("--source-prefix: %w", err)
		}
	}
	if f.since != "" {
		at, err := time.Parse(time.DateOnly, f.since)
		if err != nil {
			return fmt.Errorf("--only-since is %q, which is no date such as 2026-01-31", f.since)
		}
		f.scope.Since = at
	}
	if f.threads != "" {
		for _, part := range strings.Split(f.threads, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
			if err != nil {
				return fmt.Errorf("--threads is %q, which is no list of thread ids such as 5,9", f.threads)
			}
			f.scope.Threads = append(f.scope.Threads, id)
		}
		slices.Sort(f.scope.Threads)
		f.scope.Threads = slices.Compact(f.scope.Threads)
	}
	if f.remap != "" {
		file, err := os.Open(f.remap)
		if err != nil {
			return fmt.Errorf("--remap: %w", err)
		}
		defer file.Close()
		if f.ids, err = importer.ReadRemap(file); err != nil {
			return fmt.Errorf("--remap %s: %w", f.remap, err)
		}
	}
	return nil
}

func importBuddyPressCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "buddypress",
		Short: "Import the private messages of BuddyPress",
		Long: `Imports the threads of BuddyPress's messages component, with ids, unread counts,
stars and deletions. A first pass may run while members write in BuddyPress; a last
one follows when the web server sends them to Parley (see the chapter "Moving in" of
the README). What is odd in the tables is handled and reported.`,
		Example: `  parley import buddypress --dry-run
  parley import buddypress`,
	}
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := f.check(); err != nil {
			return usageError{err}
		}
		return runImport(cmd, &f, func(p *importPlace) importer.Source {
			return importer.NewBuddyPress(p.source, p.prefix, p.missing)
		})
	}
	return cmd
}

// importPlace is what a source is made with: the database to read, and the site.
type importPlace struct {
	source *sqlx.DB
	prefix string
	site   *wpauth.Site
}

// missing counts which of some users have no account.
func (p *importPlace) missing(ctx context.Context, users []int64) (int, error) {
	gone, err := p.without(ctx, users)
	return len(gone), err
}

// runImport makes a pass of a source and prints its report.
func runImport(cmd *cobra.Command, f *importFlags, source func(*importPlace) importer.Source) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	ctx, quiet := cmd.Context(), slog.New(slog.DiscardHandler)
	db, err := openForImport(ctx, c.Database.WithStatementTimeout(importPatience).DSN(ctx))
	if err != nil {
		return err
	}
	defer db.Close()
	from := db
	if c.ImportDSN != "" {
		if from, err = openForImport(ctx, c.ImportDSN); err != nil {
			return fmt.Errorf("import.source_dsn: %w", err)
		}
		defer from.Close()
	}
	site, err := newSite(ctx, c, db, quiet)
	if err != nil {
		return err
	}
	defer site.Close()
	noTables, err := readyForImport(ctx, c, db, f)
	if err != nil {
		return err
	}
	service, err := newService(c, db, site, quiet)
	if err != nil {
		return err
	}
	place := &importPlace{source: from.DB, prefix: f.prefix, site: site}
	if place.prefix == "" {
		place.prefix = c.WordPress.TablePrefix
	}
	return makePass(cmd, f, importer.Options{
		DB:       db,
		NoTables: noTables,
		Store:    store.New(db.DB, schema.Names(c.SchemaPrefix), site.Tables(), site.Features()),
		Source:   source(place),
		Threads:  service,
	})
}

// makePass runs a pass with progress on standard error and prints its report.
func makePass(cmd *cobra.Command, f *importFlags, o importer.Options) error {
	bar := newProgressBar(cmd.ErrOrStderr())
	o.Scope, o.DryRun, o.VerifyOnly, o.Remap = f.scope, f.dryRun, f.verifyOnly, f.ids
	o.Progress, o.Say = bar.show, bar.say
	report, err := importer.Run(cmd.Context(), o)
	bar.end()
	if cmd.Context().Err() != nil {
		err = errors.New("interrupted: every thread is either whole in Parley or not there at all; run the same command again, and it goes on")
	}
	printed := printImport(cmd.OutOrStdout(), report, err, f.asJSON)
	if err == nil {
		err = printed
	}
	return err
}

func openForImport(ctx context.Context, dsn string) (*mysql.DB, error) {
	return mysql.Open(ctx, mysql.Options{DSN: dsn, MaxOpenConns: 8, Logger: slog.New(slog.DiscardHandler)})
}

// readyForImport brings Parley's tables up to date where the settings want that. What
// writes nothing needs them to be, but for a dry run before there are any: noTables.
func readyForImport(ctx context.Context, c *config.Config, db *mysql.DB, f *importFlags) (noTables bool, _ error) {
	err := schema.Ready(ctx, db.DB, c.SchemaPrefix)
	switch {
	case err == nil:
		return false, nil
	case f.dryRun:
		state, statusErr := schema.Status(ctx, db.DB, c.SchemaPrefix)
		return true, cmp.Or(statusErr, untouched(state, err))
	case c.Migrate && !f.verifyOnly:
		return false, migrateUp(ctx, c, slog.New(slog.DiscardHandler))
	}
	return false, err
}

// untouched returns otherwise unless no migration was ever begun.
func untouched(state schema.Report, otherwise error) error {
	for _, m := range state.Migrations {
		if m.State != schema.Pending {
			return otherwise
		}
	}
	if len(state.Newer) > 0 {
		return otherwise
	}
	return nil
}
