package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"parley/messaging"
	"parley/messaging/personal"
	"parley/wpauth"
)

func exportCommands() *cobra.Command {
	c := &cobra.Command{
		Use:   "export",
		Short: "Hand out a member's own data, or everything back to BuddyPress",
		Args:  subcommandArgs,
		RunE:  needsSubcommand,
	}
	c.AddCommand(exportMemberCommand(), exportBuddyPressCommand())
	return c
}

func exportMemberCommand() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use:   "member <id or login>",
		Short: "Everything Parley keeps of a member, as JSON or as a page to read",
		Long: `Writes what Parley keeps of one member, for a request under data protection law: the
messages they wrote, the conversations they are in and with whom, their settings,
stars, blocks and reports. What others wrote is not part of it. Members whose
account is gone are named by their id. The audit log has a row about it.`,
	}
	cmd.Args = oneMember
	cmd.Flags().StringVar(&format, "format", "json", "json or html")
	cmd.Flags().StringVar(&out, "out", "", "write to a new `file`, readable by its owner alone, rather than to standard output")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var writer func(io.Writer) messaging.PersonalWriter
		switch format {
		case "json":
			writer = func(w io.Writer) messaging.PersonalWriter { return personal.NewJSON(w) }
		case "html":
			writer = func(w io.Writer) messaging.PersonalWriter { return personal.NewHTML(w) }
		default:
			return usageError{fmt.Errorf("--format is %q, which is neither json nor html", format)}
		}
		return withConsole(cmd, func(ctx context.Context, c *console) error {
			who, err := c.anybody(ctx, args[0])
			if err != nil {
				return err
			}
			return toFile(cmd.OutOrStdout(), out, func(w io.Writer) error {
				return c.ExportPersonal(ctx, c.operator, who.ID, writer(w))
			})
		})
	}
	return cmd
}

// oneMember wants exactly one argument.
func oneMember(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || strings.TrimSpace(args[0]) == "" {
		return usageError{fmt.Errorf("%s takes one argument: the id or login of a member", cmd.CommandPath())}
	}
	return nil
}

// anybody finds a member by id or login; an id may also be that of an account that is
// gone, as long as something is kept of it.
func (c *console) anybody(ctx context.Context, name string) (wpauth.Member, error) {
	name = strings.TrimSpace(name)
	id, wrong := strconv.ParseInt(name, 10, 64)
	if wrong == nil && id > 0 {
		cards, err := c.site.FreshMembers(ctx, []wpauth.UserID{wpauth.UserID(id)})
		if err != nil || cards[wpauth.UserID(id)].Exists {
			return cards[wpauth.UserID(id)], err
		}
	}
	who, err := c.site.FindLogin(ctx, name)
	if err != nil || who.Exists {
		return who, err
	}
	if wrong == nil && id > 0 {
		kept, err := c.KeepsAnything(ctx, c.operator, wpauth.UserID(id))
		if err != nil || kept {
			return wpauth.Member{ID: wpauth.UserID(id)}, err
		}
	}
	return wpauth.Member{}, fmt.Errorf("%q is no member of this site, and nothing is kept of anybody of that name or id", name)
}

// toFile lets f write to a new file, which is there only when f came to its end; to
// stdout without a name.
func toFile(stdout io.Writer, name string, f func(io.Writer) error) (err error) {
	if name == "" {
		w := bufio.NewWriter(stdout)
		return errors.Join(f(w), w.Flush())
	}
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s is there already: name another file, or remove it first", name)
	}
	temporary, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	if err := errors.Join(f(temporary), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, never replaces what somebody put there meanwhile.
	if err := os.Link(temporary.Name(), name); err != nil {
		return err
	}
	return os.Remove(temporary.Name())
}
