package bpbridge_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parley/bpbridge"
	"parley/wprest"
)

// emojiBase is where the recorded site has its pictures of emoji.
const emojiBase = "https://s.w.org/images/core/emoji/17.0.2/72x72/"

func TestTranscriptsOfVersion1(t *testing.T) { replayAll(t, "v1") }
func TestTranscriptsOfVersion2(t *testing.T) { replayAll(t, "v2") }

func replayAll(t *testing.T, surface string) {
	files, err := filepath.Glob("testdata/" + surface + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts of %s: %v", surface, err)
	}
	list := readDeviations(t)
	used := make([]bool, len(list))
	for _, file := range files {
		tr := readTranscript(t, file)
		ours := map[string][]*deviation{}
		for i := range list {
			if d := &list[i]; d.Surface == surface && d.Transcript == tr.Name {
				used[i] = true
				for _, step := range d.Steps {
					ours[step] = append(ours[step], d)
				}
			}
		}
		t.Run(tr.Name, func(t *testing.T) { replay(t, &tr, ours) })
	}
	for i := range list {
		if list[i].Surface == surface && !used[i] {
			t.Errorf("a deviation names the transcript %q, which is not there", list[i].Transcript)
		}
	}
}

// replay performs every step of a transcript in turn.
func replay(t *testing.T, tr *transcript, deviations map[string][]*deviation) {
	settings := bpbridge.Settings{EmojiBase: emojiBase}
	s := newStack(t, false, settings)
	accounts := readAccounts(t)
	for _, u := range tr.Setup.Users {
		if _, known := accounts[u.Login]; known {
			continue
		}
		a := newAccount(u.ID, u.Login)
		accounts[u.Login] = a
		s.db.MustExec(`INSERT INTO wp_users (ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name)
			VALUES (?, ?, ?, ?, ?, '2026-01-01', ?)`, u.ID, u.Login, a.password, u.Nicename, u.Email, u.Name)
		s.db.MustExec(`INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (?, 'wp_capabilities', ?), (?, 'session_tokens', ?)`,
			u.ID, fmt.Sprintf(`a:1:{s:%d:"%s";b:1;}`, len(u.Role), u.Role), u.ID, a.sessions())
	}
	pairs := newIDs()
	values := map[string]string{}
	for i := range tr.Steps {
		st := &tr.Steps[i]
		if st.Before != "" {
			s.deleteAccount(t, st.Before)
			s.stop()
			s.start(settings)
		}
		s.setClock(st.At)
		played(t, s, st, accounts, values, pairs, deviations[st.ID])
		if t.Failed() {
			t.FailNow() // whatever follows would be about something else
		}
	}
	checkNotifications(t, s, tr, pairs, deviations["db_after"])
}

// comparedHeaders are the headers whose absence in a recording counts.
var comparedHeaders = []string{"Allow", "X-WP-Total", "X-WP-TotalPages", "X-WP-Nonce", "WWW-Authenticate", "Location"}

func played(t *testing.T, s *stack, st *step, accounts map[string]account, values map[string]string, pairs *ids, deviations []*deviation) {
	t.Helper()
	c := &comparison{ids: pairs, item: pairs.threads, ignore: map[string]bool{}}
	if strings.Contains(st.Path, "/starred/") {
		c.item = pairs.messages
	}
	want := *st
	want.Headers = map[string]string{}
	for k, v := range st.Headers {
		want.Headers[k] = v
	}
	for _, d := range deviations {
		if d.Skip {
			return
		}
		if d.Status != 0 {
			want.Status = d.Status
		}
		if d.Response != nil {
			want.Response = d.Response
		}
		for k, v := range d.Headers {
			if v == nil {
				delete(want.Headers, k)
			} else {
				want.Headers[k] = *v
			}
		}
		for _, path := range d.Ignore {
			c.ignore[path] = true
		}
		want.Response = altered(t, want.Response, d)
	}
	r := want.request(t, s.url, accounts, values)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != want.Status {
		c.fault("status", "want %d, got %d %.300s", want.Status, res.StatusCode, body)
	}
	c.compareHeaders(&want, res.Header)
	c.compareBody(&want, body)
	if v, err := wprest.ParseJSON(body); err == nil {
		for name, path := range st.Captures {
			if text, ok := capture(v, path); ok {
				values[name] = text
			}
		}
	}
	for _, f := range c.faults {
		t.Errorf("%s: %s %s: %s", st.ID, st.Method, r.URL.RequestURI(), f)
	}
}

