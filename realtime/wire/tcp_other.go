//go:build !linux

package wire

import (
	"net"
	"time"
)

// noticeVanishing cannot be asked of this system: the silence of a WebSocket, and the
// renewal of a stream of server-sent events, find out later.
func noticeVanishing(net.Conn, time.Duration) {}
