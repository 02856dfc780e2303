package cluster_test

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"time"

	"parley/internal/bound"
)

// process is a program running on a host, its output in a log.
type process struct {
	*host
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// start starts a program on the host.
func (h *host) start(env []string, bin string, args ...string) *process {
	h.t.Helper()
	p := &process{host: h, log: h.path("log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	h.must(err)
	defer log.Close()
	argv := append(append(h.within(), bin), args...)
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = log, log, h.dir
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "TZ=UTC", "LC_ALL=C.UTF-8"}, env...)
	h.must(bound.Start(p.cmd, syscall.SIGKILL))
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	h.t.Cleanup(p.kill)
	return p
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// kill ends the program at once.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// term asks the program to end, and waits for that.
func (p *process) term() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.name)
	}
}

// said is the log, or its end.
func (p *process) said() []byte {
	b, _ := os.ReadFile(p.log)
	return bytes.TrimSpace(b[max(0, len(b)-8000):])
}
