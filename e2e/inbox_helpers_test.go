package e2e

import (
	"strconv"
	"testing"
	"time"

	"parley/internal/wpsite"
)

// conversationOf is what a member sees of a conversation.
func conversationOf(t *testing.T, c *wpsite.Session, id int64) (v struct {
	Title    string `json:"title"`
	Unread   int    `json:"unread_count"`
	Muted    bool   `json:"is_muted"`
	Archived bool   `json:"is_archived"`
	Blocked  bool   `json:"is_blocked"`
	Left     string `json:"left_at"`
}) {
	t.Helper()
	want(t, c, 200, "GET", wpsite.Conversations+"/"+strconv.FormatInt(id, 10), nil, &v)
	return v
}

// expectWithin bounds what happens by itself after something was done.
const expectWithin = 20 * time.Second
