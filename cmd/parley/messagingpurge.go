package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"parley/messaging"
)

// purgePage is how many conversations are looked at together.
const purgePage = 100

type purgeRow struct {
	ID           int64  `json:"conversation_id"`
	Type         string `json:"type"`
	Participants int    `json:"participant_count"`
	Messages     int64  `json:"message_count"`
	LastAt       string `json:"last_activity_at"`
	Purged       bool   `json:"purged"`
}

func purgeCommand() *cobra.Command {
	var days int
	var dry, yes bool
	cmd := consoleCommand(&cobra.Command{
		Use:   "purge-old --older-than=<days>",
		Short: "Remove conversations in which nothing was written for long",
		Long: `Removes, for all participants and for good, every conversation in which nothing was
written for the given number of days. Nobody is notified; the audit log says who
did it. Look first with --dry-run, then repeat with --yes.`,
	}, func() error {
		switch {
		case days < 1 || days > 36500:
			return errors.New("--older-than must be a number of days from 1 to 36500")
		case !dry && !yes:
			return errors.New("say either --dry-run, to see what would be removed, or --yes, to remove it for all participants")
		}
		return nil
	}, func(ctx context.Context, c *console) (any, error) {
		before := time.Now().UTC().AddDate(0, 0, -days)
		if dry {
			return c.old(ctx, before)
		}
		return c.purgeOld(ctx, before)
	})
	cmd.Flags().IntVar(&days, "older-than", 0, "days without a message")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would be removed")
	cmd.Flags().BoolVar(&yes, "yes", false, "remove without asking")
	return cmd
}

// old lists what nothing happened in since a moment.
func (c *console) old(ctx context.Context, before time.Time) ([]purgeRow, error) {
	rows := []purgeRow{}
	for page := 1; ; page++ {
		p, err := c.OverseeList(ctx, c.operator, messaging.OverseeQuery{Page: page, PerPage: purgePage, Before: before})
		if err != nil {
			return nil, err
		}
		for i := range p.Conversations {
			rows = append(rows, purgeRowOf(&p.Conversations[i]))
		}
		if len(p.Conversations) < purgePage {
			c.logs = append(c.logs, fmt.Sprintf("conversations that would be purged: %d", len(rows)))
			return rows, nil
		}
	}
}

// purgeOld removes what old lists. A conversation in which something is written
// meanwhile stays, and one that somebody else purges is gone.
func (c *console) purgeOld(ctx context.Context, before time.Time) ([]purgeRow, error) {
	rows, err := c.old(ctx, before)
	if err != nil {
		return nil, err
	}
	c.logs = nil
	purged := 0
	for i := range rows {
		rows[i].Purged, err = c.PurgeQuiet(ctx, c.operator, messaging.ConversationID(rows[i].ID), before)
		if err != nil && messaging.ReasonOf(err) != messaging.NotFound {
			return nil, fmt.Errorf("after %d conversations were purged: %w", purged, err)
		}
		if rows[i].Purged {
			purged++
		}
	}
	c.logs = append(c.logs, fmt.Sprintf("conversations purged: %d", purged))
	return rows, nil
}

func purgeRowOf(c *messaging.Conversation) purgeRow {
	row := purgeRow{ID: int64(c.ID), Type: c.Type.String(), Messages: c.MessageCount, LastAt: isoTime(c.LastAt)}
	if row.LastAt == "" {
		row.LastAt = isoTime(c.CreatedAt)
	}
	for i := range c.Participants {
		if c.Participants[i].LeftAt.IsZero() {
			row.Participants++
		}
	}
	return row
}
