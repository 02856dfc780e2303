package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gomysql "github.com/go-sql-driver/mysql"

	"parley/api"
	"parley/config"
	"parley/internal/testdb"
)

// The test binary is parley itself when this is set.
const actAsParley = "PARLEY_TEST_ACT_AS_PARLEY"

func TestMain(m *testing.M) {
	if os.Getenv(actAsParley) != "" {
		main()
	}
	os.Exit(m.Run())
}

// deadline is how long a test waits for what should happen.
const deadline = 15 * time.Second

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); {
		if cond() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("did not happen in %v: %s", deadline, what)
}

// siteConfig points the settings at a database with the cast in it.
func siteConfig(t *testing.T, dsn string) *config.Config {
	t.Helper()
	t.Setenv("PARLEY_DATABASE_DSN", dsn)
	t.Setenv("PARLEY_WORDPRESS_TABLE_PREFIX", "wp_")
	t.Setenv("PARLEY_WORDPRESS_ENVIRONMENT_TYPE", "local")
	t.Setenv("PARLEY_LISTEN", "127.0.0.1:0")
	t.Setenv("PARLEY_OPS_LISTEN", "127.0.0.1:0")
	for name, value := range testdb.Keys {
		t.Setenv("PARLEY_WORDPRESS_"+name, value)
	}
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// service is a running Server.
type service struct {
	*Server
	public, ops string // http://host:port
	log         *lockedBuffer
	stop        context.CancelFunc
	ended       chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start starts the service and stops it at the end of the test.
func start(t *testing.T, c *config.Config) *service {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &service{log: &lockedBuffer{}, stop: cancel, ended: make(chan error, 1)}
	listening := make(chan struct{})
	s.Server = &Server{
		Config: c, Version: "test",
		Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Started: func(public, ops net.Addr) {
			s.public, s.ops = "http://"+public.String(), "http://"+ops.String()
			close(listening)
		},
	}
	go func() { s.ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if s.ended != nil {
			<-s.ended
		}
	})
	select {
	case <-listening:
	case err := <-s.ended:
		s.ended = nil
		t.Fatalf("did not start: %v", err)
	}
	return s
}

func (s *service) waitReady(t *testing.T) {
	t.Helper()
	eventually(t, "ready", func() bool {
		select {
		case err := <-s.ended:
			s.ended = nil
			t.Fatalf("ended: %v", err)
		default:
		}
		status, _, _ := get(t, s.ops+"/readyz", nil)
		return status == http.StatusOK
	})
}

// wait returns what Run returned.
func (s *service) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.ended:
		s.ended = nil
		return err
	case <-time.After(deadline):
		t.Fatal("did not end")
		return nil
	}
}

