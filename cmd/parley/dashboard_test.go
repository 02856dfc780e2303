package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/internal/testdb"
)

// fromPrometheus are labels that Prometheus adds to what it scrapes.
var fromPrometheus = []string{"instance", "job"}

var (
	metricName  = regexp.MustCompile(`\b((?:parley|go|process)_[a-z0-9_]+)(?:\{([^}]*)\})?`)
	matcher     = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"`)
	grouping    = regexp.MustCompile(`\bby \(([^)]*)\)`)
	legendLabel = regexp.MustCompile(`\{\{([a-z_]+)\}\}`)
	sample      = regexp.MustCompile(`(?m)^([a-zA-Z_][a-zA-Z0-9_]*)(?:\{(.*)\})? \S+$`)
	sampleLabel = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="`)
)

// The dashboard is of this program: every metric it asks for is there, with the labels it
// selects, groups and names by.
func TestTheDashboardAsksForWhatThereIs(t *testing.T) {
	s := start(t, siteConfig(t, testdb.CastDSN(t)))
	s.waitReady(t)
	if status, _, body := get(t, s.public+inbox+"/unread-count", alice()); status != http.StatusOK {
		t.Fatalf("a request to count: %d %s", status, body)
	}
	_, _, metrics := get(t, s.ops+"/metrics", nil)
	there := map[string][]string{}
	for _, m := range sample.FindAllStringSubmatch(metrics, -1) {
		there[m[1]] = slices.Concat(there[m[1]], fromPrometheus)
		for _, l := range sampleLabel.FindAllStringSubmatch(m[2], -1) {
			there[m[1]] = append(there[m[1]], l[1])
		}
	}

	file, err := os.ReadFile("../../deploy/grafana/parley.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		UID        string `json:"uid"`
		Templating struct {
			List []struct{ Name, Type, Definition string } `json:"list"`
		} `json:"templating"`
		Panels []struct {
			ID         int
			Type       string
			Title      string
			Datasource struct{ Type, UID string }
			Targets    []struct{ Expr, LegendFormat string }
		} `json:"panels"`
	}
	if err := json.Unmarshal(file, &board); err != nil {
		t.Fatal(err)
	}
	if board.UID == "" || len(board.Templating.List) == 0 || board.Templating.List[0].Type != "datasource" {
		t.Error("the dashboard has no id, or does not let its data source be chosen")
	}
	for _, v := range board.Templating.List[1:] {
		if m := metricName.FindStringSubmatch(v.Definition); m == nil || there[m[1]] == nil {
			t.Errorf("variable %s: %s is not served", v.Name, v.Definition)
		}
	}
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] {
			t.Errorf("%s: the id %d is taken", p.Title, p.ID)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			continue
		}
		if len(p.Targets) == 0 || p.Datasource.Type != "prometheus" || p.Datasource.UID != "${datasource}" {
			t.Errorf("%s: asks nothing, or not the data source that was chosen", p.Title)
		}
		for _, target := range p.Targets {
			named := metricName.FindAllStringSubmatch(target.Expr, -1)
			if len(named) == 0 {
				t.Errorf("%s: %s asks for no metric", p.Title, target.Expr)
				continue
			}
			for _, m := range named {
				labels, served := there[m[1]]
				if !served {
					t.Errorf("%s: %s is not served", p.Title, m[1])
					continue
				}
				want := []string{}
				for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
					want = append(want, l[1])
				}
				for _, g := range grouping.FindAllStringSubmatch(target.Expr, -1) {
					want = append(want, strings.Split(strings.ReplaceAll(g[1], " ", ""), ",")...)
				}
				for _, l := range legendLabel.FindAllStringSubmatch(target.LegendFormat, -1) {
					want = append(want, l[1])
				}
				for _, l := range want {
					if !slices.Contains(labels, l) {
						t.Errorf("%s: %s has no label %s", p.Title, m[1], l)
					}
				}
			}
		}
	}
	if t.Failed() {
		t.Log(metrics)
	}
}
