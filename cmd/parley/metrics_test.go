package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/internal/testdb"
)

func TestMetricsTellWhatMembersDo(t *testing.T) {
	s := start(t, siteConfig(t, testdb.CastDSN(t)))
	s.waitReady(t)
	cast := testdb.Cast()
	post := func(who, path, body string, want int) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, s.public+inbox+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Cookie", cast[who].Cookie())
		req.Header.Set("X-WP-Nonce", cast[who].Nonce(time.Now()))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Fatalf("POST %s as %s: %d, want %d", path, who, resp.StatusCode, want)
		}
	}
	post("alice", "", `{"recipients":[4],"message":"Hello"}`, http.StatusCreated)
	post("bob", "/1/messages", `{"content":"Hello back"}`, http.StatusCreated)
	post("carol", "/1/messages", `{"content":"Let me in"}`, http.StatusForbidden)
	carol := map[string]string{"Cookie": cast["carol"].Cookie(), "X-WP-Nonce": cast["carol"].Nonce(time.Now())}
	if status, _, body := get(t, s.public+"/wp-json/buddypress/v1/messages/1", carol); status != http.StatusForbidden {
		t.Fatalf("a foreign thread: %d %s", status, body)
	}
	for range 2 {
		if status, _, _ := get(t, s.public+inbox+"/unread-count", alice()); status != http.StatusOK {
			t.Fatalf("unread count: %d", status)
		}
	}
	_, _, metrics := get(t, s.ops+"/metrics", nil)
	for _, line := range []string{
		"parley_messages_sent_total 2", "parley_conversations_started_total 1", "parley_events_written_total 3",
		`parley_refusals_total{reason="not_participant"} 2`, `parley_refusals_total{reason="rate_limited"} 0`,
		`parley_cache_hits_total{cache="unread"} 1`, `parley_cache_misses_total{cache="unread"} 1`,
		`parley_cache_entries{cache="unread"} 1`, `parley_cache_hits_total{cache="identity"}`,
		`parley_cache_misses_total{cache="identity"}`, `parley_cache_entries{cache="member_card"}`,
		`parley_cache_misses_total{cache="totals"} 0`, `parley_cache_evictions_total{cache="search_text"} 0`,
		`parley_cache_entries{cache="search_names"} 0`, "parley_search_cache_bytes 0",
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("metrics lack %s", line)
		}
	}
	if t.Failed() {
		t.Log(metrics)
	}
}
