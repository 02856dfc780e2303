package bpbridge_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/bpbridge"
	"parley/wprest"
)

// wholeSettings are those of a site that chose none.
var wholeSettings bpbridge.Settings

// typed asks with a body of a type.
func (c client) typed(t *testing.T, method, path, kind, body string) asked {
	t.Helper()
	return c.sent(t, method, "/wp-json/buddypress/v1"+path, body, map[string]string{"Content-Type": kind})
}

// sent asks with headers of its own, "" for none of what is sent otherwise.
func (c client) sent(t *testing.T, method, path, body string, headers map[string]string) asked {
	t.Helper()
	r, err := http.NewRequest(method, c.s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", c.who.Cookie)
	r.Header.Set("X-WP-Nonce", c.who.nonce(c.s.clock()))
	for name, value := range headers {
		if r.Header.Del(name); value != "" {
			r.Header.Set(name, value)
		}
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
		v = wprest.Value{Kind: wprest.String, Text: string(raw)}
	}
	return asked{t, fmt.Sprint(c.login, " ", method, " ", path, " ", headers), res.StatusCode, res.Header, v}
}

func TestScenariosOfTheWire(t *testing.T) {
	t.Parallel()
	s := emptyStack(t)
	a, b, _, _, _ := s.cast()
	id, _ := s.trip(t)
	const base = "/wp-json/buddypress/v1/messages"
	path := base + "/" + id
	t.Run("W1", func(t *testing.T) {
		a.sent(t, "GET", base, "", map[string]string{"X-WP-Nonce": ""}).is(401)
		a.sent(t, "GET", base, "", map[string]string{"X-WP-Nonce": "wrong"}).refused(403, "rest_cookie_invalid_nonce", "Cookie check failed")
	})
	t.Run("W2", func(t *testing.T) {
		h := a.sent(t, "GET", base, "", nil).is(200).header
		if len(h.Get("X-WP-Nonce")) != 10 || h.Get("Cache-Control") != "no-cache, must-revalidate, max-age=0, no-store, private" ||
			h.Get("Expires") != "Wed, 11 Jan 1984 05:00:00 GMT" || h.Get("Last-Modified") != "" {
			t.Errorf("got %v", h)
		}
	})
	t.Run("W3", func(t *testing.T) {
		a.sent(t, "GET", base+"?box=sentbox&_fields=id,subject.rendered", "", nil).is(200, "$[0]", `{"id":`+id+`,"subject":{"rendered":"Trip"}}`)
	})
	t.Run("W4", func(t *testing.T) {
		got := b.sent(t, "GET", base+"?_envelope", "", nil).is(200, "$.body[0].id", id, "$.status", "200", "$.headers.X-WP-Total", "1",
			"$.headers.X-WP-TotalPages", "1", "$.headers.Allow", `"GET, POST"`).totals("", "")
		if got.header.Get("Allow") != "" {
			t.Error("Allow is outside as well")
		}
	})
	t.Run("W5", func(t *testing.T) {
		other, _ := s.trip(t)
		override := map[string]string{"X-HTTP-Method-Override": "DELETE"}
		b.sent(t, "POST", base+"/"+other+"?_method=PUT", "", override).is(500) // an Update without a mark
		b.sent(t, "POST", base+"/"+other, "", override).is(200, "$.deleted", "true")
	})
	t.Run("W6", func(t *testing.T) {
		b.typed(t, "PUT", "/messages/"+id, "application/x-www-form-urlencoded", "read=true").is(200, "$[0].unread_count", "0")
	})
	t.Run("W7", func(t *testing.T) {
		h := a.sent(t, "GET", base, "", map[string]string{"Origin": "https://other.test"}).is(200).header
		if h.Get("Access-Control-Allow-Origin") != "https://other.test" || h.Get("Access-Control-Allow-Credentials") != "true" ||
			h.Get("Access-Control-Allow-Methods") != "OPTIONS, GET, POST, PUT, PATCH, DELETE" {
			t.Errorf("got %v", h)
		}
		if got := s.nobody(t, "GET", "/messages", "").header.Values("Vary"); !slices.Contains(got, "Origin") {
			t.Errorf("Vary: %v", got)
		}
	})
	t.Run("W8", func(t *testing.T) {
		got := s.nobody(t, "OPTIONS", "/messages", "").is(200, "$.namespace", `"buddypress/v1"`, "$.methods", `["GET","POST"]`,
			"$.endpoints[0].args.per_page.maximum", "100", "$.endpoints[1].args.message.required", "true", "$.schema.title", `"bp_messages"`)
		schema, _ := got.body.Get("schema")
		if properties, _ := schema.Get("properties"); len(properties.Keys) != 13 {
			t.Errorf("%d properties: %v", len(properties.Keys), properties.Keys)
		}
	})
	t.Run("W10", func(t *testing.T) {
		got := b.sent(t, "GET", path+"?_jsonp=take.it&_fields=id", "", nil).is(200)
		if got.body.Text != `/**/take.it([{"id":`+id+`}])` || got.header.Get("Content-Type") != "application/javascript; charset=UTF-8" {
			t.Errorf("got %s, %s", got.body.Text, got.header.Get("Content-Type"))
		}
		b.sent(t, "GET", path+"?_jsonp=no-name", "", nil).is(400, "$", "", "$.code", `"rest_callback_invalid"`, "$.data", "")
	})
	t.Run("W11", func(t *testing.T) {
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("bob:"+b.who.AppPass))
		got := b.sent(t, "GET", base, "", map[string]string{"Cookie": "", "X-WP-Nonce": "", "Authorization": basic}).is(200)
		if got.header.Get("X-WP-Nonce") != "" {
			t.Error("a nonce for an application password")
		}
	})
	t.Run("W12", func(t *testing.T) {
		with, without := a.sent(t, "GET", path+"/", "", nil).is(200), a.sent(t, "GET", path, "", nil).is(200)
		if show(with.body) != show(without.body) {
			t.Error("the trailing slash makes a difference")
		}
	})
	t.Run("W9", func(t *testing.T) {
		const route = "/?rest_route=/buddypress/v1/messages"
		a.sent(t, "GET", route+"/"+id, "", nil).is(200, "$[0]._links.self[0].href", `"http://127.0.0.1:8090`+path+`"`)
		s.db.MustExec("UPDATE wp_options SET option_value = '' WHERE option_name = 'permalink_structure'")
		s.stop()
		s.start(wholeSettings)
		a.sent(t, "GET", route+"/"+id, "", nil).is(200, "$[0]._links.self[0].href",
			`"http://127.0.0.1:8090/index.php?rest_route=/buddypress/v1/messages/`+id+`"`)
	})
}
