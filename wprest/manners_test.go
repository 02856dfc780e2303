package wprest_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"parley/wprest"
)

type exchange struct {
	method, path, body, contentType string
	header                          map[string]string
}

func (e exchange) send(t *testing.T, base string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(e.method, base+e.path, strings.NewReader(e.body))
	if err != nil {
		t.Fatal(err)
	}
	if e.contentType != "" {
		req.Header.Set("Content-Type", e.contentType)
	}
	for k, v := range e.header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestMannersOfAnswers(t *testing.T) {
	t.Parallel()
	srv := restServer(t, messagesRoutes())
	const one = "/wp-json/buddypress/v1/messages/7"
	for _, tt := range []struct {
		name   string
		ex     exchange
		status int
		body   string
	}{
		{"plain", exchange{method: "GET", path: one}, 200, `{"id":"7","sub":{"a":1,"b":[2]}}`},
		{"pretty", exchange{method: "GET", path: one + "?_pretty&_fields=id"}, 200, "{\n    \"id\": \"7\"\n}"},
		{"fields", exchange{method: "GET", path: one + "?_fields=id"}, 200, `{"id":"7"}`},
		{"fields as a list", exchange{method: "GET", path: one + "?_fields[]=id&_fields[]=sub.a"}, 200, `{"id":"7","sub":{"a":1}}`},
		{"fields do not go down lists", exchange{method: "GET", path: one + "?_fields=sub.b.x"}, 200, `{"sub":{"b":[]}}`},
		{"fields: the parent wins", exchange{method: "GET", path: one + "?_fields=sub,sub.a"}, 200, `{"sub":{"a":1,"b":[2]}}`},
		{"fields: nothing matches", exchange{method: "GET", path: one + "?_fields=x"}, 200, `[]`},
		{"fields: empty", exchange{method: "GET", path: one + "?_fields="}, 200, `{"id":"7","sub":{"a":1,"b":[2]}}`},
		{"fields are ignored on errors", exchange{method: "GET", path: one + "x?_fields=code"}, 404,
			`{"code":"rest_no_route","message":"No route was found matching the URL and request method.","data":{"status":404}}`},
		{"jsonp", exchange{method: "GET", path: one + "?_fields=id&_jsonp=a.b_1"}, 200, `/**/a.b_1({"id":"7"})`},
		{"bad jsonp", exchange{method: "GET", path: one + "?_jsonp=alert(1)"}, 400, `{"code":"rest_callback_invalid","message":"Invalid JSONP callback function."}`},
		{"envelope", exchange{method: "GET", path: one + "?_envelope&_fields=id"}, 200,
			`{"body":{"id":"7"},"status":200,"headers":{"X-Effective-Method":"GET","X-WP-Total":3,"X-WP-TotalPages":1,"Allow":"GET, POST, PUT, PATCH, DELETE"}}`},
		{"envelope of an error without headers", exchange{method: "GET", path: "/wp-json/none?_envelope=1"}, 200,
			`{"body":{"code":"rest_no_route","message":"No route was found matching the URL and request method.","data":{"status":404}},"status":404,"headers":[]}`},
		{"HEAD", exchange{method: "HEAD", path: one}, 200, ""},
		{"HEAD of nothing", exchange{method: "HEAD", path: one + "/x"}, 404, ""},
		{"OPTIONS of nothing", exchange{method: "OPTIONS", path: one + "/x"}, 200, "[]"},
		{"method by query", exchange{method: "GET", path: one + "?_method=delete&_fields=id"}, 200, `{"id":"7"}`},
		{"query method beats header", exchange{method: "POST", path: one + "?_method=DELETE", header: map[string]string{"X-HTTP-Method-Override": "TRACE"}}, 200, `{"id":"7","sub":{"a":1,"b":[2]}}`},
		{"unknown method", exchange{method: "POST", path: one, header: map[string]string{"X-HTTP-Method-Override": "TRACE"}}, 404,
			`{"code":"rest_no_route","message":"No route was found matching the URL and request method.","data":{"status":404}}`},
		{"wrong nonce before no route", exchange{method: "GET", path: "/wp-json/none?_wpnonce=bad"}, 403,
			`{"code":"rest_cookie_invalid_nonce","message":"Cookie check failed","data":{"status":403}}`},
		{"nonce as a list is wrong", exchange{method: "GET", path: one + "?_wpnonce[]=good"}, 403,
			`{"code":"rest_cookie_invalid_nonce","message":"Cookie check failed","data":{"status":403}}`},
		{"the form's nonce beats the query's", exchange{method: "POST", path: one + "?_wpnonce=good", body: "_wpnonce=bad", contentType: "application/x-www-form-urlencoded"}, 403,
			`{"code":"rest_cookie_invalid_nonce","message":"Cookie check failed","data":{"status":403}}`},
		{"nonce in a JSON body is not looked at", exchange{method: "POST", path: one + "?_fields=id", body: `{"_wpnonce":"bad"}`, contentType: "application/json"}, 200, `{"id":"7"}`},
		{"too large", exchange{method: "POST", path: one, body: `{"a":"` + strings.Repeat("x", 256<<10) + `"}`, contentType: "application/json"}, 413,
			`{"code":"parley_body_too_large","message":"The request body is larger than 256 KiB.","data":{"status":413}}`},
		{"too large, of no interest", exchange{method: "POST", path: one, body: strings.Repeat("x", 256<<10+1), contentType: "text/plain"}, 413,
			`{"code":"parley_body_too_large","message":"The request body is larger than 256 KiB.","data":{"status":413}}`},
		{"nested deep", exchange{method: "POST", path: one, body: strings.Repeat("[", 100_000), contentType: "application/json"}, 400,
			`{"code":"rest_invalid_json","message":"Invalid JSON body passed.","data":{"status":400,"json_error_code":1,"json_error_message":"Maximum stack depth exceeded"}}`},
		{"missing content type is a form", exchange{method: "PUT", path: one, body: "read=maybe"}, 400,
			`{"code":"rest_invalid_param","message":"Invalid parameter(s): read","data":{"status":400,"params":{"read":"read is not of type boolean."},"details":{"read":{"code":"rest_invalid_type","message":"read is not of type boolean.","data":{"param":"read"}}}}}`},
		{"multipart that breaks off", exchange{method: "POST", path: one, body: "--x\r\nContent-Disposition: form-data; name=\"read\"\r\n\r\n1", contentType: "multipart/form-data; boundary=x"}, 400,
			`{"code":"parley_body_incomplete","message":"The request body is incomplete.","data":{"status":400}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res, body := tt.ex.send(t, srv.URL)
			if res.StatusCode != tt.status || body != tt.body {
				t.Errorf("got %d %s\nwant %d %s", res.StatusCode, body, tt.status, tt.body)
			}
		})
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	srv := restServer(t, messagesRoutes())
	for _, path := range []string{"/wp-json/buddypress/v1/messages/7", "/wp-json/none", "/wp-json/buddypress/v1/messages?page=x"} {
		res, _ := exchange{method: "GET", path: path, header: map[string]string{"Origin": "https://elsewhere.example"}}.send(t, srv.URL)
		for name, want := range map[string]string{
			"Content-Type":                     "application/json; charset=UTF-8",
			"X-Robots-Tag":                     "noindex",
			"X-Content-Type-Options":           "nosniff",
			"Link":                             `<http://127.0.0.1:8090/wp-json/>; rel="https://api.w.org/"`,
			"Access-Control-Expose-Headers":    "X-WP-Total, X-WP-TotalPages, Link",
			"Access-Control-Allow-Headers":     "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type",
			"Access-Control-Allow-Origin":      "https://elsewhere.example",
			"Access-Control-Allow-Methods":     "OPTIONS, GET, POST, PUT, PATCH, DELETE",
			"Access-Control-Allow-Credentials": "true",
			"Vary":                             "Origin",
			"Cache-Control":                    "no-cache, must-revalidate, max-age=0, no-store, private",
			"Expires":                          "Wed, 11 Jan 1984 05:00:00 GMT",
			"X-Wp-Nonce":                       "abcdef0123",
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", path, name, got, want)
			}
		}
	}
	res, _ := exchange{method: "GET", path: "/wp-json/buddypress/v1/messages/7", header: map[string]string{"X-Anonymous": "1"}}.send(t, srv.URL)
	if res.Header["Allow"] != nil || res.Header["X-Wp-Nonce"] != nil || res.Header["Access-Control-Allow-Origin"] != nil {
		t.Errorf("nobody without an Origin got %v", res.Header)
	}
}

