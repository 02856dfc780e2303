package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"parley/config"
	"parley/internal/doctor"
)

// doctorTime bounds all checks together.
const doctorTime = time.Minute

func doctorCommand() *cobra.Command {
	var asJSON bool
	var through string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the installation, and say how to mend what is wrong",
		Long: `Looks at the settings, the database and the rights on it, the site behind the
table prefix, keys and cookies, plugins, Parley's own tables and addresses, and
says in plain words what is wrong and how to mend it. Nothing is changed; one
table is made and removed to see whether Parley may.

With --site-url it also visits the site, and says whether the web server sends
Parley its addresses and leaves the others to WordPress.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var report doctor.Report
			if c, err := loadConfig(cmd); err != nil {
				report = doctor.Unreadable(err)
			} else {
				ctx, cancel := context.WithTimeout(cmd.Context(), doctorTime)
				defer cancel()
				report = doctor.Examine(ctx, doctor.Patient{Config: c, Through: through})
			}
			if err := printReport(cmd, report, asJSON); err != nil {
				return err
			}
			if !report.OK {
				return errReported
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&through, "site-url", "", `visit the site at this address; "`+doctor.SiteHome+`": at its own`)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	return cmd
}

// examiner examines the installation a service runs with, once at a time: two
// examinations would meet in the one table they make and remove.
func examiner(c *config.Config) func(context.Context) doctor.Report {
	var one sync.Mutex
	return func(ctx context.Context) doctor.Report {
		one.Lock()
		defer one.Unlock()
		return doctor.Examine(ctx, doctor.Patient{Config: c})
	}
}

func printReport(cmd *cobra.Command, r doctor.Report, asJSON bool) error {
	if !asJSON {
		return r.WriteText(cmd.OutOrStdout())
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
