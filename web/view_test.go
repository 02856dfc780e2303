package web

import (
	"testing"
	"time"

	"parley/messaging"
)

func TestInitialsAreThoseOfTheFirstAndTheLastName(t *testing.T) {
	for name, want := range map[string]string{
		"Alice Moreau": "AM", "bob": "B", "Anna Maria van Dyck": "AD", "@greta (Greta)": "GG",
		"Élodie": "É", "王小明": "王", "": "?", "!!!": "?", "7 of 9": "79",
	} {
		if got := initials(name); got != want {
			t.Errorf("initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestAgoCountsInTheLargestUnitThatFits(t *testing.T) {
	english := catalogue(t).in("en_US")
	for d, want := range map[time.Duration]string{
		-time.Minute: "just now", 0: "just now", 59 * time.Second: "just now", time.Minute: "1 minute ago",
		119 * time.Second: "1 minute ago", 8 * time.Minute: "8 minutes ago", 23 * time.Hour: "23 hours ago",
		24 * time.Hour: "1 day ago", 15 * 24 * time.Hour: "2 weeks ago", 800 * 24 * time.Hour: "2 years ago",
	} {
		if got := english.ago(d); got != want {
			t.Errorf("ago(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestOnlyDigitsAndASlashAreAThread(t *testing.T) {
	for path, want := range map[string]messaging.ConversationID{"12/": 12, "0/": 0, "007/": 7} {
		if id, ok := threadID(path); !ok || id != want {
			t.Errorf("threadID(%q) = %d, %v", path, id, ok)
		}
	}
	for _, path := range []string{"", "/", "12", "-1/", "+1/", "1e3/", "12/x/", "99999999999999999999/", "٣/"} {
		if id, ok := threadID(path); ok {
			t.Errorf("threadID(%q) = %d", path, id)
		}
	}
}
