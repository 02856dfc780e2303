package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"parley/messaging"
	"parley/wpauth"
)

// exportPage is how much of an export is read at a time.
const exportPage = 100

func isoTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

type conversationRow struct {
	ID           int64    `json:"conversation_id"`
	Type         string   `json:"type"`
	Title        string   `json:"title"`
	Participants []string `json:"participants"`
	Messages     int64    `json:"message_count"`
	Unread       int      `json:"unread_count"`
	Archived     bool     `json:"is_archived"`
	CreatedAt    string   `json:"created_at"`
	LastAt       string   `json:"last_message_at"`
}

func conversationRowOf(c *messaging.Conversation, viewer wpauth.UserID) conversationRow {
	row := conversationRow{ID: int64(c.ID), Type: c.Type.String(), Title: c.ShownTitle(viewer), Messages: c.MessageCount,
		CreatedAt: isoTime(c.CreatedAt), LastAt: isoTime(c.LastAt), Participants: []string{}}
	for i := range c.Participants {
		p := &c.Participants[i]
		if !p.Member.Exists {
			row.Participants = append(row.Participants, wpauth.DeletedUserName)
		} else {
			row.Participants = append(row.Participants, p.Member.Login)
		}
	}
	if c.Me != nil {
		row.Unread, row.Archived = c.Me.Unread, c.Me.Archived
	}
	return row
}

type messageRow struct {
	ID        int64  `json:"message_id"`
	Sender    int64  `json:"sender_id"`
	Name      string `json:"sender_name"`
	Content   string `json:"content"`
	System    bool   `json:"is_system"`
	CreatedAt string `json:"sent_at"`
}

func messageRowsOf(messages []messaging.Message) []messageRow {
	rows := make([]messageRow, len(messages))
	for i := range messages {
		m := &messages[i]
		rows[i] = messageRow{int64(m.ID), int64(m.Sender), m.Member.Name(), m.Plain, m.Kind == messaging.KindSystem, isoTime(m.CreatedAt)}
	}
	return rows
}

func listCommand() *cobra.Command {
	var by, filter, search string
	var limit, offset int
	cmd := consoleCommand(&cobra.Command{
		Use:   "list --by=<member>",
		Short: "List a member's conversations, newest activity first",
	}, needMember("by", &by), func(ctx context.Context, c *console) (any, error) {
		a, err := c.acting(ctx, "by", by, messaging.AuditConsoleList, 0)
		if err != nil {
			return nil, err
		}
		p, err := c.List(ctx, a, messaging.ListQuery{Filter: messaging.Filter(filter), Search: search, Limit: limit, Offset: offset})
		if err != nil {
			return nil, inName(a, err)
		}
		rows := make([]conversationRow, len(p.Conversations))
		for i := range p.Conversations {
			rows[i] = conversationRowOf(&p.Conversations[i], a.ID)
		}
		return rows, nil
	})
	cmd.Flags().StringVar(&by, "by", "", "whose")
	cmd.Flags().StringVar(&filter, "filter", string(messaging.FilterActive), "active, archived, all, unread, direct or group")
	cmd.Flags().StringVar(&search, "search", "", "what to find in them")
	cmd.Flags().IntVar(&limit, "limit", 20, "how many at most, up to 100")
	cmd.Flags().IntVar(&offset, "offset", 0, "how many to pass over")
	return cmd
}

func readCommand() *cobra.Command {
	var conversation, before int64
	var by string
	var limit int
	cmd := consoleCommand(&cobra.Command{
		Use:   "read --conversation=<id> --by=<member>",
		Short: "Show the newest messages of a conversation, oldest first",
		Long: `Shows the newest messages a member sees in a conversation, the oldest of them
first. Nothing is marked as read.`,
	}, every(needConversation(&conversation), needMember("by", &by)), func(ctx context.Context, c *console) (any, error) {
		a, err := c.acting(ctx, "by", by, messaging.AuditConsoleRead, conversation)
		if err != nil {
			return nil, err
		}
		p, err := c.Messages(ctx, a, messaging.ConversationID(conversation),
			messaging.MessagesQuery{Limit: limit, Before: messaging.MessageID(before), Ascending: true})
		if err != nil {
			return nil, inName(a, err)
		}
		return messageRowsOf(p.Messages), nil
	})
	cmd.Flags().Int64Var(&conversation, "conversation", 0, "id of the conversation")
	cmd.Flags().StringVar(&by, "by", "", "through whose eyes")
	cmd.Flags().IntVar(&limit, "limit", 30, "how many at most, up to 100")
	cmd.Flags().Int64Var(&before, "before", 0, "only messages older than this one (id)")
	return cmd
}

type exportRow struct {
	ID           int64        `json:"conversation_id"`
	Type         string       `json:"type"`
	Title        string       `json:"title"`
	Participants []string     `json:"participants"`
	CreatedAt    string       `json:"created_at"`
	Messages     []messageRow `json:"messages"`
}

func exportCommand() *cobra.Command {
	var by string
	cmd := consoleCommand(&cobra.Command{
		Use:   "export-conversations --by=<member>",
		Short: "Print a member's conversations with all their messages",
		Long: `Prints every conversation a member is in, archived ones included, and every message
in them the member sees, oldest first. Groups the member left are not among them.
As table and CSV each message is a row.`,
	}, needMember("by", &by), func(ctx context.Context, c *console) (any, error) {
		a, err := c.acting(ctx, "by", by, messaging.AuditConsoleExport, 0)
		if err != nil {
			return nil, err
		}
		rows, err := c.export(ctx, a)
		return rows, inName(a, err)
	})
	cmd.Flags().StringVar(&by, "by", "", "whose")
	return cmd
}

// export reads everything a member sees. A conversation that moves while the list is
// read is taken once.
func (c *console) export(ctx context.Context, a messaging.Actor) ([]exportRow, error) {
	rows, seen := []exportRow{}, map[messaging.ConversationID]bool{}
	for offset := 0; ; offset += exportPage {
		p, err := c.List(ctx, a, messaging.ListQuery{Filter: messaging.FilterAll, Limit: exportPage, Offset: offset})
		if err != nil {
			return nil, err
		}
		for i := range p.Conversations {
			found := &p.Conversations[i]
			if seen[found.ID] {
				continue
			}
			seen[found.ID] = true
			head := conversationRowOf(found, a.ID)
			row := exportRow{head.ID, head.Type, head.Title, head.Participants, head.CreatedAt, []messageRow{}}
			if row.Messages, err = c.wholeThread(ctx, a, found.ID); err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		if len(p.Conversations) < exportPage {
			return rows, nil
		}
	}
}

func (c *console) wholeThread(ctx context.Context, a messaging.Actor, id messaging.ConversationID) ([]messageRow, error) {
	rows, after := []messageRow{}, messaging.MessageID(0)
	for {
		p, err := c.Messages(ctx, a, id, messaging.MessagesQuery{Limit: exportPage, After: after, FromOldest: true, Ascending: true})
		if err != nil {
			return nil, err
		}
		rows = append(rows, messageRowsOf(p.Messages)...)
		if !p.HasMore {
			return rows, nil
		}
		after = p.Messages[len(p.Messages)-1].ID
	}
}