func get(t *testing.T, url string, header map[string]string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

const inbox = "/wp-json/jetonomy/v1/conversations"

func alice() map[string]string {
	p := testdb.Cast()["alice"]
	return map[string]string{"Cookie": p.Cookie(), "X-WP-Nonce": p.Nonce(time.Now())}
}

func TestServiceAnswersMembersAndOperators(t *testing.T) {
	s := start(t, siteConfig(t, testdb.CastDSN(t)))
	s.waitReady(t)
	for _, base := range []string{s.public, s.ops} {
		for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
			if status, _, body := get(t, base+path, nil); status != http.StatusOK || body != want {
				t.Errorf("%s%s: %d %q", base, path, status, body)
			}
		}
	}
	header := alice()
	header["X-Request-Id"] = "from-the-proxy.1"
	status, h, body := get(t, s.public+inbox+"?search=very-private", header)
	if status != http.StatusOK || h.Get("X-Request-Id") != "from-the-proxy.1" || !strings.Contains(body, `"data":[]`) {
		t.Errorf("inbox: %d %v %s", status, h, body)
	}
	if status, h, _ := get(t, s.public+inbox, map[string]string{"X-Request-Id": "has spaces"}); status != http.StatusUnauthorized || len(h.Get("X-Request-Id")) != 24 {
		t.Errorf("nobody: %d, request id %q", status, h.Get("X-Request-Id"))
	}
	if status, _, _ := get(t, s.public+"/metrics", nil); status != http.StatusNotFound {
		t.Errorf("metrics are public: %d", status)
	}
	if status, _, _ := get(t, s.ops+"/debug/pprof/", nil); status != http.StatusNotFound {
		t.Errorf("profiles without being asked for: %d", status)
	}
	_, _, metrics := get(t, s.ops+"/metrics", nil)
	for _, line := range []string{
		`parley_http_requests_total{method="GET",route="/jetonomy/v1/conversations",status="200"} 1`,
		`parley_http_requests_total{method="GET",route="/jetonomy/v1/conversations",status="401"} 1`,
		`parley_http_requests_in_flight 0`, `parley_database_available 1`, "parley_database_statements_total",
		"parley_database_connections_open", `parley_build_info{version="test"} 1`, "go_goroutines", "process_resident_memory_bytes",
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("metrics lack %s", line)
		}
	}
	log := s.log.String()
	if !strings.Contains(log, `"request_id":"from-the-proxy.1"`) || !strings.Contains(log, `"route":"/jetonomy/v1/conversations"`) || !strings.Contains(log, `"user":3`) {
		t.Error(log)
	}
	for _, secret := range []string{"very-private", header["X-WP-Nonce"], testdb.Cast()["alice"].SessionToken, testdb.Keys["NONCE_KEY"]} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestProfilesAreForOperatorsWhoAskForThem(t *testing.T) {
	t.Setenv("PARLEY_OPS_PROFILING", "true")
	s := start(t, siteConfig(t, testdb.CastDSN(t)))
	s.waitReady(t)
	if status, _, body := get(t, s.ops+"/debug/pprof/", nil); status != http.StatusOK || !strings.Contains(body, "goroutine") {
		t.Errorf("profiles: %d %.100s", status, body)
	}
	if status, _, _ := get(t, s.public+"/debug/pprof/", nil); status != http.StatusNotFound {
		t.Errorf("profiles are public: %d", status)
	}
}

func TestServiceIsUpBeforeItsDatabase(t *testing.T) {
	server := testdb.NewServer(t)
	dsn := server.Database(t)
	dump, err := os.ReadFile("../../internal/testdb/testdata/site.sql")
	if err != nil {
		t.Fatal(err)
	}
	testdb.Load(t, dsn, string(dump))
	server.Stop(t)

	s := start(t, siteConfig(t, dsn))
	if status, _, _ := get(t, s.public+"/healthz", nil); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}
	if status, _, body := get(t, s.public+"/readyz", nil); status != http.StatusServiceUnavailable || body != "not ready\n" {
		t.Errorf("readyz: %d %q", status, body)
	}
	if status, _, body := get(t, s.ops+"/readyz", nil); status != http.StatusServiceUnavailable || !strings.Contains(body, "database") {
		t.Errorf("readyz for operators: %d %q", status, body)
	}
	status, h, body := get(t, s.public+inbox, nil)
	if status != http.StatusServiceUnavailable || h.Get("Retry-After") == "" || !strings.Contains(body, `"code":"parley_unavailable"`) {
		t.Errorf("inbox: %d %v %s", status, h, body)
	}
	server.Start(t)
	s.waitReady(t)
	// A look at the database may come late on a busy machine, and readiness waver.
	eventually(t, "an inbox with a database", func() bool {
		status, _, _ := get(t, s.public+inbox, nil)
		return status == http.StatusUnauthorized
	})
	server.Kill(t)
	eventually(t, "not ready without a database", func() bool {
		status, _, _ := get(t, s.ops+"/readyz", nil)
		return status == http.StatusServiceUnavailable
	})
	server.Start(t)
	s.waitReady(t)
}

