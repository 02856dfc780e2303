package wpsite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/internal/bound"
	"parley/internal/testdb"
)

// startTimeout bounds the start of one server; the machine may be busy.
const startTimeout = 90 * time.Second

// Options say what to bring up.
type Options struct {
	// Root is the root of Parley's source tree, where deploy/ is.
	Root string
	// Binary is the parley to run; ParleyEnv are further variables for it, NAME=value.
	Binary    string
	ParleyEnv []string
	// WordPressDir is a WordPress tree to copy; "" means DefaultWordPressDir.
	WordPressDir string
	// BuddyPress makes BuddyPress's table of notifications, for Parley to keep, and
	// sends BuddyPress's messages interface to Parley. The plugin itself is not there.
	BuddyPress bool
	// Companion installs and activates the companion plugin, with its settings as
	// they are but for Parley's address.
	Companion bool
	// Nodes is how many Parleys run, behind nginx, which gives each request to the next
	// one; 0 means one.
	Nodes int
	// Front is the web server in front of WordPress and Parley; "" means Nginx.
	Front Front
	// Port is the web server's on 127.0.0.1, 0 for a free one. ParleyPort and OpsPort are
	// wishes: when taken, or 0, free ones serve.
	Port, ParleyPort, OpsPort int
	// Progress, if not nil, is told what happens next.
	Progress func(string)
}

// Site is a running site.
type Site struct {
	// URL is its address without a slash at the end, TLSURL one by https, which the
	// site itself knows nothing of, OpsURL that of Parley's operators' listener.
	URL, TLSURL, OpsURL string
	// Dir holds WordPress, Logs the servers' logs.
	Dir, Logs string
	// Members are the accounts, ids and passwords filled in.
	Members []Member
	// Database is the server of WordPress and Parley.
	Database *testdb.Server
	// Nodes are its Parleys; OpsURL is the first one's.
	Nodes []*Node

	opts              Options
	tmp               string
	tlsPort, heldPort int
	owner             owner
	transport         *http.Transport // of all sessions
	front, php        *process
}

// Start brings a site up and returns when Parley says it is ready. After an error
// nothing is left.
func Start(ctx context.Context, o Options) (_ *Site, err error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.WordPressDir == "" {
		o.WordPressDir = DefaultWordPressDir
	}
	if o.Front == "" {
		o.Front = Nginx
	}
	s := &Site{opts: o, transport: &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.owner, err = webOwner(); err != nil {
		return nil, err
	}
	// Short, for a socket's path may have 107 bytes, and in a place where the user
	// of php-fpm and the web server can go.
	if s.tmp, err = os.MkdirTemp("", "parley-site-"); err != nil {
		return nil, err
	}
	if err = bound.Remove(s.tmp); err != nil {
		return nil, err
	}
	if err = os.Chmod(s.tmp, 0o755); err != nil {
		return nil, err
	}
	s.Dir, s.Logs = filepath.Join(s.tmp, "www"), filepath.Join(s.tmp, "log")
	if err = os.Mkdir(s.Logs, 0o755); err != nil {
		return nil, err
	}
	if o.Port, err = port(o.Port, false); err != nil {
		return nil, err
	}
	s.opts.Port = o.Port
	if s.tlsPort, err = port(0, false); err != nil {
		return nil, err
	}
	if s.heldPort, err = port(0, false); err != nil {
		return nil, err
	}
	if err = s.makeNodes(); err != nil {
		return nil, err
	}
	s.URL, s.TLSURL = "http://127.0.0.1:"+strconv.Itoa(o.Port), "https://127.0.0.1:"+strconv.Itoa(s.tlsPort)

	o.Progress("starting MariaDB, copying WordPress")
	var g errgroup.Group
	g.Go(func() error { s.Database, err = testdb.Launch(); return err })
	g.Go(s.copyWordPress)
	if err = g.Wait(); err != nil {
		return nil, err
	}
	o.Progress("installing WordPress")
	if err = s.installWordPress(ctx); err != nil {
		return nil, err
	}
	if err = s.installJetonomy(ctx); err != nil {
		return nil, err
	}
	if o.BuddyPress {
		if err = s.installBuddyPress(ctx); err != nil {
			return nil, err
		}
	}
	o.Progress(fmt.Sprintf("starting php-fpm, %s and Parley", o.Front))
	if err = s.startPHP(ctx); err != nil {
		return nil, err
	}
	if err = s.StartParley(ctx); err != nil {
		return nil, err
	}
	if err = s.startFront(ctx); err != nil {
		return nil, err
	}
	if o.Companion {
		if err = s.InstallCompanion(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Options are those the site was made with, for another site like it.
func (s *Site) Options() Options {
	o := s.opts
	o.Port = 0
	return o
}

// Member returns the account with a login.
func (s *Site) Member(login string) Member {
	for _, m := range s.Members {
		if m.Login == login {
			return m
		}
	}
	panic("wpsite: no member " + login)
}

// Close takes everything down, in order, and removes it. It reports a server that
// had to be killed, or a Parley that did not end well.
func (s *Site) Close() error {
	var errs []error
	if s.front != nil {
		errs = append(errs, s.front.stop())
	}
	errs = append(errs, s.StopParley())
	if s.php != nil {
		errs = append(errs, s.php.stop())
	}
	if s.Database != nil {
		s.Database.Close()
	}
	if s.tmp != "" {
		errs = append(errs, os.RemoveAll(s.tmp))
	}
	return errors.Join(errs...)
}
