package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

// still answers from memory, so that a benchmark measures the surface alone.
type still struct {
	messaging.Messenger
	page messaging.Page
	msgs messaging.MessagePage
}

func (s *still) Seen(context.Context, messaging.Actor) error                     { return nil }
func (s *still) UnreadCount(context.Context, messaging.Actor) (int, bool, error) { return 3, true, nil }
func (s *still) List(context.Context, messaging.Actor, messaging.ListQuery) (messaging.Page, error) {
	return s.page, nil
}
func (s *still) Messages(context.Context, messaging.Actor, messaging.ConversationID, messaging.MessagesQuery) (messaging.MessagePage, error) {
	return s.msgs, nil
}

type stillSite struct {
	wpauth.Directory
	options wpauth.Options
}

func (s *stillSite) Options(context.Context) (wpauth.Options, error) { return s.options, nil }

func benchEngine(b *testing.B) http.Handler {
	b.Helper()
	at := time.Date(2026, 3, 2, 17, 49, 0, 0, time.UTC)
	ann := wpauth.Member{ID: 2, Login: "ann", Nicename: "ann", DisplayName: "Ann Lee", Exists: true, TrustLevel: 1}
	bob := wpauth.Member{ID: 3, Login: "bob", Nicename: "bob", DisplayName: "Bob Martinez", Exists: true, LastSeenAt: at}
	s := &still{}
	for i := range 20 {
		c := messaging.Conversation{ID: messaging.ConversationID(i + 1), Type: messaging.Direct, CreatedBy: 2, CreatedAt: at, LastAt: at,
			Preview: "See you there, at the usual place", MessageCount: 12,
			Participants: []messaging.Participant{{User: 2, Member: ann, JoinedAt: at}, {User: 3, Member: bob, JoinedAt: at, LastReadAt: at}}}
		c.Me = &c.Participants[0]
		s.page.Conversations = append(s.page.Conversations, c)
	}
	s.page.Total = 1000
	for i := range 30 {
		s.msgs.Messages = append(s.msgs.Messages, messaging.Message{ID: messaging.MessageID(i + 1), Conversation: 1, Sender: 3, Member: bob,
			Content: "See you there, at the usual place & time", Plain: "See you there, at the usual place & time", CreatedAt: at})
	}
	e, err := New(Options{Messenger: s,
		Directory: &stillSite{options: wpauth.Options{Home: "https://x.example", PrettyPermalinks: true, TimeFormat: "g:i a", Location: time.UTC, CommunitySlug: "community"}},
		Authenticate: func(context.Context, wpauth.Credentials) (wpauth.Identity, string, error) {
			return wpauth.Identity{UserID: 2, Login: "ann", DisplayName: "Ann Lee"}, "abcdef0123", nil
		},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func BenchmarkAnswers(b *testing.B) {
	for name, path := range map[string]string{
		"UnreadCount": "/wp-json/jetonomy/v1/conversations/unread-count",
		"List20":      "/wp-json/jetonomy/v1/conversations?limit=20",
		"Thread30":    "/wp-json/jetonomy/v1/conversations/1/messages",
	} {
		b.Run(name, func(b *testing.B) {
			e := benchEngine(b)
			r := httptest.NewRequest("GET", path, nil)
			r.RemoteAddr = "127.0.0.1:4000"
			r.Header.Set("Cookie", "wordpress_logged_in_x=ann%7C1%7C2%7C3")
			r.Header.Set("X-WP-Nonce", "abcdef0123")
			w := &discard{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				e.ServeHTTP(w, r)
			}
			if w.status != 200 || !strings.Contains(w.header.Get("Content-Type"), "json") {
				b.Fatalf("status %d", w.status)
			}
		})
	}
}

// discard is a ResponseWriter that keeps nothing but the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
