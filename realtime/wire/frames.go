package wire

import (
	"errors"
	"io"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"parley/realtime"
)

// incoming is a frame of a client: a message's text, or one of the transport's.
type incoming struct {
	op   ws.OpCode
	body []byte
}

// readFrame reads one frame as a client may send it: masked, in one piece, text or one
// of the transport's, at most MaxFrame long. allow is asked before its body is read.
// Otherwise it says why the connection has to end: Gone when nothing more comes.
func readFrame(r io.Reader, allow func() bool) (incoming, *realtime.Ending) {
	h, err := ws.ReadHeader(r)
	if err != nil {
		if errors.Is(err, ws.ErrHeaderLengthMSB) || errors.Is(err, ws.ErrHeaderLengthUnexpected) {
			return incoming{}, realtime.ProtocolError
		}
		return incoming{}, realtime.Gone
	}
	control := h.OpCode.IsControl()
	switch {
	case !h.Masked, h.Rsv != 0, h.OpCode.IsReserved(), control && (!h.Fin || h.Length > ws.MaxControlFramePayloadSize):
		return incoming{}, realtime.ProtocolError
	case !control && (h.OpCode != ws.OpText || !h.Fin):
		return incoming{}, realtime.Binary
	case h.Length > MaxFrame:
		return incoming{}, realtime.TooLarge
	case !allow():
		return incoming{}, realtime.TooManyFrames
	}
	f := incoming{h.OpCode, make([]byte, h.Length)}
	if _, err := io.ReadFull(r, f.body); err != nil {
		return incoming{}, realtime.Gone
	}
	ws.Cipher(f.body, h.Mask, 0)
	return f, f.wrong()
}

// wrong is what is wrong with a frame's body, for WebSocket: text is UTF-8, and a close
// frame says nothing or a code that may be said.
func (f incoming) wrong() *realtime.Ending {
	switch f.op {
	case ws.OpText:
		if !utf8.Valid(f.body) {
			return realtime.NotUTF8
		}
	case ws.OpClose:
		code, reason := ws.ParseCloseFrameData(f.body)
		if len(f.body) == 1 || len(f.body) > 1 && ws.CheckCloseFrameData(code, reason) != nil {
			return realtime.ProtocolError
		}
	}
	return nil
}
