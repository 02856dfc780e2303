package cluster_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/testdb"
	"parley/realtime"
	"parley/wpauth"
	"parley/wpauth/wpauthtest"
)

// site is a whole site: a database, some Parleys, perhaps Redis, and a proxy in front.
type site struct {
	*lab
	mysql     *host
	server    *testdb.Server
	db        *sqlx.DB // by its socket: the test can always see it
	nodes     []*node
	redis     *host
	redisIs   *process
	proxy     *host
	proxyIs   *process
	positions realtime.Positions
}

// node is a host that runs Parley.
type node struct {
	*host
	site *site
	is   *process
}

// Places of the hosts in their networks.
const (
	mysqlAt = 5
	redisAt = 6
	proxyAt = 2
	nodesAt = 11
)

// clockFile makes a file that says how far a host's clock is off.
func (h *host) clockFile() string {
	path := h.path("clock")
	if _, err := os.Stat(path); err != nil {
		h.must(os.WriteFile(path, []byte("+0s"), 0o644))
	}
	return path
}

// step sets how far a host's clock is off. The file changes in one moment.
func (h *host) step(off time.Duration) {
	half := h.path("clock.half")
	h.must(os.WriteFile(half, fmt.Appendf(nil, "%+ds", int(off.Seconds())), 0o644))
	h.must(os.Rename(half, h.path("clock")))
}

// newSite starts everything: some nodes, and Redis if wanted.
func newSite(t testing.TB, nodes int, redis bool) *site {
	t.Helper()
	s := &site{lab: newLab(t)}
	s.startDatabase()
	if redis {
		s.redis = s.newHost("redis", redisAt, cache)
		s.startRedis()
	}
	for i := range nodes {
		s.nodes = append(s.nodes, &node{host: s.newHost(fmt.Sprint("node", string(rune('a'+i))), nodesAt+i, front, data, cache), site: s})
	}
	for _, n := range s.nodes {
		n.launch()
	}
	s.startProxy()
	s.settled()
	s.keepEvents()
	return s
}

// keepEvents keeps a copy of every event, made in its own transaction: Parley lets old ones
// go, and a clock that steps makes all of them old.
func (s *site) keepEvents() {
	s.t.Helper()
	for _, statement := range []string{
		"CREATE TABLE kept_events LIKE wp_parley_events",
		"CREATE TRIGGER keep_events AFTER INSERT ON wp_parley_events FOR EACH ROW INSERT INTO kept_events VALUES " +
			"(NEW.id, NEW.kind, NEW.conversation_id, NEW.message_id, NEW.actor_id, NEW.payload, NEW.created_at)",
	} {
		_, err := s.db.Exec(statement)
		s.must(err)
	}
}

func (s *site) startDatabase() {
	s.t.Helper()
	s.mysql = s.newHost("mysql", mysqlAt, data)
	within := append(s.mysql.within(), "env", "LD_PRELOAD="+libfaketime(s.t), "FAKETIME_TIMESTAMP_FILE="+s.mysql.clockFile(),
		"FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1")
	s.server = testdb.NewServerWithin(s.t, within, "--skip-networking=OFF", "--port=3306", "--bind-address=0.0.0.0")
	dsn := s.server.DSN("site")
	admin := testdb.Connect(s.t, s.server.DSN(""))
	for _, statement := range []string{"CREATE DATABASE site", "CREATE USER parley@'%' IDENTIFIED BY 'parley'", "GRANT ALL ON site.* TO parley@'%'"} {
		_, err := admin.Exec(statement)
		s.must(err)
	}
	testdb.SeatCast(s.t, dsn)
	s.db = testdb.Connect(s.t, dsn)
	wp := wpauthtest.WordPress()
	wp.Keys = testdb.Keys
	info, err := wpauth.NewSite(context.Background(), s.db, wpauth.SiteConfig{WordPress: wp})
	s.must(err)
	s.positions = realtime.NewPositions(info.Secret("realtime position"))
	info.Close()
}

