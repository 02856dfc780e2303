package config

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"
	"time"

	gomysql "github.com/go-sql-driver/mysql"
)

// Database says how to reach the site's database.
type Database struct {
	// PoolSize bounds the connections.
	PoolSize int
	// StatementTimeout bounds one statement on the wire.
	StatementTimeout time.Duration
	// Charset is DB_CHARSET of wp-config.php; Parley's own connections always use
	// utf8mb4. Empty: not defined, or the DSN was given.
	Charset string

	dsn                  string // setting database.dsn; goes before the rest
	name, user, password string
	endpoints            []endpoint // in the order to try
}

// endpoint is a network (tcp, unix) and an address on it.
type endpoint struct{ network, address string }

// The sockets a DB_HOST of localhost is looked for at, as PHP packages and servers
// place them.
var defaultSockets = []string{
	"/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock",
	"/var/lib/mysql/mysql.sock", "/run/mysql/mysql.sock", "/tmp/mysql.sock",
}

// probeTimeout bounds looking for the server at one of several addresses.
const probeTimeout = time.Second

// DSN is the address of the database for go-sql-driver/mysql, password included.
// Where wp-config.php leaves several possibilities (localhost), the first one that
// somebody listens at is taken, so it may differ between calls.
func (d Database) DSN(ctx context.Context) string {
	if d.dsn != "" {
		return withTimeout(d.dsn, d.StatementTimeout)
	}
	chosen := d.endpoints[len(d.endpoints)-1]
	for _, e := range d.endpoints[:len(d.endpoints)-1] {
		if answers(ctx, e) {
			chosen = e
			break
		}
	}
	cfg := gomysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName = d.user, d.password, d.name
	cfg.Net, cfg.Addr = chosen.network, chosen.address
	cfg.ReadTimeout, cfg.WriteTimeout = d.StatementTimeout, d.StatementTimeout
	return cfg.FormatDSN()
}

// WithStatementTimeout is the same database with more patience, for migrations.
func (d Database) WithStatementTimeout(t time.Duration) Database {
	d.StatementTimeout = t
	return d
}

// withTimeout sets the statement timeout of a DSN that has none of its own. A DSN
// that cannot be read is left for the driver to complain about.
func withTimeout(dsn string, t time.Duration) string {
	cfg, err := gomysql.ParseDSN(dsn)
	if err != nil {
		return dsn
	}
	if cfg.ReadTimeout == 0 {
		cfg.ReadTimeout = t
	}
	if cfg.WriteTimeout == 0 {
		cfg.WriteTimeout = t
	}
	return cfg.FormatDSN()
}

func answers(ctx context.Context, e endpoint) bool {
	d := net.Dialer{Timeout: probeTimeout}
	c, err := d.DialContext(ctx, e.network, e.address)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

var (
	hostPattern = regexp.MustCompile(`^([^:/\[\]]*)(?::([0-9]{1,5}))?$`)
	ipv6Pattern = regexp.MustCompile(`^(?:\[([0-9a-fA-F:.]+)\](?::([0-9]{1,5}))?|([0-9a-fA-F.]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*))$`)
)

// parseHost reads DB_HOST as wpdb::parse_db_host does: host, host:port,
// host:/socket, :/socket, [ipv6]:port. A bare localhost is a socket, as for PHP,
// and 127.0.0.1:3306 where no socket answers; localhost with a port is 127.0.0.1
// with that port, and the sockets where nobody listens there.
func parseHost(v string) ([]endpoint, error) {
	host := strings.TrimSpace(v)
	if i := strings.Index(host, ":/"); i >= 0 {
		return []endpoint{{"unix", host[i+1:]}}, nil
	}
	if strings.HasPrefix(host, "/") {
		return []endpoint{{"unix", host}}, nil
	}
	name, port := "", ""
	if m := hostPattern.FindStringSubmatch(host); m != nil {
		name, port = m[1], m[2]
	} else if m := ipv6Pattern.FindStringSubmatch(host); m != nil {
		name, port = m[1]+m[3], m[2]
	} else {
		return nil, errors.New("is no host, host:port or host:/socket")
	}
	if name != "" && !strings.EqualFold(name, "localhost") {
		if port == "" {
			port = "3306"
		}
		return []endpoint{{"tcp", net.JoinHostPort(name, port)}}, nil
	}
	var sockets []endpoint
	for _, s := range defaultSockets {
		sockets = append(sockets, endpoint{"unix", s})
	}
	if port == "" {
		return append(sockets, endpoint{"tcp", "127.0.0.1:3306"}), nil
	}
	tcp := endpoint{"tcp", "127.0.0.1:" + port}
	return append(append([]endpoint{tcp}, sockets...), tcp), nil
}
