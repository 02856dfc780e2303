package doctor

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// fewOpenFiles is the limit below which a busy site runs out: each visitor's
// connection and each of the database's is one.
const fewOpenFiles = 4096

// listener checks that an address is free, or that Parley has it already.
func (e *exam) listener(ctx context.Context, setting, address string) {
	l, err := net.Listen("tcp", address)
	if err == nil {
		_ = l.Close()
		e.ok("listener", "%s is free (%s).", address, setting)
		return
	}
	if state := askParley(ctx, address); state != "" {
		e.ok("listener", "Parley runs at %s (%s) and is %s.", address, setting, state)
		return
	}
	e.add("listener", Problem, "Stop the other program, or set "+setting+" (PARLEY_"+strings.ToUpper(setting)+") to another address.",
		"%s cannot be listened on: %v.", address, err)
}

// askParley returns "ready" or "not ready" when Parley answers at an address.
func askParley(ctx context.Context, address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	switch text := string(body); {
	case err != nil:
		return ""
	case text == "ready\n":
		return "ready"
	case strings.HasPrefix(text, "not ready"):
		return "not ready"
	}
	return ""
}

func (e *exam) openFiles() {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return
	}
	if limit.Cur < fewOpenFiles {
		e.add("open files", Note, "Raise it: LimitNOFILE=65536 in the systemd unit, or ulimit -n.",
			"This shell allows %d open files; a busy site needs more.", limit.Cur)
		return
	}
	e.ok("open files", "%d open files are allowed.", limit.Cur)
}
