package wpauth_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"parley/wpauth"
)

// TestFormatPHPDate_AsPHP compares with what PHP 8.2 itself made of each format.
func TestFormatPHPDate_AsPHP(t *testing.T) {
	b, err := os.ReadFile("testdata/php/date.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded []struct {
		At      time.Time
		Zone    string
		Formats map[string]string
	}
	if err := json.Unmarshal(b, &recorded); err != nil {
		t.Fatal(err)
	}
	for _, r := range recorded {
		zone, err := time.LoadLocation(r.Zone)
		if err != nil {
			t.Fatal(err)
		}
		for format, want := range r.Formats {
			if got := wpauth.FormatPHPDate(r.At.In(zone), format); got != want {
				t.Errorf("%v %q: got %q, want %q", r.At, format, got, want)
			}
		}
	}
}

func TestFormatTime_InTheSitesZone(t *testing.T) {
	at := time.Date(2026, 3, 2, 17, 49, 0, 0, time.UTC)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	o := wpauth.Options{Location: berlin, TimeFormat: "g:i a", DateFormat: "F j, Y"}
	if got := wpauth.FormatTime(o, at); got != "6:49 pm" {
		t.Errorf("time: %q", got)
	}
	if got := wpauth.FormatDate(o, at); got != "March 2, 2026" {
		t.Errorf("date: %q", got)
	}
	if got := wpauth.FormatTime(wpauth.Options{TimeFormat: "H:i"}, at); got != "17:49" {
		t.Errorf("without a zone: %q", got)
	}
}
