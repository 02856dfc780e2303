package doctor

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

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

// here is the address a program of this machine reaches a listener at.
func here(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// askParley returns "ready" or "not ready" when Parley answers at an address.
func askParley(ctx context.Context, address string) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+here(address)+"/readyz", nil)
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