// A site may do without JSONP, and keep other origins from reading (D18 of the BuddyPress
// contract).
func TestAnswersForTheSiteAlone(t *testing.T) {
	t.Parallel()
	srv := restServer(t, messagesRoutes(), func(s *wprest.Server) { s.WithoutJSONP, s.OwnOriginOnly = true, true })
	for origin, want := range map[string]string{"https://elsewhere.example": "", "http://127.0.0.1:8090": "http://127.0.0.1:8090", "": ""} {
		res, _ := exchange{method: "GET", path: "/wp-json/buddypress/v1/messages/7", header: map[string]string{"Origin": origin}}.send(t, srv.URL)
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != want || (res.Header.Get("Access-Control-Allow-Credentials") != "") != (want != "") {
			t.Errorf("origin %q: allowed is %q, want %q", origin, got, want)
		}
	}
	res, body := exchange{method: "GET", path: "/wp-json/buddypress/v1/messages/7?_jsonp=cb"}.send(t, srv.URL)
	const refused = `{"code":"rest_callback_disabled","message":"JSONP support is disabled on this site."}`
	if res.StatusCode != 400 || body != refused || res.Header.Get("Content-Type") != "application/json; charset=UTF-8" {
		t.Errorf("got %d %s %s", res.StatusCode, res.Header.Get("Content-Type"), body)
	}
}

