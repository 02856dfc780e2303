package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"parley/api"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the service",
		Long: `Answers visitors on one address and operators (/healthz, /readyz, /metrics) on
another, until SIGTERM or Ctrl-C; then it finishes what it has accepted within
15 seconds. When the database is not there yet, Parley waits for it and answers
503 meanwhile.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			tuneMemory()
			lines := &logLines{w: cmd.ErrOrStderr()}
			defer lines.Flush()
			s := &Server{
				Config:  c,
				Log:     slog.New(promptHandler{api.NewLogger(lines, c.LogLevel, c.LogFormat).Handler(), lines}),
				Version: version,
			}
			return s.Run(cmd.Context())
		},
	}
	cmd.Flags().String("listen", "", "address to answer visitors on (PARLEY_LISTEN; 127.0.0.1:8070 by default)")
	cmd.Flags().String("ops-listen", "", "address to answer operators on (PARLEY_OPS_LISTEN; 127.0.0.1:8071 by default)")
	cmd.Flags().Bool("migrate", true, "apply pending migrations at start (PARLEY_MIGRATE)")
	return cmd
}
