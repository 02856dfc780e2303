package wprest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// tag gives an answer a weak ETag and reports whether the caller has that answer
// already (If-None-Match): a client that asks again and again is told "nothing new" in
// a few bytes. Only for a 200 to GET or HEAD on a route that wants it.
func (c *Call) tag(h http.Header) (known bool) {
	reading := c.Method == http.MethodGet || c.Method == http.MethodHead
	if c.Route == nil || !c.Route.Conditional || !reading || c.Status != http.StatusOK {
		return false
	}
	sum := sha256.Sum256(c.Out.b)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
	h["Etag"] = []string{"W/" + etag}
	for _, list := range c.HTTP.Header["If-None-Match"] {
		for sent := range strings.SplitSeq(list, ",") {
			sent = strings.TrimSpace(sent)
			if sent == "*" || strings.TrimPrefix(sent, "W/") == etag {
				return true
			}
		}
	}
	return false
}

// notModified answers 304, with the headers a 200 would have had but its body's.
func (c *Call) notModified(w http.ResponseWriter) {
	w.Header().Del("Content-Type")
	w.WriteHeader(http.StatusNotModified)
	_, _ = w.Write(nil) // sends the header
}
