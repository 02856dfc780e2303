package web

import (
	"strings"
	"testing"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

func catalogue(t *testing.T) catalogues {
	t.Helper()
	c, err := loadCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestALocaleIsItsLanguageOrEnglish(t *testing.T) {
	c := catalogue(t)
	for locale, want := range map[string][2]string{
		"en_US": {"en-US", "ltr"}, "en_GB": {"en-GB", "ltr"}, "de_DE_formal": {"de-DE", "ltr"}, "ar": {"ar", "rtl"},
		"fr_FR": {"en", "ltr"}, "he_IL": {"en", "ltr"}, "": {"en", "ltr"}, "nonsense": {"en", "ltr"},
	} {
		w := c.in(locale)
		if w.Lang != want[0] || w.Dir != want[1] {
			t.Errorf("%q: lang %q, dir %q, want %v", locale, w.Lang, w.Dir, want)
		}
	}
	if got := c.in("fr_FR").T("page.new"); got != "New" {
		t.Errorf("without a catalogue: %q", got)
	}
	if got := c.in("ar").T("no.such.key"); got != "no.such.key" {
		t.Errorf("an unknown key is %q", got)
	}
}

func TestNumbersTakeTheFormOfTheLanguage(t *testing.T) {
	c := catalogue(t)
	for n, want := range map[int64]string{1: "one", 2: "other", 0: "other", 21: "other"} {
		if got := oneOrOther(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for n, want := range map[int64]string{0: "zero", 1: "one", 2: "two", 3: "few", 10: "few", 11: "many", 99: "many", 100: "other", 102: "other", 103: "few", 111: "many"} {
		if got := arabicForm(n); got != want {
			t.Errorf("%d in Arabic: %s, want %s", n, got, want)
		}
	}
	if got := c.in("de_DE").ago(3 * time.Hour); got != "vor 3 Stunden" {
		t.Error(got)
	}
	if got := c.in("ar").ago(2 * time.Minute); got != "قبل دقيقتين" {
		t.Error(got)
	}
}

func TestDaysAreWrittenAsTheLanguageDoes(t *testing.T) {
	c := catalogue(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	site := wpauth.Options{Location: berlin, DateFormat: "F j, Y"}
	at := time.Date(2026, 2, 28, 23, 30, 0, 0, time.UTC)
	for locale, want := range map[string]string{"en_US": "March 1, 2026", "de_DE": "1. März 2026", "ar": "1 مارس 2026"} {
		if got := c.in(locale).date(site, at); got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}

func TestEveryRefusalHasAWordingAndAStatus(t *testing.T) {
	c := catalogue(t)
	for reason := range statuses {
		for _, locale := range []string{"en_US", "de_DE", "ar"} {
			w := c.in(locale)
			if text := w.refusal(messaging.Refuse(reason, "")); text == "" || text == w.T("page.refused") || strings.HasPrefix(text, "page.") {
				t.Errorf("%s, %s: %q", locale, reason, text)
			}
		}
	}
	specific := messaging.Refuse(messaging.Invalid, "A message cannot be empty.")
	if got := c.in("de_DE").refusal(specific); got != specific.Text {
		t.Errorf("what is wrong with a form is lost: %q", got)
	}
	if got := c.in("de_DE").refusal(messaging.Refuse(messaging.Silenced, "You are currently silenced.")); got != "Du bist zurzeit stummgeschaltet." {
		t.Errorf("German: %q", got)
	}
	if got := c.in("en_US").refusal(messaging.Refuse("new_reason", "")); got != "That is not possible." {
		t.Errorf("an unknown reason: %q", got)
	}
}
