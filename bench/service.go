//go:build bench

package bench

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"parley/internal/testdb"
)

// service is the real binary, started as a site owner would, with no limit on
// messages per minute and otherwise default settings.
type service struct {
	addr    string
	ops     string
	pid     int
	ready   time.Duration
	idleKiB int

	bin, dir string
	env      []string
	cmd      *exec.Cmd // nil when it does not run
}

// startService starts one on a database; env are further settings.
func startService(t *testing.T, dsn string, env ...string) *service {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "parley")
	goBuild(t, "", bin, "parley/cmd/parley")
	s := &service{addr: freeAddress(t), ops: freeAddress(t), bin: bin, dir: dir}
	s.env = append(os.Environ(), "PARLEY_DATABASE_DSN="+dsn, "PARLEY_WORDPRESS_TABLE_PREFIX=wp_",
		"PARLEY_OPS_PROFILING=true",
		"PARLEY_LIMITS_MESSAGES_PER_MINUTE=0", "PARLEY_LIMITS_NEW_CONVERSATIONS=0,0,0,0,0")
	for name, value := range siteKeys() {
		s.env = append(s.env, "PARLEY_WORDPRESS_"+name+"="+value)
	}
	s.env = append(s.env, env...)
	t.Cleanup(s.stop)
	s.start(t)
	return s
}

// start starts the process and waits until it is ready.
func (s *service) start(t *testing.T) {
	t.Helper()
	cmd := exec.Command(s.bin, "serve", "--listen", s.addr, "--ops-listen", s.ops)
	cmd.Dir, cmd.Env = s.dir, s.env
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.cmd, s.pid = cmd, cmd.Process.Pid
	awaitReady(t, s.ops, log.Name())
	s.ready, s.idleKiB = time.Since(start), resident(t, s.pid)
}

// stop ends the process as a service manager does, and waits for it.
func (s *service) stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// profile stores a CPU profile of the next d, whole seconds, in a file.
func (s *service) profile(file string, d time.Duration) error {
	return s.fetch(fmt.Sprintf("profile?seconds=%d", max(1, int(d.Seconds()))), file)
}

// fetch stores one of Go's profiles in a file.
func (s *service) fetch(profile, file string) error {
	resp, err := http.Get("http://" + s.ops + "/debug/pprof/" + profile)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	return errors.Join(err, f.Close())
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func loadSite(t *testing.T, dsn string) {
	t.Helper()
	dump, err := os.ReadFile("../internal/testdb/testdata/site.sql")
	if err != nil {
		t.Fatal(fmt.Errorf("the site fixture: %w", err))
	}
	testdb.Load(t, dsn, string(dump))
}