func TestStoppingFinishesWhatWasAccepted(t *testing.T) {
	s := start(t, siteConfig(t, testdb.CastDSN(t)))
	s.waitReady(t)
	entered, release := make(chan struct{}), make(chan struct{})
	s.front.Open(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "finished")
	}))
	answer := make(chan string, 1)
	go func() {
		_, _, body := get(t, s.public+"/slow", nil)
		answer <- body
	}()
	<-entered
	s.stop()
	eventually(t, "no longer accepting", func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.public, "http://"))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if status, _, _ := get(t, s.ops+"/healthz", nil); status != http.StatusOK {
		t.Errorf("operators cannot look on while it stops: %d", status)
	}
	close(release)
	if body := <-answer; body != "finished" {
		t.Errorf("the accepted request got %q", body)
	}
	if err := s.wait(t); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestServeRefusesBesideTheReferenceExtension(t *testing.T) {
	dsn := testdb.CastDSN(t)
	db := testdb.Connect(t, dsn)
	if _, err := db.Exec("INSERT INTO wp_options (option_name, option_value, autoload) VALUES ('jetonomy_pro_extensions', 'a:1:{i:0;s:17:\"private-messaging\";}', 'on')"); err != nil {
		t.Fatal(err)
	}
	c := siteConfig(t, dsn)
	if err := start(t, c).wait(t); err == nil || !strings.Contains(err.Error(), "PARLEY_MESSAGING_ALLOW_SECOND_WRITER") {
		t.Errorf("Run: %v", err)
	}
	var tables int
	if err := db.Get(&tables, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'wp\\_parley\\_%'"); err != nil || tables != 0 {
		t.Errorf("%d tables were made, %v", tables, err)
	}
	t.Setenv("PARLEY_MESSAGING_ALLOW_SECOND_WRITER", "true")
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, c).waitReady(t)
}

func TestWhatCannotBeMendedByWaitingEndsTheStart(t *testing.T) {
	dsn := testdb.CastDSN(t)
	t.Run("password", func(t *testing.T) {
		cfg, err := gomysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		cfg.User, cfg.Passwd = "nobody_of_this_name", "hunter2"
		err = start(t, siteConfig(t, cfg.FormatDSN())).wait(t)
		if err == nil || !strings.Contains(err.Error(), "nobody_of_this_name") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Run: %v", err)
		}
	})
	t.Run("prefix", func(t *testing.T) {
		siteConfig(t, dsn)
		t.Setenv("PARLEY_WORDPRESS_TABLE_PREFIX", "other_")
		c, err := config.Load("", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := start(t, c).wait(t); err == nil || !strings.Contains(err.Error(), "other_options") {
			t.Errorf("Run: %v", err)
		}
	})
	t.Run("address", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c := siteConfig(t, dsn)
		c.OpsListen = l.Addr().String()
		err = (&Server{Config: c, Log: slog.New(slog.DiscardHandler)}).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "PARLEY_OPS_LISTEN") {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestWithoutMigrationsItIsNotReady(t *testing.T) {
	dsn := testdb.CastDSN(t)
	siteConfig(t, dsn)
	t.Setenv("PARLEY_MIGRATE", "false")
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, c)
	eventually(t, "waiting for a migration", func() bool {
		_, _, body := get(t, s.ops+"/readyz", nil)
		return strings.Contains(body, "parley migrate up")
	})
	if code, out, errs := parley(t, "migrate", "up"); code != 0 {
		t.Fatalf("migrate up: %d %s %s", code, out, errs)
	}
	s.waitReady(t)
}

// parley runs a command line inside of this process.
func parley(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestSignalEndsTheProgramWithZero(t *testing.T) {
	siteConfig(t, testdb.CastDSN(t))
	cmd := exec.Command(os.Args[0], "serve")
	cmd.Env = append(os.Environ(), actAsParley+"=1")
	log := &lockedBuffer{}
	cmd.Stderr = log
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	eventually(t, "serving", func() bool { return strings.Contains(log.String(), "parley serves") })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("exit: %v\n%s", err, log.String())
		}
	case <-time.After(deadline):
		t.Fatal("still there")
	}
	if out.Len() > 0 {
		t.Errorf("standard output: %s", out.String())
	}
}

