package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"parley/internal/mysql"
	"parley/messaging"
	"parley/schema"
	"parley/wpauth"
)

// console is what the messaging commands work with: the same Service as serve, and
// who sits at the machine.
type console struct {
	*messaging.Service
	site     *wpauth.Site
	operator messaging.Actor
	logs     []string
}

// consoleCommand makes a command whose result is printed in the format asked for.
// check says what is wrong with the command line, before anything is opened.
func consoleCommand(cmd *cobra.Command, check func() error, f func(ctx context.Context, c *console) (any, error)) *cobra.Command {
	cmd.Args = noArgs
	var format string
	cmd.Flags().StringVar(&format, "format", "table", "how to print the result: "+strings.Join(formats, ", "))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !slices.Contains(formats, format) {
			return usageError{fmt.Errorf("--format is %q, which is not one of %s", format, strings.Join(formats, ", "))}
		}
		if err := check(); err != nil {
			return usageError{err}
		}
		o := outcome{began: time.Now()}
		err := withConsole(cmd, func(ctx context.Context, c *console) (err error) {
			o.data, err = f(ctx, c)
			o.logs = c.logs
			return err
		})
		return o.print(cmd.OutOrStdout(), format, err)
	}
	return cmd
}

// withConsole runs f on the settings' database, whose tables must be current.
func withConsole(cmd *cobra.Command, f func(ctx context.Context, c *console) error) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	ctx, quiet := cmd.Context(), slog.New(slog.DiscardHandler)
	db, err := mysql.Open(ctx, mysql.Options{DSN: c.Database.DSN(ctx), MaxOpenConns: 4, Logger: quiet})
	if err != nil {
		return err
	}
	defer db.Close()
	site, err := newSite(ctx, c, db, quiet)
	if err != nil {
		return err
	}
	defer site.Close()
	if err := schema.Ready(ctx, db.DB, c.SchemaPrefix); err != nil {
		return fmt.Errorf("%w (parley migrate up brings the tables up to date)", err)
	}
	service, err := newService(c, db, site, quiet)
	if err != nil {
		return err
	}
	return f(ctx, &console{Service: service, site: site, operator: messaging.Operator(operatorName())})
}

// operatorName is what the audit log calls whoever runs the command: the name of
// their account on this machine, as long as the log's column is wide.
func operatorName() string {
	name := "console"
	if u, err := user.Current(); err == nil {
		name += ":" + u.Username
	}
	runes := []rune(strings.ToValidUTF8(name, "?"))
	return string(runes[:min(len(runes), 60)])
}

// member finds whom a flag names.
func (c *console) member(ctx context.Context, flag, name string) (wpauth.Identity, error) {
	id, err := c.site.IdentityOf(ctx, strings.TrimSpace(name))
	if err == nil && !id.LoggedIn() {
		err = fmt.Errorf("--%s names %q, who is no member of this site", flag, name)
	}
	return id, err
}

// acting is a member in whose name something is read; the audit log has it first.
func (c *console) acting(ctx context.Context, flag, name, action string, id int64) (messaging.Actor, error) {
	who, err := c.member(ctx, flag, name)
	if err != nil {
		return messaging.Actor{}, err
	}
	return messaging.ActorFor(who), c.Console(ctx, c.operator, action, who.UserID, messaging.ConversationID(id))
}

// changing is acting for what changes something: the member must be allowed to, as
// over REST (contract 2).
func (c *console) changing(ctx context.Context, flag, name, action string, id int64, g messaging.Gate) (messaging.Actor, error) {
	who, err := c.member(ctx, flag, name)
	if err != nil {
		return messaging.Actor{}, err
	}
	a := messaging.ActorFor(who)
	if err := c.Admit(ctx, a, g); err != nil {
		return a, inName(a, err)
	}
	if !who.Can(wpauth.CapRead) {
		return a, fmt.Errorf("in the name of %s: the account has no role on this site", a.Login)
	}
	return a, c.Console(ctx, c.operator, action, a.ID, messaging.ConversationID(id))
}

// inName tells an operator why a member was refused something.
func inName(a messaging.Actor, err error) error {
	var refused *messaging.Error
	if !errors.As(err, &refused) {
		return err
	}
	text := refused.Text
	if text == "" {
		text = "refused: " + string(refused.Reason)
	}
	return fmt.Errorf("in the name of %s: %s", a.Login, text)
}

// needMember checks a flag that names whom a command acts for.
func needMember(flag string, name *string) func() error {
	return func() error {
		if strings.TrimSpace(*name) == "" {
			return fmt.Errorf("--%s is missing: the login or the id of a member", flag)
		}
		return nil
	}
}

// needConversation checks the flag every command about one conversation has.
func needConversation(id *int64) func() error {
	return func() error {
		if *id < 1 {
			return errors.New("--conversation is missing: the id of a conversation")
		}
		return nil
	}
}

// every makes one check of several.
func every(checks ...func() error) func() error {
	return func() error {
		for _, check := range checks {
			if err := check(); err != nil {
				return err
			}
		}
		return nil
	}
}