func (c *comparison) compareHeaders(want *step, got http.Header) {
	for name, value := range want.Headers {
		switch name {
		case "X-WP-Nonce":
		case "Link", "Vary":
			// Links to other pages stand beside the recorded one (D16).
			if !slices.Contains(got.Values(name), value) {
				c.fault(name, "want %q, got %q", value, got.Values(name))
			}
		default:
			if got.Get(name) != value {
				c.fault(name, "want %q, got %q", value, got.Get(name))
			}
		}
	}
	for _, name := range comparedHeaders {
		if _, recorded := want.Headers[name]; recorded != (got.Get(name) != "") {
			c.fault(name, "recorded %v, got %q", recorded, got.Get(name))
		}
	}
}

func (c *comparison) compareBody(want *step, body []byte) {
	switch {
	case c.ignore["$"]:
		return
	case want.EmptyBody:
		if len(body) != 0 {
			c.fault("body", "want none, got %.200s", body)
		}
		return
	case want.ResponseText != nil:
		text := *want.ResponseText
		open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
		if open < 0 || !strings.HasPrefix(string(body), text[:open+1]) || !strings.HasSuffix(string(body), text[end:]) {
			c.fault("body", "want %.100q, got %.100q", text, body)
			return
		}
		want.Response, body = json.RawMessage(text[open+1:end]), body[open+1:len(body)-len(text[end:])]
	}
	recorded, err := wprest.ParseJSON(want.Response)
	if err != nil {
		c.fault("recording", "%v", err)
		return
	}
	answered, err := wprest.ParseJSON(body)
	if err != nil {
		c.fault("body", "%v: %.200s", err, body)
		return
	}
	if want.Reduced {
		answered = reduced(recorded, answered)
	}
	c.compare("$", "", recorded, answered)
}

// reduced leaves of an answer what the recording kept of it.
func reduced(recorded, answered wprest.Value) wprest.Value {
	if recorded.Kind != wprest.Map || answered.Kind != wprest.Map {
		return answered
	}
	out := wprest.Value{Kind: wprest.Map}
	for i, k := range recorded.Keys {
		if item, ok := answered.Get(k); ok {
			out.Keys = append(out.Keys, k)
			out.Items = append(out.Items, reduced(recorded.Items[i], item))
		}
	}
	return out
}

// checkNotifications compares bp_notifications with what BuddyPress left there.
func checkNotifications(t *testing.T, s *stack, tr *transcript, pairs *ids, deviations []*deviation) {
	t.Helper()
	var want, got []string
	for _, row := range tr.DBAfter["bp_notifications"] {
		item := fmt.Sprint(row["item_id"])
		if here, ok := pairs.messages.there[item]; ok {
			item = here
		}
		want = append(want, fmt.Sprintf("%v %v %v %v %v %v %v", row["user_id"], item, row["secondary_item_id"],
			row["date_notified"], row["is_new"], row["component_name"], row["component_action"]))
	}
	const ours = " messages new_message"
	for _, d := range deviations {
		for _, row := range d.NotificationsMore {
			want = append(want, row+ours)
		}
		for _, row := range d.NotificationsLess {
			i := slices.Index(want, row+ours)
			if i < 0 {
				t.Errorf("no such notification was recorded: %s", row)
				continue
			}
			want = slices.Delete(want, i, i+1)
		}
	}
	if err := s.db.Select(&got, `SELECT CONCAT_WS(' ', user_id, item_id, COALESCE(secondary_item_id, 0),
		DATE_FORMAT(date_notified, '%Y-%m-%d %H:%i:%s'), is_new, component_name, component_action) FROM wp_bp_notifications`); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("bp_notifications:\n\twant %q\n\tgot  %q", want, got)
	}
}
