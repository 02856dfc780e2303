package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"parley/messaging"
	"parley/wpauth"
)

func messagingCommand() *cobra.Command {
	m := &cobra.Command{
		Use:   "messaging",
		Short: "Start, read, export and purge conversations at the console",
		Long: `Works on conversations in the name of a member, by the same rules as if the member
did it, or as an operator (purge-old). Members are named by their id or login.
Whatever is read, written or purged here is in the audit log, under the name of
the account on this machine that ran the command.`,
		Args: subcommandArgs,
		RunE: needsSubcommand,
	}
	m.AddCommand(createCommand(), sendCommand(), listCommand(), readCommand(), unreadCommand(),
		markReadCommand(), exportCommand(), purgeCommand())
	return m
}

type createdRow struct {
	Conversation int64  `json:"conversation_id"`
	Participants int    `json:"participant_count"`
	Type         string `json:"type"`
	Reused       bool   `json:"reused"`
	Message      *int64 `json:"message_id"`
}

var types = map[string]messaging.Type{"": 0, "direct": messaging.Direct, "group": messaging.Group}

func createCommand() *cobra.Command {
	var by, with, title, typ, message string
	var cmd *cobra.Command
	cmd = consoleCommand(&cobra.Command{
		Use:   "create-conversation --by=<member> --with=<member,member…>",
		Short: "Start a conversation, or find the one two members have",
		Long: `Starts a conversation: with one other member a direct one, which is reused when
there is one, with more a group. Without --message it begins without one, which
only this command can do.`,
	}, every(needMember("by", &by), func() error {
		if _, known := types[typ]; !known {
			return fmt.Errorf("--type is %q, which is neither direct nor group", typ)
		}
		if !cmd.Flags().Changed("with") {
			return errors.New("--with is missing: the other participants")
		}
		return nil
	}), func(ctx context.Context, c *console) (any, error) {
		in := messaging.StartInput{Title: title, Type: types[typ], Content: message}
		for _, name := range strings.Split(with, ",") {
			if strings.TrimSpace(name) == "" {
				continue
			}
			who, err := c.member(ctx, "with", name)
			if err != nil {
				return nil, err
			}
			in.Recipients = append(in.Recipients, who.UserID)
		}
		if len(in.Recipients) == 0 {
			return nil, errors.New("--with names no participant: a conversation needs one besides the member who starts it")
		}
		a, err := c.changing(ctx, "by", by, messaging.AuditConsoleStart, 0, messaging.GateWrite)
		if err != nil {
			return nil, err
		}
		start := c.Start
		if message == "" {
			start = c.StartEmpty
		}
		r, err := start(ctx, a, in)
		if err != nil {
			return nil, inName(a, err)
		}
		row := createdRow{Conversation: int64(r.Conversation.ID), Type: r.Conversation.Type.String(), Reused: r.Reused}
		for i := range r.Conversation.Participants {
			if r.Conversation.Participants[i].LeftAt.IsZero() {
				row.Participants++
			}
		}
		if id := int64(r.Message); id != 0 {
			row.Message = &id
		}
		return row, nil
	})
	cmd.Flags().StringVar(&by, "by", "", "who starts it")
	cmd.Flags().StringVar(&with, "with", "", "the other participants, with commas between them")
	cmd.Flags().StringVar(&title, "title", "", "title of a group")
	cmd.Flags().StringVar(&typ, "type", "", "direct or group; by the number of participants unless given")
	cmd.Flags().StringVar(&message, "message", "", "the first message")
	return cmd
}

type sentRow struct {
	Message      int64  `json:"message_id"`
	Conversation int64  `json:"conversation_id"`
	Sender       int64  `json:"sender_id"`
	CreatedAt    string `json:"created_at"`
}

func sendCommand() *cobra.Command {
	var conversation int64
	var from, content string
	cmd := consoleCommand(&cobra.Command{
		Use:   "send --conversation=<id> --from=<member> --content=<text>",
		Short: "Send a message into a conversation",
	}, every(needConversation(&conversation), needMember("from", &from)), func(ctx context.Context, c *console) (any, error) {
		a, err := c.changing(ctx, "from", from, messaging.AuditConsoleSend, conversation, messaging.GateWrite)
		if err != nil {
			return nil, err
		}
		m, err := c.Send(ctx, a, messaging.SendInput{Conversation: messaging.ConversationID(conversation), Content: content})
		if err != nil {
			return nil, inName(a, err)
		}
		return sentRow{int64(m.ID), int64(m.Conversation), int64(m.Sender), isoTime(m.CreatedAt)}, nil
	})
	cmd.Flags().Int64Var(&conversation, "conversation", 0, "id of the conversation")
	cmd.Flags().StringVar(&from, "from", "", "who sends")
	cmd.Flags().StringVar(&content, "content", "", "the message")
	return cmd
}

func unreadCommand() *cobra.Command {
	var by string
	cmd := consoleCommand(&cobra.Command{
		Use:   "unread --by=<member>",
		Short: "Count a member's conversations with unread messages",
	}, needMember("by", &by), func(ctx context.Context, c *console) (any, error) {
		a, err := c.acting(ctx, "by", by, messaging.AuditConsoleUnread, 0)
		if err != nil {
			return nil, err
		}
		n, _, err := c.UnreadCount(ctx, a)
		return struct {
			Member wpauth.UserID `json:"user_id"`
			Unread int           `json:"unread"`
		}{a.ID, n}, inName(a, err)
	})
	cmd.Flags().StringVar(&by, "by", "", "whose")
	return cmd
}

func markReadCommand() *cobra.Command {
	var conversation int64
	var by string
	cmd := consoleCommand(&cobra.Command{
		Use:   "mark-read --conversation=<id> --by=<member>",
		Short: "Mark everything in a conversation as read by a member",
	}, every(needConversation(&conversation), needMember("by", &by)), func(ctx context.Context, c *console) (any, error) {
		a, err := c.changing(ctx, "by", by, messaging.AuditConsoleMarkRead, conversation, messaging.GateSettings)
		if err != nil {
			return nil, err
		}
		if _, err := c.MarkRead(ctx, a, messaging.ConversationID(conversation)); err != nil {
			return nil, inName(a, err)
		}
		return struct {
			Conversation int64         `json:"conversation_id"`
			Member       wpauth.UserID `json:"user_id"`
			Read         bool          `json:"read"`
		}{conversation, a.ID, true}, nil
	})
	cmd.Flags().Int64Var(&conversation, "conversation", 0, "id of the conversation")
	cmd.Flags().StringVar(&by, "by", "", "who has read it")
	return cmd
}
