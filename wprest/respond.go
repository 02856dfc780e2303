package wprest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// respond writes the answer in the form the request asked for: `_fields`,
// `_envelope`, `_pretty`, `_jsonp`, and no body for HEAD.
func (c *Call) respond(w http.ResponseWriter, callback string, failed bool) {
	if !failed {
		c.filterFields()
	}
	for _, name := range c.expired {
		w.Header().Add("Set-Cookie", name+"=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path="+c.Site.cookiePath)
	}
	allow := c.allow()
	if _, ok := c.query.Get("_envelope"); ok {
		c.envelop(allow)
	} else {
		h := w.Header()
		for _, f := range c.header {
			if f.name == "Link" {
				// The slice that is there is shared by all answers.
				h["Link"] = append(slices.Clone(h["Link"]), f.value)
				continue
			}
			h.Set(f.name, f.value)
		}
		if allow != nil {
			h["Allow"] = allow
		}
	}
	if _, ok := c.query.Get("_pretty"); ok {
		var b bytes.Buffer
		if json.Indent(&b, c.Out.b, "", "    ") == nil {
			c.Out.b = append(c.Out.b[:0], b.Bytes()...)
		}
	}
	if callback != "" {
		b := append([]byte("/**/"+callback+"("), c.Out.b...)
		c.Out.b = append(b, ')')
	}
	if !failed && c.tag(w.Header()) {
		c.notModified(w)
		return
	}
	writeBody(w, c.Status, c)
}

func writeBody(w http.ResponseWriter, status int, c *Call) {
	if c.Method == http.MethodHead || c.HTTP.Method == http.MethodHead {
		w.WriteHeader(status)
		// Sends the header before anybody can take the missing body for none at all.
		_, _ = w.Write(nil)
		return
	}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(c.Out.b))}
	w.WriteHeader(status)
	// A client that went away is nobody's concern.
	_, _ = w.Write(c.Out.b)
}

// envelop puts answer, status and headers into the body (`_envelope`).
func (c *Call) envelop(allow []string) {
	body := append([]byte(nil), c.Out.b...)
	j := c.Out
	j.Reset()
	j.Open()
	j.Key("body").Raw(body)
	j.Key("status").Int(int64(c.Status))
	j.Key("headers")
	if len(c.header) == 0 && allow == nil {
		j.OpenList().CloseList()
	} else {
		j.Open()
		for _, f := range c.header {
			j.Key(f.name)
			if f.number {
				j.Raw([]byte(f.value))
			} else {
				j.Str(f.value)
			}
		}
		if allow != nil {
			j.Key("Allow").Str(allow[0])
		}
		j.Close()
	}
	j.Close()
	c.Status = http.StatusOK
}

// WriteError answers a request that fails before any route is looked for.
func WriteError(w http.ResponseWriter, r *http.Request, site *Site, e *Error) {
	s := Server{Authenticate: func(context.Context, *Request) (Caller, string, error) { return nil, "", e }}
	s.Serve(r.Context(), w, r, "/", site)
}
