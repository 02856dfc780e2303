package api

import (
	"io"
	"net/http"
)

// maxDrain is how much of a body nobody wants is read all the same, in bytes.
const maxDrain = 8 << 20

// drain reads what a handler has left of a body, up to maxDrain. A web server that
// is still sending when the connection closes does not pass the answer on: Apache
// makes it a 502, and the visitor never learns that the body was too large or the
// login too old. Who asks first (Expect: 100-continue) is told without that.
func drain(r *http.Request) {
	if r.Body != nil && r.Body != http.NoBody && r.ContentLength <= maxDrain && r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
	}
}
