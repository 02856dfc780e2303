package wire

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"parley/realtime"
)

func masked(f ws.Frame) []byte { return ws.MustCompileFrame(ws.MaskFrame(f)) }

// FuzzReadFrame gives the reader of frames whatever can come over the wire: it ends with
// an ending of the protocol, never holds more than a frame may have, and what it lets
// through is what WebSocket allows.
func FuzzReadFrame(f *testing.F) {
	for _, seed := range [][]byte{
		masked(ws.NewTextFrame([]byte(`{"type":"ping"}`))),
		masked(ws.NewPingFrame([]byte("x"))),
		masked(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "bye"))),
		masked(ws.NewBinaryFrame([]byte{0})),
		masked(ws.NewTextFrame([]byte(strings.Repeat("é", 2048)))),
		masked(ws.NewTextFrame(make([]byte, MaxFrame+1))),
		masked(ws.NewFrame(ws.OpText, false, []byte("{"))),
		masked(ws.NewFrame(ws.OpContinuation, true, []byte("}"))),
		ws.MustCompileFrame(ws.NewTextFrame([]byte("not masked"))),
		{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0},
		{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
		{0x81, 0xfe, 0, 1, 0, 0, 0, 0, 'x'},
		{0xc1, 0x80, 0, 0, 0, 0}, {0x83, 0x80}, {0x8b, 0x80}, {0x09, 0x80}, {0x88, 0x81, 0, 0, 0, 0, 3}, {0x81},
	} {
		f.Add(seed)
		f.Add(append(masked(ws.NewTextFrame([]byte("{}"))), seed...))
	}
	endings := []*realtime.Ending{realtime.Gone, realtime.ProtocolError, realtime.Binary, realtime.NotUTF8, realtime.TooLarge, realtime.TooManyFrames}
	f.Fuzz(func(t *testing.T, wire []byte) {
		r, allowed := bytes.NewReader(wire), 0
		for {
			before := r.Len()
			frame, e := readFrame(r, func() bool { allowed++; return allowed <= 30 })
			if e != nil {
				if !slices.Contains(endings, e) {
					t.Fatalf("ended with %v", e)
				}
				if e == realtime.Gone && before > MaxFrame+ws.MaxHeaderSize {
					t.Fatalf("%d bytes were left", before)
				}
				return
			}
			if took := before - r.Len(); took > MaxFrame+ws.MaxHeaderSize || took < 6 {
				t.Fatalf("a frame of %d bytes", took)
			}
			switch frame.op {
			case ws.OpText:
				if len(frame.body) > MaxFrame || !utf8.Valid(frame.body) {
					t.Fatalf("text %q", frame.body)
				}
			case ws.OpPing, ws.OpPong, ws.OpClose:
				if len(frame.body) > 125 || len(frame.body) == 1 && frame.op == ws.OpClose {
					t.Fatalf("%v %q", frame.op, frame.body)
				}
			default:
				t.Fatalf("a frame of kind %d", frame.op)
			}
		}
	})
}

// greedy fails the test when much is read from it at once.
type greedy struct {
	*testing.T
	io.Reader
	most int
}

func (g *greedy) Read(b []byte) (int, error) {
	if len(b) > g.most {
		g.Fatalf("%d bytes were to be read at once", len(b))
	}
	return g.Reader.Read(b)
}

func TestAFrameThatSaysItIsHugeCostsNothing(t *testing.T) {
	raw := []byte{0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	if _, e := readFrame(&greedy{t, bytes.NewReader(raw), ws.MaxHeaderSize}, func() bool { return true }); e != realtime.TooLarge {
		t.Errorf("ended with %v", e)
	}
}
