package wptext_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/wptext"
)

// recordedSite and recordedEmoji are those of the site the texts were recorded
// on.
const (
	recordedSite  = "http://127.0.0.1:8090"
	recordedEmoji = "https://s.w.org/images/core/emoji/17.0.2/72x72/"
)

// readJSON reads a file of testdata.
func readJSON(t testing.TB, name string, v any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// recordedTexts returns the vectors of messages.json.
func recordedTexts(t testing.TB) []map[string]string {
	t.Helper()
	var file struct{ Vectors []map[string]string }
	readJSON(t, "messages.json", &file)
	return file.Vectors
}

type exceptionKey struct{ input, field string }

// exceptions returns what is answered where a recording is not reproduced.
func exceptions(t testing.TB) map[exceptionKey]string {
	t.Helper()
	var file struct {
		Exceptions []struct{ Input, Field, Got, Reason string }
	}
	readJSON(t, "exceptions.json", &file)
	m := map[exceptionKey]string{}
	for _, e := range file.Exceptions {
		if e.Reason == "" {
			t.Errorf("exception for %q has no reason", e.Input)
		}
		m[exceptionKey{e.Input, e.Field}] = e.Got
	}
	return m
}

// allForms returns every form of a recorded text in a style.
func allForms(v map[string]string, y wptext.Style) map[string]string {
	return map[string]string{
		"stored_subject":          wptext.StoreSubject(v["input"]),
		"stored_message":          wptext.StoreMessage(v["input"]),
		"subject_rendered":        y.Subject(v["stored_subject"]),
		"thread_message_rendered": y.ThreadMessage(v["stored_message"]),
		"message_rendered":        y.Message(v["stored_message"]),
		"excerpt_raw":             wptext.Excerpt(v["stored_message"]),
		"excerpt_rendered":        y.Subject(v["excerpt_raw"]),
	}
}

var emojiPicture = regexp.MustCompile(`<img (?:loading="lazy" )?src="` + regexp.QuoteMeta(recordedEmoji) + `[^"]*" alt="([^"]*)" class="wp-smiley"[^>]*>`)

// asCharacters shows a recorded form the way it looks without pictures. The
// variation selector shows nothing by itself.
func asCharacters(s string) string {
	return strings.ReplaceAll(emojiPicture.ReplaceAllString(s, "$1"), "\uFE0F", "")
}

func TestRecordedTexts(t *testing.T) {
	except := exceptions(t)
	pictures := wptext.Style{SiteURL: recordedSite, EmojiBase: recordedEmoji}
	characters := wptext.Style{SiteURL: recordedSite}
	count := map[string]int{}
	for _, v := range recordedTexts(t) {
		withPictures := allForms(v, pictures)
		for field, got := range allForms(v, characters) {
			want, isException := except[exceptionKey{v["input"], field}]
			tier := "exception"
			if !isException {
				want, tier = v[field], "A"
				if withPictures[field] != want {
					t.Errorf("%s of %q\n got %q\nwant %q", field, v["input"], withPictures[field], want)
				}
				if emojiPicture.MatchString(want) || strings.Contains(want, "&#x") && strings.HasSuffix(field, "_rendered") {
					tier = "B"
					got, want = asCharacters(wptextDecode(got)), asCharacters(wptextDecode(want))
				}
			}
			if got != want {
				t.Errorf("tier %s, %s of %q\n got %q\nwant %q", tier, field, v["input"], got, want)
			}
			count[tier]++
		}
	}
	want := map[string]int{"A": 3936, "B": 427, "exception": 5}
	for tier, n := range want {
		if count[tier] != n {
			t.Errorf("%d forms in tier %s, want %d", count[tier], tier, n)
		}
	}
}

var hexReference = regexp.MustCompile(`&#x[0-9a-f]+;`)

// wptextDecode writes hexadecimal references as characters.
func wptextDecode(s string) string {
	return hexReference.ReplaceAllStringFunc(s, func(r string) string { return wptext.Plain(r) })
}

func TestRecordedTables(t *testing.T) {
	var tables struct {
		Smilies map[string]string
	}
	readJSON(t, "tables.json", &tables)
	for code, emoji := range tables.Smilies {
		want := emoji
		if strings.HasSuffix(emoji, ".png") {
			want = code
		}
		if got := (wptext.Style{}).Subject(code); got != want {
			t.Errorf("%s shows as %q, want %q", code, got, want)
		}
		if got := (wptext.Style{PlainSmilies: true}).Subject(code); got != code {
			t.Errorf("%s shows as %q with smilies off", code, got)
		}
	}
}
