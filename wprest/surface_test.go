package wprest_test

import (
	"net/http"
	"reflect"
	"testing"

	"parley/wprest"
)

// surfaceRoutes is a surface that uses what one alone needs.
func surfaceRoutes() []wprest.Route {
	return []wprest.Route{{Namespace: "buddypress/v1", Pattern: "/messages/{id}", Endpoints: []wprest.Endpoint{{
		Methods: []string{"POST"},
		Args: wprest.Schema{
			{Name: "id", Type: wprest.TypeInt, InPath: true},
			{Name: "user_id", Type: wprest.TypeInt, Required: true, DefaultFor: func(*wprest.Call) int64 { return 7 }},
			{Name: "text", Type: wprest.Any, Told: "object", Required: true,
				Needless: func(c *wprest.Call) bool { _, sent := c.Param("draft"); return sent },
				More:     func(j *wprest.JSON) { j.Key("format").Str("any") }},
			{Name: "hidden", Type: wprest.TypeBool, Untold: true},
		},
		Handle: func(c *wprest.Call) error {
			c.SetHeader("Link", "<"+c.Site.Root+`next>; rel="next"`)
			c.Out.Open().Key("id").Str(c.Path("id")).Key("user_id").Int(c.Args.Int("user_id")).Close()
			return nil
		},
	}}}}
}

func TestParametersAsASurfaceKnowsThem(t *testing.T) {
	t.Parallel()
	srv := restServer(t, surfaceRoutes())
	const path = "/wp-json/buddypress/v1/messages/5"
	for _, tt := range []struct {
		name, query, body string
		status            int
		want              string
	}{
		{"what stands in the path cannot be sent", "?id=abc", `{"text":"x","id":[9]}`, 200, `{"id":"5","user_id":7}`},
		{"sent beats the caller's default", "", `{"text":"x","user_id":"9"}`, 200, `{"id":"5","user_id":9}`},
		{"missing", "", `{}`, 400, `{"code":"rest_missing_callback_param","message":"Missing parameter(s): text","data":{"status":400,"params":["text"]}}`},
		{"needless after all", "?draft=1", `{}`, 200, `{"id":"5","user_id":7}`},
		{"untold, yet checked", "?hidden=maybe", `{"text":1}`, 400, `{"code":"rest_invalid_param","message":"Invalid parameter(s): hidden","data":{"status":400,"params":{"hidden":"hidden is not of type boolean."},"details":{"hidden":{"code":"rest_invalid_type","message":"hidden is not of type boolean.","data":{"param":"hidden"}}}}}`},
	} {
		res, body := exchange{method: "POST", path: path + tt.query, body: tt.body, contentType: "application/json"}.send(t, srv.URL)
		if res.StatusCode != tt.status || body != tt.want {
			t.Errorf("%s: got %d %s\nwant %d %s", tt.name, res.StatusCode, body, tt.status, tt.want)
		}
	}
	_, body := exchange{method: "OPTIONS", path: path}.send(t, srv.URL)
	const told = `{"namespace":"buddypress/v1","methods":["POST"],"endpoints":[{"methods":["POST"],"args":{` +
		`"id":{"type":"integer","required":false},"user_id":{"type":"integer","default":7,"required":true},` +
		`"text":{"type":"object","format":"any","required":true}}}]}`
	if body != told {
		t.Errorf("OPTIONS:\ngot  %s\nwant %s", body, told)
	}
}

func TestLinkStandsBesideTheRoot(t *testing.T) {
	t.Parallel()
	srv := restServer(t, surfaceRoutes())
	for range 2 { // the first answer's headers must not grow into the second's
		res, _ := exchange{method: "POST", path: "/wp-json/buddypress/v1/messages/5?text=x"}.send(t, srv.URL)
		links := res.Header.Values("Link")
		if res.StatusCode != http.StatusOK || len(links) != 2 || reflect.DeepEqual(links[0], links[1]) {
			t.Errorf("%d: Link %q", res.StatusCode, links)
		}
	}
}
