package testdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"parley/internal/bound"
	"parley/internal/mysql"
)

// startTimeout is generous: the machine may run many servers at once.
const startTimeout = 60 * time.Second

// Server is a MariaDB of one's own, with an empty root password, reached through a
// socket. What a transaction committed survives Kill; only a power cut would lose it.
type Server struct {
	dir    string
	socket string
	tcp    bool
	port   int // 0 without tcp
	wrap   []string
	args   []string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has ended
}

// NewServer starts a server for this test alone and stops it at the end. args are
// further options of mariadbd, such as --innodb-buffer-pool-size=1G. It has no TCP port,
// which somebody else could take while a test keeps the server stopped.
func NewServer(t testing.TB, args ...string) *Server {
	t.Helper()
	return NewServerWithin(t, nil, args...)
}

// NewServerWithin is NewServer, with mariadbd started by another command, which must end
// by executing it: "ip netns exec NAME" puts it on a host of its own. With the options
// --skip-networking=OFF and --port it listens there, too.
func NewServerWithin(t testing.TB, wrap []string, args ...string) *Server {
	t.Helper()
	s, err := newServer(false, wrap, args)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	t.Cleanup(s.destroy)
	return s
}

// Socket is the path of the server's unix socket. It stays the same when the server is
// started again.
func (s *Server) Socket() string { return s.socket }

// Port is the TCP port of a launched server on 127.0.0.1, the same when it is started
// again; 0 for a server of NewServer.
func (s *Server) Port() int { return s.port }

// DSN is a DSN for root on the named database, which may be "".
func (s *Server) DSN(database string) string {
	return "root@unix(" + s.socket + ")/" + database
}

// Database creates an empty database and returns its DSN.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return createDatabase(t, s.DSN(""), false)
}

// Stop ends the server in good order and waits for it. Connections are told.
func (s *Server) Stop(t testing.TB) { t.Helper(); s.end(t, syscall.SIGTERM) }

// Kill ends the server at once, as a crash would.
func (s *Server) Kill(t testing.TB) { t.Helper(); s.end(t, syscall.SIGKILL) }

// Pause freezes the server: connections stay open and nothing answers.
func (s *Server) Pause(t testing.TB) { t.Helper(); s.signal(t, syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *Server) Resume(t testing.TB) { t.Helper(); s.signal(t, syscall.SIGCONT) }

// Start starts a stopped or killed server on its old data, and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatalf("testdb: %v", err)
	}
}

func (s *Server) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		t.Fatalf("testdb: the server is not running")
	}
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatalf("testdb: %v", err)
	}
}

func (s *Server) end(t testing.TB, sig syscall.Signal) {
	t.Helper()
	s.signal(t, sig)
	select {
	case <-s.done:
	case <-time.After(startTimeout):
		t.Fatalf("testdb: the server did not stop; its log ends:\n%s", s.log())
	}
	s.mu.Lock()
	s.cmd = nil
	s.mu.Unlock()
}

func newServer(tcp bool, wrap, args []string) (*Server, error) {
	bin, err := findServer()
	if err != nil {
		return nil, err
	}
	tmpl, err := template(bin, os.TempDir())
	if err != nil {
		return nil, err
	}
	// A short name: a socket's path may have 107 bytes at most.
	dir, err := os.MkdirTemp(tempDir(), "parley-db-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, socket: filepath.Join(dir, "s"), tcp: tcp, wrap: wrap, args: args}
	if err := bound.Remove(dir); err != nil {
		return nil, err
	}
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(tmpl)); err != nil {
		s.destroy()
		return nil, fmt.Errorf("copy the data folder: %w", err)
	}
	// Somebody may take the free port before the server does.
	for try := 0; ; try++ {
		err = nil
		if tcp {
			s.port, err = freePort()
		}
		if err == nil {
			err = s.start()
		}
		if err == nil {
			return s, nil
		}
		if try == 2 {
			s.destroy()
			return nil, err
		}
	}
}

// serverArgs are the options common to the template and the running server. No
// flush reaches the disk, but commits reach the kernel, so a killed server loses nothing.
//
// tmpdir must be the server's own: a server that starts removes what it takes for
// leftovers in there, and in a shared folder that is another one's temporary tables.
func serverArgs(datadir, tmpdir string) []string {
	args := []string{"--no-defaults", "--datadir=" + datadir, "--tmpdir=" + tmpdir, "--innodb-log-file-size=16M",
		"--innodb-flush-method=nosync", "--debug-no-sync", "--skip-sync-frm"}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	return args
}

func (s *Server) start() error {
	bin, err := findServer()
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	tmp := filepath.Join(s.dir, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return err
	}
	args := append(serverArgs(filepath.Join(s.dir, "data"), tmp),
		"--socket="+s.socket,
		"--pid-file="+filepath.Join(s.dir, "pid"), "--skip-name-resolve", "--skip-log-bin",
		"--performance-schema=OFF", "--max-connections=600", "--innodb-buffer-pool-size=128M",
		"--innodb-flush-log-at-trx-commit=2",
		"--character-set-server=utf8mb4")
	if s.tcp {
		args = append(args, "--port="+strconv.Itoa(s.port), "--bind-address=127.0.0.1")
	} else {
		args = append(args, "--skip-networking")
	}
	argv := slices.Concat(s.wrap, []string{bin}, args, s.args)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	if err := bound.Start(cmd, syscall.SIGKILL); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	s.mu.Lock()
	s.cmd, s.done = cmd, done
	s.mu.Unlock()
	return s.wait(done)
}

// wait returns when the server answers, or an error with its log when it ended.
func (s *Server) wait(done <-chan struct{}) error {
	c, err := mysql.NewConnector(s.DSN(""))
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	defer db.Close()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); {
		if db.PingContext(context.Background()) == nil {
			return nil
		}
		select {
		case <-done:
			return fmt.Errorf("mariadbd ended at once; its log ends:\n%s", s.log())
		case <-tick.C:
		}
	}
	return fmt.Errorf("mariadbd does not answer; its log ends:\n%s", s.log())
}

func (s *Server) destroy() {
	s.mu.Lock()
	cmd, done := s.cmd, s.done
	s.cmd = nil
	s.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Kill()
		<-done
	}
	_ = os.RemoveAll(s.dir)
}

func (s *Server) log() []byte {
	b, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	if len(b) > 3000 {
		b = b[len(b)-3000:]
	}
	return bytes.TrimSpace(b)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func findServer() (string, error) {
	// A plain user's PATH often lacks the sbin folders.
	for _, name := range []string{"mariadbd", "/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", errors.New("no mariadbd on this machine: install mariadb-server, or set PARLEY_TEST_DSN")
}
