// Package testredis gives tests a real Redis server of their own, to be stopped, killed
// and started again.
package testredis

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/internal/bound"
)

// startTimeout is generous: the machine may run many servers at once.
const startTimeout = 60 * time.Second

// Server is a Redis server on a socket of its own, with TLS on a port where it was asked for.
type Server struct {
	dir  string
	args []string
	port int // of TLS; 0 without

	authorities *x509.CertPool
	cmd         *exec.Cmd
	done        chan struct{}
}

// New starts a server, stopped when the test ends. args are further options, such as
// --requirepass.
func New(t testing.TB, args ...string) *Server {
	t.Helper()
	s := &Server{args: args, dir: folder(t)}
	s.Start(t)
	t.Cleanup(s.destroy)
	return s
}

// NewTLS starts a server that is reached by TLS alone, with a certificate that TLS knows.
func NewTLS(t testing.TB, args ...string) *Server {
	t.Helper()
	s := &Server{args: args, dir: folder(t)}
	s.certify(t)
	t.Cleanup(s.destroy)
	// Somebody may take the free port before the server does.
	for try := 0; ; try++ {
		s.port = freePort(t)
		err := s.start()
		if err == nil {
			return s
		}
		if try == 2 {
			t.Fatalf("testredis: %v; its log ends:\n%s", err, s.log())
		}
	}
}

// folder has a short name: a socket's path may have 107 bytes at most.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-redis-")
	if err == nil {
		err = bound.Remove(dir)
	}
	if err != nil {
		t.Fatalf("testredis: %v", err)
	}
	return dir
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("testredis: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *Server) socket() string { return filepath.Join(s.dir, "s") }

// URL is where the server is, the same when it is started again.
func (s *Server) URL() string {
	if s.port != 0 {
		return "rediss://127.0.0.1:" + strconv.Itoa(s.port)
	}
	return "unix://" + s.socket()
}

// Address is the network and address to dial.
func (s *Server) Address() (network, address string) {
	if s.port != 0 {
		return "tcp", "127.0.0.1:" + strconv.Itoa(s.port)
	}
	return "unix", s.socket()
}

// Start starts a server that was killed.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatalf("testredis: %v; its log ends:\n%s", err, s.log())
	}
}

// Kill ends the server at once, as a crash would.
func (s *Server) Kill(t testing.TB) { t.Helper(); s.end(t, syscall.SIGKILL) }

// Pause freezes the server: connections stay open and nothing answers.
func (s *Server) Pause(t testing.TB) { t.Helper(); s.signal(t, syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *Server) Resume(t testing.TB) { t.Helper(); s.signal(t, syscall.SIGCONT) }

// Do sends a command, by its words, and returns the answer's first line.
func (s *Server) Do(t testing.TB, words ...string) string {
	t.Helper()
	c, err := net.Dial("unix", s.socket())
	if err != nil {
		t.Fatalf("testredis: %v", err)
	}
	defer c.Close()
	var b strings.Builder
	b.WriteString("*" + strconv.Itoa(len(words)) + "\r\n")
	for _, w := range words {
		b.WriteString("$" + strconv.Itoa(len(w)) + "\r\n" + w + "\r\n")
	}
	_ = c.SetDeadline(time.Now().Add(startTimeout))
	if _, err := c.Write([]byte(b.String())); err != nil {
		t.Fatalf("testredis: %v", err)
	}
	answer := make([]byte, 4096)
	n, err := c.Read(answer)
	if err != nil {
		t.Fatalf("testredis: %v", err)
	}
	first, _, _ := strings.Cut(string(answer[:n]), "\r\n")
	return first
}

func (s *Server) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatalf("testredis: %v", err)
	}
}

func (s *Server) end(t testing.TB, sig syscall.Signal) {
	t.Helper()
	s.signal(t, sig)
	select {
	case <-s.done:
	case <-time.After(startTimeout):
		t.Fatal("testredis: the server did not stop")
	}
}

func (s *Server) start() error {
	args := []string{"--port", "0", "--unixsocket", s.socket(), "--dir", s.dir, "--save", "", "--appendonly", "no",
		"--logfile", filepath.Join(s.dir, "log"), "--daemonize", "no"}
	if s.port != 0 {
		args = append(args, "--tls-port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--tls-auth-clients", "no",
			"--tls-cert-file", filepath.Join(s.dir, "cert.pem"), "--tls-key-file", filepath.Join(s.dir, "key.pem"),
			"--tls-ca-cert-file", filepath.Join(s.dir, "cert.pem"))
	}
	cmd := exec.Command("redis-server", append(args, s.args...)...)
	if err := bound.Start(cmd, syscall.SIGKILL); err != nil {
		return err
	}
	s.cmd, s.done = cmd, make(chan struct{})
	go func(done chan struct{}) { _ = cmd.Wait(); close(done) }(s.done)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); {
		c, err := net.Dial(s.Address())
		if err == nil {
			return c.Close()
		}
		select {
		case <-s.done:
			return &net.AddrError{Err: "redis-server ended at once", Addr: s.URL()}
		case <-look.C:
		}
	}
	return context.DeadlineExceeded
}

func (s *Server) log() []byte {
	b, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return b[max(0, len(b)-3000):]
}

func (s *Server) destroy() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	_ = os.RemoveAll(s.dir)
}

// certify makes the server's certificate, which is its own authority.
func (s *Server) certify(t testing.TB) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("testredis: %v", err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	now := time.Now()
	about := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "testredis"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	s.authorities = x509.NewCertPool()
	s.authorities.AddCert(cert)
	must(os.WriteFile(filepath.Join(s.dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(os.WriteFile(filepath.Join(s.dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}

// TLS is how a client reaches a server of NewTLS.
func (s *Server) TLS() *tls.Config { return &tls.Config{RootCAs: s.authorities} }
