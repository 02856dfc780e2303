package wpsite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"parley/internal/bound"
)

// process is a server in the foreground, its output in a log.
type process struct {
	name    string
	cmd     *exec.Cmd
	logPath string
	done    chan struct{} // closed when it has ended
	err     error         // of Wait; read after done
}

// start starts a server that writes to logs/name.log.
func (s *Site) start(name string, env []string, bin string, args ...string) (*process, error) {
	return s.startAs(nil, name, env, bin, args...)
}

// startAs is start for a server that shall run as another account, if the caller is root.
func (s *Site) startAs(o *owner, name string, env []string, bin string, args ...string) (*process, error) {
	p := &process{name: name, logPath: filepath.Join(s.Logs, name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(bin, args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Dir = s.tmp
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.tmp, "TZ=UTC", "LC_ALL=C.UTF-8"}, env...)
	if o != nil && os.Geteuid() == 0 {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}}
	}
	// Web servers and php-fpm take their workers down at SIGTERM, and could not at SIGKILL.
	if err := bound.Start(p.cmd, syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() { p.err = p.cmd.Wait(); close(p.done) }()
	return p, nil
}

// wait returns when ready does, or with the log when the server ends before.
func (p *process) wait(ctx context.Context, ready func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for {
		if ready() {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended (%v); its log ends:\n%s", p.name, p.err, p.log())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w; its log ends:\n%s", p.name, ctx.Err(), p.log())
		case <-tick.C:
		}
	}
}

// stop asks the server to end, and kills it after 25 seconds.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(25 * time.Second):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
		return fmt.Errorf("%s did not stop and was killed; its log ends:\n%s", p.name, p.log())
	}
	if p.err != nil {
		return fmt.Errorf("%s ended badly: %w; its log ends:\n%s", p.name, p.err, p.log())
	}
	return nil
}

func (p *process) log() []byte {
	b, _ := os.ReadFile(p.logPath)
	if len(b) > 4000 {
		b = b[len(b)-4000:]
	}
	return bytes.TrimSpace(b)
}

// port returns a port of 127.0.0.1: want if it is free, else an error, or with
// orAnother any free one. 0 wants any. Any one is below those the kernel gives to
// connections, for it may be a while until the server listens; other processes' sites
// leave it alone until this one ends.
func port(want int, orAnother bool) (int, error) {
	if want != 0 {
		if err := isFree(want); err == nil {
			return want, nil
		} else if !orAnother {
			return 0, fmt.Errorf("port %d is taken: %w", want, err)
		}
	}
	for range 100 {
		if p := 20000 + rand.IntN(12000); isFree(p) == nil && claim(p) {
			return p, nil
		}
	}
	return 0, errors.New("no port is free")
}

func isFree(port int) error {
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err == nil {
		err = l.Close()
	}
	return err
}

// claim reports whether no other site has a port, which is this process's from now on.
// The name of the socket is not in the file system; the kernel forgets it at the end.
func claim(port int) bool {
	l, err := net.Listen("unix", "@parley-site-port-"+strconv.Itoa(port))
	if err != nil {
		return false
	}
	claimedMu.Lock()
	defer claimedMu.Unlock()
	claimed = append(claimed, l)
	return true
}

var (
	claimedMu sync.Mutex
	claimed   []net.Listener
)

// owner is the account php-fpm and the web server's workers run as.
type owner struct {
	user, group string
	uid, gid    int
}

// webOwner is the caller, or for root one without rights.
func webOwner() (owner, error) {
	u, err := user.Current()
	if err != nil {
		return owner{}, err
	}
	if os.Geteuid() == 0 {
		if u, err = user.Lookup("www-data"); err != nil {
			u, err = user.Lookup("nobody")
		}
		if err != nil {
			return owner{}, err
		}
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return owner{}, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return owner{u.Username, g.Name, uid, gid}, nil
}

// give hands a path to the owner; a plain user owns it already.
func (o owner) give(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(path, o.uid, o.gid)
}