func TestExitCodesAndStreams(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, tt := range []struct {
		args           string
		code           int
		stdout, stderr string // parts
	}{
		{"version", 0, "parley devel", ""},
		{"--help", 0, "Available Commands", ""},
		{"help serve", 0, "--listen", ""},
		{"serve --help", 0, "PARLEY_OPS_LISTEN", ""},
		{"migrate --help", 0, "status", ""},
		{"migrate down --help", 0, "--steps", ""},
		{"doctor --help", 0, "--json", ""},
		{"config --help", 0, "secrets masked", ""},
		{"", 2, "", "a command is missing"},
		{"nonsense", 2, "", `there is no command "nonsense"`},
		{"migrate", 2, "", "a command is missing"},
		{"migrate sideways", 2, "", `there is no command "migrate sideways"`},
		{"version now", 2, "", "takes no argument"},
		{"serve --nonsense", 2, "", "unknown flag"},
		{"serve --migrate=perhaps", 2, "", "invalid argument"},
		{"migrate down --steps=0", 2, "", "--steps"},
		{"serve", 1, "", "PARLEY_WP_CONFIG"},
		{"migrate up", 1, "", "PARLEY_WP_CONFIG"},
		{"doctor", 1, "PROBLEM", ""},
		{"serve --config /nonexistent.yaml", 1, "", "/nonexistent.yaml"},
		{"serve --wp-config /nonexistent.php", 1, "", "/nonexistent.php"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			code, out, errs := parley(t, strings.Fields(tt.args)...)
			if code != tt.code || !strings.Contains(out, tt.stdout) || !strings.Contains(errs, tt.stderr) {
				t.Errorf("exit %d, want %d\nstdout: %s\nstderr: %s", code, tt.code, out, errs)
			}
			if tt.stdout == "" && out != "" || tt.stderr == "" && errs != "" {
				t.Errorf("a stream that should be empty is not\nstdout: %s\nstderr: %s", out, errs)
			}
		})
	}
}

func TestMigrateUpStatusDown(t *testing.T) {
	siteConfig(t, testdb.CastDSN(t))
	for _, tt := range []struct{ args, stdout string }{
		{"migrate status", "pending"},
		{"migrate up", "applied 1 "},
		{"migrate up", "nothing to apply"},
		{"migrate status", "applied"},
		{"migrate down --all", "reverted 1 "},
		{"migrate down", "nothing to take back"},
		{"migrate up", "applied 1 "},
		{"migrate down", "reverted "},
	} {
		code, out, errs := parley(t, strings.Fields(tt.args)...)
		if code != 0 || !strings.Contains(out, tt.stdout) || errs != "" {
			t.Fatalf("%s: exit %d\n%s\n%s", tt.args, code, out, errs)
		}
	}
}

func TestConfigShowsWhatIsInEffect(t *testing.T) {
	siteConfig(t, "u:hunter2@tcp(127.0.0.1:1)/n")
	file := filepath.Join(t.TempDir(), "parley.yaml")
	if err := os.WriteFile(file, []byte("limits: {members: 5}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := parley(t, "config", "--config", file)
	if code != 0 || !strings.Contains(out, "limits.members: \"5\"\n") || strings.Contains(out, "hunter2") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestDatabaseErrorsAreLoggedWithoutWhatTheyQuote(t *testing.T) {
	var b bytes.Buffer
	log := api.NewLogger(&b, "info", "json")
	log.Error("x", "error", &gomysql.MySQLError{Number: 1366, SQLState: [5]byte{'2', '2', '0', '0', '7'}, Message: "Incorrect string value: 'dear diary' for column content"})
	log.Error("y", "error", &gomysql.MySQLError{Number: 1045, SQLState: [5]byte{'2', '8', '0', '0', '0'}, Message: "Access denied for user 'bob'"})
	if out := b.String(); strings.Contains(out, "diary") || !strings.Contains(out, "database error 1366") || !strings.Contains(out, "Access denied for user 'bob'") {
		t.Error(out)
	}
}
