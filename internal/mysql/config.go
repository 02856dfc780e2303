package mysql

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net"
	"time"

	gomysql "github.com/go-sql-driver/mysql"
)

// The timeouts of a connection that the DSN does not set itself.
const (
	// DialTimeout bounds dialling and the login that follows it.
	DialTimeout = 3 * time.Second
	// ReadTimeout and WriteTimeout bound one read or write on the wire, and with it
	// a statement nobody cancels. The server stops a statement after ReadTimeout too.
	ReadTimeout  = 30 * time.Second
	WriteTimeout = 30 * time.Second
	// lockWait is how long a statement waits for a row lock. The server's own
	// default of 50 s is longer than any request lives.
	lockWait = 5 * time.Second
)

// Collation is the collation of every connection, and of every table Parley
// makes. MariaDB 10.6+ and MySQL 8.0+ both have it, and it is what WordPress
// chooses on both.
const Collation = "utf8mb4_unicode_520_ci"

// sqlMode is strict, so that a value which does not fit is an error and never cut.
// NO_ZERO_DATE is left out: WordPress's and Jetonomy's tables hold zero dates,
// which are read as the zero time.Time.
const sqlMode = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"

// Config reads a DSN of go-sql-driver/mysql and lays over it what all of Parley's
// SQL relies on: utf8mb4, UTC times in and out, parameters put into the
// statement by the driver (one round trip), strict mode, affected rows counted as
// rows changed. Timeouts and TLS of the DSN are kept.
func Config(dsn string) (*gomysql.Config, error) {
	cfg, err := gomysql.ParseDSN(dsn)
	if err != nil {
		// The driver's error may quote the DSN, and with it the password.
		return nil, fmt.Errorf("the database DSN cannot be read; it looks like user:password@tcp(host:3306)/database")
	}
	if err := cfg.Apply(gomysql.Charset("utf8mb4", Collation)); err != nil {
		return nil, fmt.Errorf("database DSN: %w", err)
	}
	cfg.InterpolateParams = true
	cfg.ParseTime = true
	cfg.Loc = time.UTC
	cfg.ClientFoundRows = false
	cfg.AllowAllFiles = false
	cfg.CheckConnLiveness = true
	// The watcher and the callers report what goes wrong; the driver's own
	// lines on standard error say the same without context.
	cfg.Logger = &gomysql.NopLogger{}
	cfg.DialFunc = dial
	if cfg.Timeout == 0 {
		cfg.Timeout = DialTimeout
	}
	if cfg.ReadTimeout == 0 {
		cfg.ReadTimeout = ReadTimeout
	}
	if cfg.WriteTimeout == 0 {
		cfg.WriteTimeout = WriteTimeout
	}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = "'" + sqlMode + "'"
	return cfg, nil
}

// Connector opens connections that are set up as Config says, read committed,
// and counted (CountsOf). Give it to sql.OpenDB where a pool without a watcher
// will do; servers use Open.
type Connector struct {
	inner   driver.Connector
	timeout time.Duration
	setup   []string
	drv     *countingDriver
}

// NewConnector makes a Connector for a DSN. Nothing is dialled yet.
func NewConnector(dsn string) (*Connector, error) {
	cfg, err := Config(dsn)
	if err != nil {
		return nil, err
	}
	return connectorOf(cfg)
}

func connectorOf(cfg *gomysql.Config) (*Connector, error) {
	inner, err := gomysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("database DSN: %w", err)
	}
	return &Connector{inner: inner, timeout: cfg.Timeout, setup: []string{
		// The variable has different names on MariaDB and MySQL; the statement has not.
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
		// A statement whose reader gave up must not go on by itself. MariaDB counts
		// seconds, for every statement; MySQL milliseconds, for reads. Each server
		// skips the other's comment.
		fmt.Sprintf("SET /*M! max_statement_time=%g, */ /*!80000 max_execution_time=%d, */ SESSION innodb_lock_wait_timeout=%d",
			cfg.ReadTimeout.Seconds(), cfg.ReadTimeout.Milliseconds(), int(lockWait.Seconds())),
	}, drv: &countingDriver{Driver: inner.Driver()}}, nil
}

// Connect dials, logs in and sets the isolation level, all within the dial
// timeout: the pool opens connections in the background, where no caller's
// context would end it.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var socket net.Conn
	raw, err := c.inner.Connect(context.WithValue(ctx, dialed{}, &socket))
	if err != nil {
		return nil, err
	}
	dc, ok := raw.(driverConn)
	if !ok {
		_ = raw.Close()
		return nil, fmt.Errorf("the MySQL driver's connection lacks an interface Parley needs (%T)", raw)
	}
	for _, statement := range c.setup {
		if _, err := dc.ExecContext(ctx, statement, nil); err != nil {
			_ = dc.Close()
			return nil, err
		}
	}
	return &conn{driverConn: dc, counter: &c.drv.counter, socket: socket}, nil
}

// Driver returns the driver, which carries the counter that CountsOf finds.
func (c *Connector) Driver() driver.Driver { return c.drv }
