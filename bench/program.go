//go:build bench

package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// goBuild builds a program; dir is its module's folder, "" for Parley's.
func goBuild(t *testing.T, dir, out, pkg string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", out, pkg)
	cmd.Dir = dir
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", pkg, err, b)
	}
}

// startEcho starts the server of ./echo.
func (s *realtimeSite) startEcho(t *testing.T, with string) (address string, pid int, stop func()) {
	t.Helper()
	address = freeAddress(t)
	cmd := exec.Command(s.echo, "-listen", address, "-with", with)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(stop)
	awaitReady(t, address, "")
	return address, cmd.Process.Pid, stop
}

// awaitReady waits until an address answers /readyz. log is shown when it does not.
func awaitReady(t *testing.T, address, log string) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		resp, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Since(start) > 30*time.Second {
			b, _ := os.ReadFile(log)
			t.Fatalf("%s is not ready after 30 s:\n%s", address, b)
		}
	}
}

// metric reads one value of /metrics, 0 when it is not there.
func (s *service) metric(t *testing.T, name string) float64 {
	t.Helper()
	resp, err := http.Get("http://" + s.ops + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for in := bufio.NewScanner(bytes.NewReader(b)); in.Scan(); {
		if value, ok := strings.CutPrefix(in.Text(), name+" "); ok {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(fmt.Errorf("%s: %w", name, err))
			}
			return f
		}
	}
	return 0
}

// cpuSince returns a function that tells how much processor time a process took since.
func cpuSince(t *testing.T, pid int) func() time.Duration {
	t.Helper()
	before, err := cpuOf(pid)
	if err != nil {
		t.Fatal(err)
	}
	return func() time.Duration {
		after, err := cpuOf(pid)
		if err != nil {
			t.Fatal(err)
		}
		return after - before
	}
}

// resident is residentKiB for a process that must be there.
func resident(t *testing.T, pid int) int {
	t.Helper()
	kib, err := residentKiB(pid)
	if err != nil {
		t.Fatal(err)
	}
	return kib
}
