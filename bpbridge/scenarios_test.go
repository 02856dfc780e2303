package bpbridge_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"parley/bpbridge"
	"parley/wprest"
)

// The acceptance scenarios of the BuddyPress contract, section 8, under their names;
// docs/scenarios.md has their words. A, B, C are alice, bob and carol, M is the
// administrator, Z is dave.

// asked is one request of a scenario and its answer.
type asked struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   wprest.Value
}

func (c client) ask(t *testing.T, method, path string, body ...string) asked {
	t.Helper()
	status, header, v := c.do(method, path, strings.Join(body, ""))
	return asked{t, fmt.Sprint(c.login, " ", method, " ", path, " ", body), status, header, v}
}

// is wants a status, and values at paths of the answer as JSON; "" for what is not there.
func (a asked) is(status int, pairs ...string) asked {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: got %d, want %d: %.600s", a.what, a.status, status, show(a.body))
	}
	for i := 0; i < len(pairs); i += 2 {
		parent, at := within(&a.body, pairs[i])
		switch {
		case parent == nil && pairs[i+1] == "":
		case parent == nil:
			a.t.Errorf("%s: no %s in %.600s", a.what, pairs[i], show(a.body))
		default:
			var j wprest.JSON
			if got := string(j.Value(parent.Items[at]).Bytes()); got != pairs[i+1] {
				a.t.Errorf("%s: %s is %s, want %s", a.what, pairs[i], got, pairs[i+1])
			}
		}
	}
	return a
}

// refused is is for an error.
func (a asked) refused(status int, code, message string) asked {
	a.t.Helper()
	return a.is(status, "$.code", strconv.Quote(code), "$.message", strconv.Quote(message), "$.data.status", strconv.Itoa(status))
}

// totals wants the headers of a list, "" for none.
func (a asked) totals(total, pages string) asked {
	a.t.Helper()
	if a.header.Get("X-WP-Total") != total || a.header.Get("X-WP-TotalPages") != pages {
		a.t.Errorf("%s: totals %q and %q, want %q and %q", a.what, a.header.Get("X-WP-Total"), a.header.Get("X-WP-TotalPages"), total, pages)
	}
	return a
}

// get is a value of the answer, as JSON.
func (a asked) get(path string) string { a.t.Helper(); return at(a.t, a.body, path) }

// column is one value of each item.
func (a asked) column(path string) string {
	a.t.Helper()
	var out []string
	for i := range a.body.Items {
		out = append(out, at(a.t, a.body, fmt.Sprintf("$[%d].%s", i, path)))
	}
	return strings.Join(out, " ")
}

// nobody asks without logging in.
func (s *stack) nobody(t *testing.T, method, path, body string) asked {
	t.Helper()
	r, err := http.NewRequest(method, s.url+"/wp-json/buddypress/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	v, err := wprest.ParseJSON(raw)
	if err != nil {
		t.Fatalf("%s %s: %v: %.200s", method, path, err, raw)
	}
	return asked{t, "nobody " + method + " " + path, res.StatusCode, res.Header, v}
}

// trip starts T, alice's thread to bob and carol, and returns its id and its message's.
func (s *stack) trip(t *testing.T) (id, message string) {
	t.Helper()
	s.minute()
	a := s.as("alice").ask(t, "POST", "/messages", `{"recipients":[3,4],"subject":"Trip","message":"See you there"}`).is(200)
	return a.get("$[0].id"), a.get("$[0].message_id")
}

// reply writes into a thread and returns the message's id.
func (c client) reply(t *testing.T, id, text string) string {
	t.Helper()
	c.s.minute()
	return c.ask(t, "POST", "/messages", fmt.Sprintf(`{"id":%s,"recipients":[2],"message":%q}`, id, text)).is(200).get("$[0].message_id")
}

// cast is the stack's clients by the contract's letters.
func (s *stack) cast() (a, b, c, m, z client) {
	return s.as("alice"), s.as("bob"), s.as("carol"), s.as("admin"), s.as("dave")
}

const (
	codeAuth = "bp_rest_authorization_required"
	codeID   = "bp_rest_invalid_id"
)

// scenarioPattern finds a scenario in the list, and its test in a source.
var (
	scenarioPattern = regexp.MustCompile(`(?m)^\| ([LCRGUXSW]\d+|K) \|.*\| ([a-z]+) \| .(Test\w+). \|$`)
	namePattern     = regexp.MustCompile(`t\.Run\("([LCRGUXSW]\d+)"`)
)

// TestEveryScenarioIsListedAndTested compares the list in docs/scenarios.md with the tests.
func TestEveryScenarioIsListedAndTested(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{"K": true}
	for _, file := range []string{"scenarios_read_test.go", "scenarios_write_test.go", "scenarios_wire_test.go"} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range namePattern.FindAllStringSubmatch(string(src), -1) {
			tested[name[1]] = true
		}
	}
	listed := 0
	for _, row := range scenarioPattern.FindAllStringSubmatch(string(doc), -1) {
		if listed++; !tested[row[1]] {
			t.Errorf("%s has no test", row[1])
		}
	}
	want := 1
	for _, last := range []int{23, 20, 10, 13, 13, 10, 7, 12} { // L C R G U X S W
		want += last
	}
	if listed != want || len(tested) != want {
		t.Errorf("%d scenarios are listed and %d tested, want %d", listed, len(tested), want)
	}
}

// emptyStack is a site of BuddyPress alone.
func emptyStack(t *testing.T) *stack {
	t.Helper()
	return newStack(t, false, bpbridge.Settings{})
}