func TestMultipartFields(t *testing.T) {
	t.Parallel()
	srv := restServer(t, messagesRoutes())
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, kv := range [][2]string{{"message", "hello"}, {"recipients[]", "3"}, {"recipients[]", "x"}} {
		if err := w.WriteField(kv[0], kv[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, body := exchange{method: "POST", path: "/wp-json/buddypress/v1/messages", body: b.String(), contentType: w.FormDataContentType()}.send(t, srv.URL)
	if !strings.Contains(body, `"recipients":"recipients[1] is not of type integer."`) {
		t.Errorf("got %s", body)
	}
	_, body = exchange{method: "PUT", path: "/wp-json/buddypress/v1/messages/1", body: b.String(), contentType: w.FormDataContentType()}.send(t, srv.URL)
	if !strings.Contains(body, `"id":"1"`) {
		t.Errorf("multipart counts on POST only; got %s", body)
	}
}

func TestOptionsDescribeARoute(t *testing.T) {
	t.Parallel()
	srv := restServer(t, messagesRoutes())
	_, body := exchange{method: "OPTIONS", path: "/wp-json/buddypress/v1/Messages", header: map[string]string{"X-Anonymous": "1"}}.send(t, srv.URL)
	for _, want := range []string{
		`{"namespace":"buddypress/v1","methods":["GET","POST"],"endpoints":[{"methods":["GET"],"args":{"context":{`,
		`"per_page":{"type":"integer","default":10,"minimum":1,"maximum":100,"required":false}`,
		`"recipients":{"type":"array","items":{"type":"integer"},"required":true}`,
		`"_links":{"self":[{"href":"http://127.0.0.1:8090/wp-json/buddypress/v1/messages"}]}`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s\nlacks %s", body, want)
		}
	}
}
