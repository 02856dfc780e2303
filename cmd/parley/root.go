package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"parley/config"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // the command line is wrong
)

// usageError is a wrong command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// errReported ends a command that has said what is wrong itself.
var errReported = errors.New("reported")

// run carries out one command line. Results go to stdout, everything else to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "parley: %v\nTry: %s --help\n", err, cmd.CommandPath())
		return exitUsage
	case errors.Is(err, errReported):
		return exitFailed
	default:
		fmt.Fprintf(stderr, "parley: %v\n", err)
		return exitFailed
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "parley",
		Short: "Private messaging beside WordPress",
		Long: `Parley answers the private messages of a WordPress community: it works on the
site's own database, knows the site's members by their WordPress login, and
runs beside WordPress behind the same web server.

Settings come from, the later one winning: built-in defaults, the configuration
file, the environment (PARLEY_SECTION_NAME), flags. Most sites need one only: the
path of wp-config.php. See parley.example.yaml for all of them.`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              subcommandArgs,
		RunE:              needsSubcommand,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().String("config", os.Getenv("PARLEY_CONFIG"), "configuration `file` (YAML; PARLEY_CONFIG)")
	root.PersistentFlags().String("wp-config", "", "the site's wp-config.php (PARLEY_WP_CONFIG; that of the current folder by default)")
	root.PersistentFlags().Lookup("config").DefValue = ""
	root.AddCommand(serveCommand(), migrateCommand(), importCommand(), messagingCommand(), exportCommands(), eraseCommands(), doctorCommand(), configCommand(), healthCommand(), versionCommand())
	return root
}

// loadConfig gathers the settings for a command.
func loadConfig(cmd *cobra.Command) (*config.Config, error) {
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil, err
	}
	return config.Load(file, cmd.Flags())
}

// subcommandArgs refuses arguments where a subcommand is expected.
func subcommandArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("there is no command %q", strings.Join(append(strings.Fields(cmd.CommandPath())[1:], args[0]), " "))}
	}
	return nil
}

// needsSubcommand is run where a subcommand is missing.
func needsSubcommand(cmd *cobra.Command, _ []string) error {
	cmd.SetOut(cmd.ErrOrStderr())
	_ = cmd.Help()
	return usageError{errors.New("a command is missing")}
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no argument, but was given %q", cmd.CommandPath(), args[0])}
	}
	return nil
}
