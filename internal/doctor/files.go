package doctor

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// fewOpenFiles is the limit below which a busy site runs out, whoever is logged in:
	// each visitor's connection and each of the database's is one.
	fewOpenFiles = 4096
	// otherFiles is what a service needs beside the connections of those online and its
	// pool of the database: ordinary requests, the stream's own connections to the
	// database, logs, listeners.
	otherFiles = 200
)

// openFiles compares the limit of open files with the connections there may be at once:
// every member who is logged in may have the inbox open. The limit is that of the Parley
// that runs here, else this shell's.
func (e *exam) openFiles(ctx context.Context) {
	var shell syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &shell); err != nil {
		return
	}
	limit, whose := shell.Cur, "This shell"
	if most, running := runningLimit(ctx, e.Config.OpsListen); running {
		limit, whose = most, "The Parley that runs here"
	}
	members := e.loggedIn(ctx)
	need := uint64(fewOpenFiles)
	if e.Config.Realtime.Enabled {
		need = max(need, members+uint64(e.Config.Database.PoolSize)+otherFiles)
	}
	switch {
	case limit >= need:
		e.ok("open files", "%d open files are allowed.", limit)
	case limit < fewOpenFiles:
		e.add("open files", Note, "Raise it: LimitNOFILE=65536 in the systemd unit, or ulimit -n.",
			"%s allows %d open files; a busy site needs more.", whose, limit)
	default:
		e.add("open files", Note, "Raise it: LimitNOFILE in the systemd unit, or ulimit -n; or run several nodes (docs/capacity.md).",
			"%s allows %d open files; if all %d members who are logged in had the inbox open, %d were needed.", whose, limit, members, need)
	}
}

// loggedIn counts the members who have a session, 0 when that is not known.
func (e *exam) loggedIn(ctx context.Context) uint64 {
	if e.site == nil {
		return 0
	}
	var n uint64
	if err := e.db.GetContext(ctx, &n, "SELECT COUNT(*) FROM "+e.site.Tables().UserMeta+" WHERE meta_key = 'session_tokens'"); err != nil {
		return 0
	}
	return n
}

// runningLimit asks the Parley at the operators' address for its limit of open files.
func runningLimit(ctx context.Context, ops string) (limit uint64, running bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+here(ops)+"/metrics", nil)
	if err != nil {
		return 0, false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, false
	}
	defer resp.Body.Close()
	ours := false
	for in := bufio.NewScanner(resp.Body); in.Scan(); {
		ours = ours || strings.HasPrefix(in.Text(), "parley_")
		if value, ok := strings.CutPrefix(in.Text(), "process_max_fds "); ok {
			if f, err := strconv.ParseFloat(value, 64); err == nil {
				limit = uint64(f)
			}
		}
	}
	return limit, ours && limit > 0
}
