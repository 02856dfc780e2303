package messaging_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNodesFindEachOtherAndComeBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, err := h.RegisterNode(t.Context(), strings.Repeat("å", 300), "1.2.3")
	if err != nil || !a.Alone() || a.ID() == 0 {
		t.Fatalf("the first node: %d, %v, %v", a.ID(), a.Others(), err)
	}
	b, err := h.service().RegisterNode(t.Context(), "b", "1.2.3")
	if err != nil || len(b.Others()) != 1 || b.Others()[0] != a.ID() {
		t.Fatalf("the second node: %v, %v", b.Others(), err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() { a.Run(ctx); close(stopped) }()
	t.Cleanup(func() { stop(); <-stopped })
	patiently(t, "a learns of b", func() bool { return slices.Contains(a.Others(), b.ID()) })

	// A row that somebody removed is written again, under its id.
	was := a.ID()
	h.exec("DELETE FROM wp_parley_nodes WHERE id = ?", was)
	h.exec("UPDATE wp_parley_nodes SET seen_at = seen_at - INTERVAL 31 SECOND")
	var rows []int64
	patiently(t, "a's row is back, and b is dead", func() bool {
		h.rows(&rows, "SELECT id FROM wp_parley_nodes WHERE seen_at > UTC_TIMESTAMP(6) - INTERVAL 30 SECOND")
		return len(rows) == 1 && rows[0] == int64(was) && a.Alone()
	})
}

// patiently is within, for what a node does every five seconds.
func patiently(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
