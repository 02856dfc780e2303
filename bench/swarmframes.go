//go:build bench

package bench

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

const streamPath = "/wp-json/parley/v1/stream"

// request is the handshake, made when it is needed and thrown away.
func (p *peer) request() []byte {
	var b strings.Builder
	line := func(parts ...string) {
		for _, s := range parts {
			b.WriteString(s)
		}
		b.WriteString("\r\n")
	}
	login := map[string]string{}
	path := "/"
	if p.kind != byEcho {
		login = loginHeaders(p.member)
		path = streamPath + "?_wpnonce=" + login["X-WP-Nonce"]
		if p.position[0] != 0 {
			path += "&since=" + string(p.position[:])
		}
	} else {
		path += "?id=" + strconv.FormatInt(p.member, 10)
	}
	line("GET ", path, " HTTP/1.1")
	line("Host: ", p.address.String())
	if p.kind != byEcho {
		line("Origin: ", siteURL)
		line("Cookie: ", login["Cookie"])
	}
	if p.kind == byServerEvents {
		line("Accept: text/event-stream")
	} else {
		line("Connection: Upgrade")
		line("Upgrade: websocket")
		line("Sec-WebSocket-Version: 13")
		line("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
	}
	line()
	return []byte(b.String())
}

// take reads what came in. What is not whole yet is kept.
func (p *peer) take(b []byte, at time.Time) {
	if len(p.rest) > 0 {
		b = append(p.rest, b...)
		p.rest = nil
	}
	for p.fd >= 0 {
		n := 0
		switch {
		case p.state == shaking:
			n = p.answered(b)
		case p.kind == byServerEvents:
			n = p.event(b, at)
		default:
			n = p.websocketFrame(b, at)
		}
		if n == 0 {
			break
		}
		b = b[n:]
	}
	if p.fd >= 0 && len(b) > 0 {
		p.rest = bytes.Clone(b)
	}
}

// answered reads the answer of the handshake.
func (p *peer) answered(b []byte) int {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		return 0
	}
	if status := string(b[9:12]); status != "101" && status != "200" {
		p.loop.s.why(status)
		p.lose()
		return 0
	}
	if p.state = streaming; p.kind == byEcho {
		p.enter()
	}
	return end + 4
}

// enter counts the peer as connected.
func (p *peer) enter() {
	if !p.came {
		p.came = true
		p.tries = 0
		p.loop.s.open.Add(1)
		p.loop.s.hellos.Add(1)
	}
}

// pongFrame answers a ping: masked, with a mask of zeros.
var pongFrame = ws.MustCompileFrame(ws.MaskFrameWith(ws.NewPongFrame(nil), [4]byte{}))

func (p *peer) websocketFrame(b []byte, at time.Time) int {
	if len(b) < 2 {
		return 0
	}
	head, size := 2, int(b[1]&0x7f)
	switch size {
	case 126:
		if head = 4; len(b) < head {
			return 0
		}
		size = int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if head = 10; len(b) < head {
			return 0
		}
		size = int(binary.BigEndian.Uint64(b[2:]))
	}
	if len(b) < head+size {
		return 0
	}
	switch ws.OpCode(b[0] & 0x0f) {
	case ws.OpPing:
		p.write(pongFrame)
	case ws.OpClose:
		p.lose()
	case ws.OpText, ws.OpBinary:
		p.told(b[head:head+size], at)
	}
	return head + size
}

// event reads one event of an event stream.
func (p *peer) event(b []byte, at time.Time) int {
	end := bytes.Index(b, []byte("\n\n"))
	if end < 0 {
		return 0
	}
	for line := range bytes.SplitSeq(b[:end], []byte("\n")) {
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			p.told(data, at)
		}
	}
	return end + 2
}

// told takes in a frame of the protocol. It looks only at what it needs, because it looks
// at a great many.
func (p *peer) told(body []byte, at time.Time) {
	s := p.loop.s
	s.frames.Add(1)
	if p.kind != byEcho {
		if _, rest, ok := bytes.Cut(body, []byte(`"position":"`)); ok && len(rest) > len(p.position) {
			copy(p.position[:], rest)
		}
		switch kind := frameType(body); kind {
		case "hello":
			p.enter()
		case "reset":
			s.resets.Add(1)
		case "close":
			s.goodbyes.Add(1)
			if _, rest, ok := bytes.Cut(body, []byte(`"reason":"`)); ok {
				reason, _, _ := bytes.Cut(rest, []byte(`"`))
				s.why(string(reason))
			}
			if _, rest, ok := bytes.Cut(body, []byte(`"retry":`)); ok {
				ms, _ := strconv.Atoi(string(bytes.TrimRight(rest, "}\n")))
				p.retry = time.Duration(max(ms, 0)) * time.Millisecond
			}
		}
	}
	if s.frame != nil {
		s.frame(p, at, body)
	}
}

// frameType is the type of a frame, which stands first in it.
func frameType(body []byte) string {
	rest, ok := bytes.CutPrefix(body, []byte(`{"type":"`))
	if !ok {
		return ""
	}
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(name)
}