// libfaketime is the library that MariaDB's clock is stepped with.
func libfaketime(t testing.TB) string {
	t.Helper()
	for _, pattern := range []string{"/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	t.Fatal("libfaketime is missing: install Debian's libfaketime (scripts/deps.sh cluster)")
	return ""
}

func (s *site) startRedis() {
	s.t.Helper()
	bin, err := exec.LookPath("redis-server")
	s.must(err)
	s.redisIs = s.redis.start(nil, bin, "--port", "6379", "--bind", "0.0.0.0", "--protected-mode", "no",
		"--save", "", "--appendonly", "no", "--dir", s.dir)
	eventually(s.t, "Redis answers", func() error { return dials(s.redis.at(cache) + ":6379") })
}

// launch starts Parley, without waiting for it.
func (n *node) launch() {
	s := n.site
	env := []string{
		"PARLEY_DATABASE_DSN=parley:parley@tcp(" + s.mysql.at(data) + ":3306)/site",
		"PARLEY_WORDPRESS_TABLE_PREFIX=wp_", "PARLEY_WORDPRESS_ENVIRONMENT_TYPE=local",
		"PARLEY_LISTEN=0.0.0.0:8070", "PARLEY_OPS_LISTEN=0.0.0.0:8071",
		"PARLEY_TRUSTED_PROXIES=" + s.address(front, proxyAt),
		"PARLEY_LIMITS_MESSAGES_PER_MINUTE=0", "PARLEY_LIMITS_NEW_CONVERSATIONS=0,0,0,0,0",
		"PARLEY_MESSAGING_MIN_TRUST_LEVEL=0", "PARLEY_HTTP_REQUEST_TIMEOUT=5s", "PARLEY_LOG_LEVEL=warn",
		"PARLEY_CLOCK_FILE=" + n.clockFile(), "GORACE=halt_on_error=0",
	}
	for name, key := range testdb.Keys {
		env = append(env, "PARLEY_WORDPRESS_"+name+"="+key)
	}
	if s.redis != nil {
		env = append(env, "PARLEY_REALTIME_REDIS=redis://"+s.redis.at(cache)+":6379/0")
	}
	n.is = n.start(env, os.Getenv(binaryVariable), "serve")
}

// base is the node's own address.
func (n *node) base() string { return "http://" + n.at(front) + ":8070" }

// ready reports whether the node says it is, and answers.
func (n *node) ready() error {
	select {
	case <-n.is.done:
		n.t.Fatalf("%s ended; its log ends:\n%s", n.name, n.is.said())
	default:
	}
	c := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Get("http://" + n.at(front) + ":8071/readyz")
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz: %s", res.Status)
	}
	return nil
}

// settled waits until every node is ready and the proxy passes requests on.
func (s *site) settled() {
	s.t.Helper()
	for _, n := range s.nodes {
		eventually(s.t, n.name+" is ready", n.ready)
	}
	eventually(s.t, "the proxy passes on", func() error {
		select {
		case <-s.proxyIs.done:
			s.t.Fatalf("nginx ended; its log ends:\n%s", s.proxyIs.said())
		default:
		}
		return dials(s.proxy.at(front) + ":80")
	})
}

func dials(address string) error {
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err == nil {
		_ = c.Close()
	}
	return err
}

// startProxy starts nginx with Parley's own rules, and nodes in turn.
func (s *site) startProxy() {
	s.t.Helper()
	s.proxy = s.newHost("proxy", proxyAt, front)
	bin, err := exec.LookPath("nginx")
	s.must(err)
	_, file, _, _ := runtime.Caller(0)
	rules, err := os.ReadFile(filepath.Join(filepath.Dir(file), "..", "..", "deploy", "nginx", "parley.conf"))
	s.must(err)
	text := strings.Replace(string(rules), `"127.0.0.1:8070"`, `"nodes"`, 1)
	if text == string(rules) {
		s.t.Fatal("deploy/nginx/parley.conf names no address to replace")
	}
	var upstream strings.Builder
	for _, n := range s.nodes {
		fmt.Fprintf(&upstream, "        server %s:8070 max_fails=1 fail_timeout=2s;\n", n.at(front))
	}
	dir := s.proxy.path("nginx")
	s.must(os.Mkdir(dir, 0o755))
	s.must(os.WriteFile(filepath.Join(dir, "parley.conf"), []byte(text), 0o644))
	conf := filepath.Join(dir, "nginx.conf")
	s.must(os.WriteFile(conf, fmt.Appendf(nil, `daemon off;
master_process off;
user root root;
pid %[1]s/pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path %[1]s/body;
    proxy_temp_path %[1]s/proxy;
    fastcgi_temp_path %[1]s/fastcgi;
    uwsgi_temp_path %[1]s/uwsgi;
    scgi_temp_path %[1]s/scgi;
    upstream nodes {
%[2]s    }
    server {
        listen 80;
        include %[1]s/parley.conf;
    }
}
`, dir, upstream.String()), 0o644))
	s.proxyIs = s.proxy.start(nil, bin, "-p", dir, "-e", "stderr", "-c", conf)
}
