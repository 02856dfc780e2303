package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/internal/mysql"
	"parley/messaging"
	"parley/wpauth"
)

// failing fails in the way a test asks for.
type failing struct {
	messaging.Messenger
	fail func(context.Context) error
}

func (f *failing) Seen(context.Context, messaging.Actor) error { return nil }

func (f *failing) UnreadCount(ctx context.Context, _ messaging.Actor) (int, bool, error) {
	return 0, false, f.fail(ctx)
}

// Whatever goes wrong inside, the answer is of the right shape and says nothing
// of it.
func TestFaultsSayNothingOfTheInside(t *testing.T) {
	t.Parallel()
	const secret = "SELECT secret FROM inside"
	for _, tt := range []struct {
		name   string
		fail   func(context.Context) error
		status int
		code   string
	}{
		{"an error", func(context.Context) error { return errors.New(secret) }, 500, "parley_internal"},
		{"a panic", func(context.Context) error { panic(secret) }, 500, "parley_internal"},
		{"a reason without a row", func(context.Context) error { return messaging.Refuse("unheard of", "") }, 500, "parley_internal"},
		{"no answer in time", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 503, "parley_unavailable"},
		{"a database that is away", func(context.Context) error { return mysql.ErrUnavailable }, 503, "parley_unavailable"},
		{"a use case that knows it", func(context.Context) error {
			return &messaging.Error{Reason: messaging.Unavailable, Err: errors.New(secret)}
		}, 503, "parley_unavailable"},
		{"a limit without a wait", func(context.Context) error { return messaging.Refuse(messaging.RateLimited, "") }, 429, "jetonomy_rate_limited"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := New(Options{Messenger: &failing{fail: tt.fail}, RequestTimeout: 50 * time.Millisecond,
				Directory: &stillSite{options: wpauth.Options{Home: "https://x.example", CommunitySlug: "community"}},
				Authenticate: func(context.Context, wpauth.Credentials) (wpauth.Identity, string, error) {
					return wpauth.Identity{UserID: 2}, "", nil
				}})
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(e)
			defer srv.Close()
			res, err := http.Get(srv.URL + "/wp-json/jetonomy/v1/conversations/unread-count")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != tt.status || !strings.Contains(string(body), `"code":"`+tt.code+`"`) || strings.Contains(string(body), "secret") {
				t.Errorf("%d %s", res.StatusCode, body)
			}
			if wait := res.Header.Get("Retry-After"); (wait != "") != (tt.status != 500) || wait == "0" {
				t.Errorf("Retry-After %q", wait)
			}
		})
	}
}

// Every reason has its row.
func TestEveryReasonIsTold(t *testing.T) {
	t.Parallel()
	for _, r := range []messaging.Reason{messaging.NotFound, messaging.NotParticipant, messaging.Left, messaging.TrustTooLow,
		messaging.OutOfScope, messaging.CannotSend, messaging.BlockedByActor, messaging.Banned, messaging.PendingVerification,
		messaging.Silenced, messaging.IPBanned, messaging.NoReadCapability, messaging.Invalid, messaging.AlreadyReported,
		messaging.ReportSelf, messaging.RateLimited, messaging.Forbidden, messaging.Unavailable} {
		row, ok := refusals[r]
		if !ok || row.status < 400 || row.code == "" || !strings.HasSuffix(row.message, ".") {
			t.Errorf("%s: %+v", r, row)
		}
	}
}
