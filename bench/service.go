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
}

func startService(t *testing.T, dsn string) *service {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "parley")
	build := exec.Command("go", "build", "-o", bin, "parley/cmd/parley")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the service: %v\n%s", err, out)
	}
	addr, ops := freeAddress(t), freeAddress(t)
	cmd := exec.Command(bin, "serve", "--listen", addr, "--ops-listen", ops)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PARLEY_DATABASE_DSN="+dsn, "PARLEY_WORDPRESS_TABLE_PREFIX=wp_",
		"PARLEY_OPS_PROFILING=true",
		"PARLEY_LIMITS_MESSAGES_PER_MINUTE=0", "PARLEY_LIMITS_NEW_CONVERSATIONS=0,0,0,0,0")
	for name, value := range siteKeys() {
		cmd.Env = append(cmd.Env, "PARLEY_WORDPRESS_"+name+"="+value)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for {
		resp, err := http.Get("http://" + ops + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(start) > 30*time.Second {
			b, _ := os.ReadFile(log.Name())
			t.Fatalf("the service is not ready after 30 s:\n%s", b)
		}
		time.Sleep(5 * time.Millisecond)
	}
	s := &service{addr: addr, ops: ops, pid: cmd.Process.Pid, ready: time.Since(start)}
	if s.idleKiB, err = residentKiB(s.pid); err != nil {
		t.Fatal(err)
	}
	return s
}

// profile stores a CPU profile of the next d, whole seconds, in a file.
func (s *service) profile(file string, d time.Duration) error {
	resp, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.ops, max(1, int(d.Seconds()))))
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
