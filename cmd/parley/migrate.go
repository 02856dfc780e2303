package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"parley/config"
	"parley/internal/mysql"
	"parley/schema"
)

// migrationPatience bounds one statement of a migration: altering a large table
// takes longer than any other statement.
const migrationPatience = time.Hour

func migrateCommand() *cobra.Command {
	migrate := &cobra.Command{
		Use:   "migrate",
		Short: "Create, change or remove Parley's own tables",
		Long: `Parley keeps its conversations in tables of its own. WordPress's tables and those
of plugins are never altered. Every command may be repeated, and run by two
processes at once.`,
		Args: subcommandArgs,
		RunE: needsSubcommand,
	}
	var steps int
	var all bool
	down := &cobra.Command{
		Use:   "down",
		Short: "Take back the newest migration, and with it what its tables hold",
		Long: `Takes back the newest migration. The tables it made go, and what is in them:
taking back the first migration deletes every conversation. There is no question
and no way back; make a dump of the database first.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if steps < 1 {
				return usageError{errors.New("--steps must be at least 1")}
			}
			if all {
				steps = schema.All
			}
			return withSchema(cmd, func(ctx context.Context, db *sqlx.DB, prefix string) error {
				reverted, err := schema.Down(ctx, db, prefix, steps)
				return report(cmd, "reverted", reverted, "nothing to take back", err)
			})
		},
	}
	down.Flags().IntVar(&steps, "steps", 1, "how many migrations to take back")
	down.Flags().BoolVar(&all, "all", false, "take back every migration")
	migrate.AddCommand(
		&cobra.Command{
			Use:   "up",
			Short: "Apply pending migrations",
			Args:  noArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withSchema(cmd, func(ctx context.Context, db *sqlx.DB, prefix string) error {
					applied, err := schema.Up(ctx, db, prefix)
					return report(cmd, "applied", applied, "nothing to apply", err)
				})
			},
		},
		down,
		&cobra.Command{
			Use:   "status",
			Short: "List the migrations and how far each is",
			Args:  noArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withSchema(cmd, func(ctx context.Context, db *sqlx.DB, prefix string) error {
					return printStatus(ctx, cmd, db, prefix)
				})
			},
		})
	return migrate
}

// withSchema runs f with the settings' database, opened for migrations.
func withSchema(cmd *cobra.Command, f func(ctx context.Context, db *sqlx.DB, prefix string) error) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	db, err := openForMigrations(cmd.Context(), c)
	if err != nil {
		return err
	}
	defer db.Close()
	return f(cmd.Context(), db.DB, c.SchemaPrefix)
}

// openForMigrations opens the database with patience for long statements.
func openForMigrations(ctx context.Context, c *config.Config) (*mysql.DB, error) {
	return mysql.Open(ctx, mysql.Options{
		DSN:          c.Database.WithStatementTimeout(migrationPatience).DSN(ctx),
		MaxOpenConns: 2,
		Logger:       slog.New(slog.DiscardHandler),
	})
}

func report(cmd *cobra.Command, verb string, list []schema.Migration, none string, err error) error {
	out := cmd.OutOrStdout()
	for _, m := range list {
		fmt.Fprintf(out, "%s %d %s\n", verb, m.Version, m.Name)
	}
	if err == nil && len(list) == 0 {
		fmt.Fprintln(out, none)
	}
	return err
}

func printStatus(ctx context.Context, cmd *cobra.Command, db *sqlx.DB, prefix string) error {
	r, err := schema.Status(ctx, db, prefix)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VERSION\tNAME\tSTATE\tAPPLIED")
	for _, m := range append(r.Migrations, r.Newer...) {
		applied := "-"
		if !m.AppliedAt.IsZero() {
			applied = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", m.Version, m.Name, m.State, applied)
	}
	return w.Flush()
}
