package live

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/internal/sitetest"
	"parley/internal/wpsite"
)

// Whoever logs out in another tab sees so in the inbox, at once.
func TestLoggingOutElsewhereIsSeen(t *testing.T) {
	alice := logIn(t, "alice")
	id := group(t, alice, "Logging out", "Hello", "greta")
	greta := arrive(t, "greta", sitetest.LogIn(t, site, "greta")) // a login that may end
	greta.SetCookie("/", wpsite.NodeCookie, "1")
	greta.SeeInbox("", talk(id))
	settled(t, 1, 0)
	other := greta.Tab()
	other.Open("/wp-login.php?action=logout")
	other.Click(`a[href*="action=logout"]`)
	greta.Until(`$(".frame.alone [role=alert] a.button")`)
	if shown := greta.Run(`return root.querySelector(".frame").innerText`); !strings.Contains(shown, "sign in") {
		t.Errorf("the inbox shows %q", shown)
	}
	settled(t, 0, 0)
}

// Who leaves, or is blocked, sees it in a thread that is open, and the other side what it
// may see of it.
func TestLeavingAndBlockingAreSeen(t *testing.T) {
	carol := logIn(t, "carol")
	id := group(t, carol, "Leaving", "Hello", "alice", "bob")
	inCarols, inAlices := enter(t, "carol", 1, talk(id)), enter(t, "alice", 2, talk(id))
	settled(t, 1, 1)
	want(t, carol, 200, "POST", fmt.Sprintf("%s/%d/leave", wpsite.Conversations, id), nil, nil)
	inCarols.Until(`$(".closed") && !$(".reply textarea")`)
	inAlices.Until(`$(".pane").innerText.includes("Carol Okafor left the conversation")`)
	say(t, inAlices.app, id, "She is gone")
	inAlices.Until(shows("She is gone"))
	if inCarols.Run(`return `+shows("She is gone")) == "true" {
		t.Error("who has left is told")
	}

	pair := direct(t, carol, "alice")
	inCarols.SeeInbox("", talk(pair))
	inAlices.SeeInbox("", talk(pair))
	inAlices.Until(there + ` === "online"`)
	inCarols.Until(there + ` === "online"`)
	want(t, carol, 200, "POST", fmt.Sprintf("%s/%d/block", wpsite.Conversations, pair), map[string]any{"blocked": true}, nil)
	t.Cleanup(func() {
		if err := carol.Want(context.Background(), 200, "POST", fmt.Sprintf("%s/%d/block", wpsite.Conversations, pair), map[string]any{"blocked": false}, nil); err != nil {
			t.Error(err)
		}
	})
	inCarols.Until(`$(".closed") && !` + there)
	inAlices.Until(`!` + there)
}

// Who is banned while the inbox is open is told nothing any more, and is refused what is
// written. Reading stays allowed.
func TestABanEndsTheConnection(t *testing.T) {
	alice := logIn(t, "alice")
	id := group(t, alice, "A ban", "Hello", "greta")
	greta := enter(t, "greta", 1, talk(id))
	settled(t, 1, 0)
	ban := func(statement string) {
		db, err := site.DB("wordpress")
		if err == nil {
			_, err = db.ExecContext(context.Background(), statement, site.Member("greta").ID)
			db.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
	ban("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at) VALUES (?, 'global_ban', 1, '2026-01-01 00:00:00')")
	defer ban("DELETE FROM wp_jt_restrictions WHERE user_id = ?")
	settled(t, 0, 0)
	writes(greta.Browser, "Why?")
	greta.Until(`text(".failed").includes("Your account has been banned from this community.")`)
}
