package wire

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// HandshakeError is a request for a WebSocket that is none (RFC 6455, 4.2.1). It is
// answered as HTTP.
type HandshakeError struct {
	// Status is 400, 405 or 426.
	Status int
	// Problem is what is wrong, for the one who writes the client.
	Problem string
}

func (e *HandshakeError) Error() string { return "wire: " + e.Problem }

// keySize is the length of what Sec-WebSocket-Key is the base64 of.
const keySize = 16

// handshake checks a request for a WebSocket.
func handshake(r *http.Request) error {
	bad := func(problem string) error { return &HandshakeError{http.StatusBadRequest, problem} }
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	switch {
	case r.Method != http.MethodGet:
		return &HandshakeError{http.StatusMethodNotAllowed, "A WebSocket is opened with GET."}
	case !r.ProtoAtLeast(1, 1) || r.ProtoMajor > 1:
		return bad("A WebSocket is opened with HTTP/1.1.")
	case !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		return bad("The header Upgrade has to say websocket, and nothing else.")
	case !httpguts.HeaderValuesContainsToken(r.Header["Connection"], "upgrade"):
		return bad("The header Connection has to say Upgrade. A web server in between may have dropped it.")
	case len(r.Header["Sec-Websocket-Key"]) != 1 || err != nil || len(key) != keySize:
		return bad("The header Sec-WebSocket-Key is not 16 bytes in base64.")
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return &HandshakeError{http.StatusUpgradeRequired, "This address speaks version 13 of WebSocket."}
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return bad("A WebSocket is opened without a body.")
	}
	return nil
}

// switching is the answer to a handshake. It takes up none of the extensions and
// subprotocols a client offers: frames are never compressed.
func switching(key string) []byte {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return []byte("HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n")
}

// IsWebSocket reports whether a request asks for a WebSocket.
func IsWebSocket(r *http.Request) bool {
	return httpguts.HeaderValuesContainsToken(r.Header["Upgrade"], "websocket")
}

// isEventStream reports whether a request asks for server-sent events.
func isEventStream(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}
