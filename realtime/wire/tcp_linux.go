package wire

import (
	"net"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT (linux/tcp.h, RFC 5482), in milliseconds.
const tcpUserTimeout = 18

// noticeVanishing has the system give a connection up when what was sent on it stays
// unacknowledged for that long, instead of the quarter of an hour it would try.
func noticeVanishing(conn net.Conn, after time.Duration) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return // a Unix socket's other side cannot vanish
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(after.Milliseconds()))
	})
}
