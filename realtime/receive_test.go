package realtime_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/api"
	"parley/internal/resttest"
	"parley/internal/testdb"
	"parley/messaging"
	"parley/realtime"
	"parley/wpauth"
)

// void takes what it is given.
type void struct{}

func (void) Write([]*realtime.Frame) error { return nil }
func (void) End(*realtime.Ending)          {}
func (void) Hurry()                        {}

// FuzzReceive gives a connected member's frames whatever text a client can send: it is
// taken in, or refused with an ending of the protocol, and what is no JSON object of a
// known type is never taken in.
func FuzzReceive(f *testing.F) {
	for _, seed := range []string{
		`{"type":"ping"}`, `{"type":"auth","nonce":"x","since":"y"}`, `{"type":"typing","conversation":1}`, `{"type":"typing","conversation":9}`,
		`{"type":"typing","conversation":-1}`, `{"type":"typing","conversation":1e400}`, `{"type":"typing","conversation":"1"}`, `{"type":"typing"}`,
		`{"type":"watch","conversations":[1,2]}`, `{"type":"watch","conversations":[-1,0,99999999999999999999]}`, `{"type":"watch","conversations":{}}`,
		`{"type":"state","state":"away"}`, `{"type":"state","state":7}`, `{"type":"ack","position":"x"}`, `{"type":"ack","position":null}`, `{"type":"ack"}`,
		`{"type":"shout"}`, `{"type":null}`, `{"TYPE":"ping"}`, `{"type":"ping","type":"typing"}`, `{}`, `[]`, `null`, `7`, `"ping"`, ``, ` `, `{`,
		strings.Repeat("[", 4096), `{"type":"` + strings.Repeat("x", 4000) + `"}`, "\x00", `{"type":"\u0000"}`, `{"type":"\ud800"}`,
	} {
		f.Add(seed)
	}
	rooms := resttest.Open(f, resttest.Settings{DSN: testdb.CastDSN(f), Environment: "local", Limits: messaging.DefaultLimits(), MinTrustLevel: 1})
	hub, err := realtime.New(realtime.Options{Service: rooms.Service, Site: rooms.Site, Shape: api.Shape(rooms.Site), Guard: rooms.DB.Guard})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		hub.Close(ctx)
	})
	hub.Feed().Begin(0)
	bob := testdb.Cast()["bob"]
	r, err := http.NewRequest("GET", "/", nil)
	if err != nil {
		f.Fatal(err)
	}
	r.SetBasicAuth(bob.Login, bob.AppPassword)
	id, _, err := rooms.Site.Authenticate(context.Background(), wpauth.Credentials{Method: "GET", HTTPS: true, Header: r.Header})
	if err != nil || !id.LoggedIn() {
		f.Fatal(id, err)
	}
	conn, err := hub.Join(context.Background(), realtime.Newcomer{Identity: id, Kind: realtime.WebSocket, Sink: void{}})
	if err != nil {
		f.Fatal(err)
	}
	endings := []*realtime.Ending{nil, realtime.BadFrame, realtime.NoConversation, realtime.BadPosition, realtime.TooManyFrames}
	f.Fuzz(func(t *testing.T, raw string) {
		e := conn.Receive([]byte(raw))
		if !slices.Contains(endings, e) {
			t.Fatalf("ended with %v", e)
		}
		var object struct {
			Type *string `json:"type"`
		}
		if err := json.Unmarshal([]byte(raw), &object); e == nil && (err != nil || object.Type == nil) {
			t.Fatalf("%q was taken in", raw)
		}
	})
}
