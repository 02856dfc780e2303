package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"parley/wprest"
)

// describedBy reads docs/openapi.yaml once.
var describedBy = sync.OnceValues(func() (validator.Validator, error) {
	raw, err := os.ReadFile("../docs/openapi.yaml")
	if err != nil {
		return nil, err
	}
	doc, err := libopenapi.NewDocument(raw)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

func TestTheDescriptionIsOpenAPI(t *testing.T) {
	t.Parallel()
	v, err := describedBy()
	if err != nil {
		t.Fatal(err)
	}
	if ok, errs := v.ValidateDocument(); !ok {
		for _, e := range errs {
			t.Errorf("%s: %s %v", e.Message, e.Reason, e.SchemaValidationErrors)
		}
	}
}

// checked is a transport that holds every JSON answer of the tests to the
// description. An answer that does not fit is an error of the request.
type checked struct {
	http.RoundTripper
	mu sync.Mutex // the validator compiles schemas as it goes
}

func (c *checked) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.RoundTripper.RoundTrip(r)
	if err != nil || !described(r, res) {
		return res, err
	}
	raw, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(raw))
	// A request like the one sent, its body being used up.
	like := r.Clone(r.Context())
	like.Body = http.NoBody
	if route, _, ok := wprest.RouteOf(r.URL, ""); ok {
		like.URL.Path, like.URL.RawPath = "/wp-json"+strings.ToLower(route), ""
	}
	copied := *res
	copied.Body = io.NopCloser(bytes.NewReader(raw))
	v, err := describedBy()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ok, errs := v.ValidateHttpResponse(like, &copied); !ok {
		var why strings.Builder
		for _, e := range errs {
			fmt.Fprintf(&why, "\n%s: %s", e.Message, e.Reason)
			for _, s := range e.SchemaValidationErrors {
				fmt.Fprintf(&why, "\n  %s at %s", s.Reason, s.Location)
			}
		}
		return nil, fmt.Errorf("%s %s: answer %d is not as described: %s\n%s", r.Method, r.URL.Path, res.StatusCode, raw, why.String())
	}
	return res, nil
}

// described reports whether the description speaks of an exchange at all: not of
// addresses that are none, and not of the ways to reshape an answer.
func described(r *http.Request, res *http.Response) bool {
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		return false
	}
	if r.Method == http.MethodOptions || r.Method == http.MethodHead || !strings.HasPrefix(r.URL.Path, "/wp-json/") {
		return false
	}
	if r.Header.Get("X-HTTP-Method-Override") != "" || strings.Contains(r.URL.RawQuery, "_method") {
		return false
	}
	for _, name := range []string{"_fields", "_envelope", "_jsonp", "_pretty"} {
		if strings.Contains(r.URL.RawQuery, name) {
			return false
		}
	}
	return !isNoRoute(res)
}

func isNoRoute(res *http.Response) bool {
	if res.StatusCode != http.StatusNotFound {
		return false
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return false
	}
	res.Body = io.NopCloser(bytes.NewReader(raw))
	return bytes.Contains(raw, []byte(`"rest_no_route"`))
}
