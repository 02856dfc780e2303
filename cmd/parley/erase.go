package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"parley/messaging"
	"parley/wpauth"
)

func eraseCommands() *cobra.Command {
	c := &cobra.Command{
		Use:   "erase",
		Short: "Take a member out of everything",
		Args:  subcommandArgs,
		RunE:  needsSubcommand,
	}
	c.AddCommand(eraseMemberCommand())
	return c
}

type erasedRow struct {
	Member        wpauth.UserID `json:"member_id"`
	Login         string        `json:"login"`
	Account       bool          `json:"has_account"`
	DryRun        bool          `json:"dry_run"`
	Conversations int64         `json:"conversations"`
	Removed       int64         `json:"conversations_removed"`
	Messages      int64         `json:"messages"`
}

func eraseMemberCommand() *cobra.Command {
	var dry, yes, asJSON bool
	cmd := &cobra.Command{
		Use:   "member <id or login>",
		Short: "Erase a member: their messages stay without a name, everything else of them goes",
		Long: `Takes a member out of Parley, as deleting their account means: the messages they
wrote stay for the others, as those of a deleted user; their places in
conversations, stars, blocks, settings and notifications go, and what others were
notified of in their name. Conversations nobody else is in are removed. It cannot
be undone. Ended in between, it is finished by running it again.

It changes neither WordPress's account nor BuddyPress's own tables. While the
account is there the member can write again, so --yes is needed for one that is.
The audit log has a row about it.`,
	}
	cmd.Args = oneMember
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would be erased")
	cmd.Flags().BoolVar(&yes, "yes", false, "erase although the account is still there")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		began, format := time.Now(), "table"
		if asJSON {
			format = "json"
		}
		o := outcome{began: began}
		err := withConsole(cmd, func(ctx context.Context, c *console) error {
			who, err := c.anybody(ctx, args[0])
			if err != nil {
				return err
			}
			row := erasedRow{Member: who.ID, Login: who.Login, Account: who.Exists, DryRun: dry}
			if dry {
				kept, err := c.TracesOf(ctx, c.operator, who.ID)
				row.Conversations, row.Messages = kept.Conversations, kept.Messages
				o.data = row
				return err
			}
			if who.Exists && !yes {
				return fmt.Errorf("%s (login %s, id %d) still has an account on this site: erasing cannot be undone, and they can write again; repeat with --yes if that is what you want, or delete the account in WordPress first",
					who.Name(), who.Login, who.ID)
			}
			done, err := c.Erase(ctx, c.operator, who.ID, func(e messaging.Erasure) {
				if e.Conversations%1000 == 0 {
					fmt.Fprintf(cmd.ErrOrStderr(), "%d conversations, %d messages so far\n", e.Conversations, e.Messages)
				}
			})
			row.Conversations, row.Removed, row.Messages = done.Conversations, done.Removed, done.Messages
			o.data = row
			if err != nil {
				return fmt.Errorf("after %d conversations and %d messages: %w (nothing is half done; run the same command again to go on)", done.Conversations, done.Messages, err)
			}
			return nil
		})
		return o.print(cmd.OutOrStdout(), format, err)
	}
	return cmd
}
