package live

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/wpsite"
)

// What is written on one node is told on the other, too.
func TestNodesTellEachOthersNews(t *testing.T) {
	alice, bob := logIn(t, "alice"), logIn(t, "bob")
	id := group(t, alice, "Two nodes", "Hello", "bob")
	one, two := dial(t, alice, 1, ""), dial(t, bob, 2, "")
	settled(t, 1, 1)
	for i := range 4 { // nginx gives every other request to the same node
		text := fmt.Sprintf("Number %d", i)
		say(t, alice, id, text)
		for _, l := range []*line{one, two} {
			l.expect("message.created", func(f frame) bool { return f.text() == text })
		}
	}
	one.end()
	two.end()
	settled(t, 0, 0)
}

// write posts a message until it is acknowledged, each time with the same client id, as
// the inbox does.
func write(t *testing.T, c *wpsite.Session, id int64, text string) error {
	for range 200 {
		a, err := c.Do(t.Context(), "POST", messagesOf(id), map[string]string{"content": text, "client_id": fmt.Sprintf("%d-%s", id, strings.ReplaceAll(text, " ", "-"))})
		if err != nil {
			return err
		}
		switch a.Status {
		case 200, 201:
			return nil
		case 502, 503, 504: // its node died, or is just coming back
		default:
			return fmt.Errorf("%d %s", a.Status, a.Body)
		}
	}
	return errors.New("the message is not taken")
}

// A node is killed while members write through it: whoever was connected to it goes on
// behind the last position on the other one, and has everything once and in order.
func TestANodeIsKilledWhileMembersWrite(t *testing.T) {
	alice, bob := logIn(t, "alice"), logIn(t, "bob")
	id := group(t, alice, "A node dies", "Hello", "bob")
	backAtTheEnd(t, site.Nodes[1])
	stays, goes := dial(t, alice, 1, ""), dial(t, bob, 2, "")
	const count = 60
	written := make(chan error, 1)
	reached := make(chan struct{})
	go func() {
		for i := range count {
			if i == count/3 {
				close(reached)
			}
			if err := write(t, alice, id, fmt.Sprintf("Line %d", i)); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	<-reached
	site.Nodes[1].Kill()
	// How a conversation began may be told by a node that had not heard of it yet.
	begun := func(text string) bool { return text == "Hello" }
	told := slices.DeleteFunc(goes.rest(), begun)
	again := dial(t, bob, 2, goes.position) // it is node 1 now
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if err := site.Nodes[1].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored := plainOf(t, bob, id)
	var lines []string
	for i := range count {
		lines = append(lines, fmt.Sprintf("Line %d", i))
	}
	if !slices.Equal(stored, append([]string{"Hello"}, lines...)) {
		t.Fatalf("stored: %q", stored)
	}
	news := func(f frame) bool { return f.Conversation == id && !begun(f.text()) }
	for len(told) < count {
		told = append(told, again.expect("message.created", news).text())
	}
	if !slices.Equal(told, lines) {
		t.Errorf("told, before and after: %q", told)
	}
	for i := range count {
		if f := stays.expect("message.created", news); f.text() != lines[i] {
			t.Errorf("on the other node: %q, not %q", f.text(), lines[i])
		}
	}
}

// A stop says when to come back, and long polls and event streams go on, too.
func TestEveryWayGoesOnWhenItsNodeStops(t *testing.T) {
	alice, bob := logIn(t, "alice"), logIn(t, "bob")
	id := group(t, alice, "A node stops", "Hello", "bob")
	backAtTheEnd(t, site.Nodes[1])
	socket := dial(t, bob, 2, "")
	var poll struct {
		Position string  `json:"position"`
		Events   []frame `json:"events"`
	}
	want(t, bob, 200, "GET", "/wp-json/parley/v1/sync?wait=0", nil, &poll)
	since := poll.Position
	stopped := make(chan error, 1)
	go func() { stopped <- site.Nodes[1].Stop() }()
	if f := socket.expect("close", func(frame) bool { return true }); f.Code != 1001 || f.Reason != "restart" || f.Retry < 0 {
		t.Errorf("the close frame says %+v", f)
	}
	socket = dial(t, bob, 2, socket.position)
	say(t, alice, id, "Still there?")
	socket.expect("message.created", func(f frame) bool { return f.text() == "Still there?" })
	want(t, bob, 200, "GET", "/wp-json/parley/v1/sync?wait=25&since="+url.QueryEscape(since), nil, &poll)
	if !slices.ContainsFunc(poll.Events, func(f frame) bool { return f.text() == "Still there?" }) {
		t.Errorf("the poll tells %+v", poll.Events)
	}
	select {
	case err := <-stopped:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the node does not stop")
	}
}
