package wpsite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Front is a web server in front of WordPress and Parley.
type Front string

// The web servers that deploy/ has snippets for.
const (
	Nginx  Front = "nginx"
	Apache Front = "apache"
	Caddy  Front = "caddy"
	// Bare is nginx without a rule for Parley: every request is WordPress's, and what
	// is Parley's the companion plugin must forward.
	Bare Front = "bare"
)

// usualAddress is where the snippets of deploy/ expect Parley.
const usualAddress = "127.0.0.1:8070"

// startFront starts the web server and waits until WordPress answers through it.
func (s *Site) startFront(ctx context.Context) (err error) {
	if len(s.Nodes) > 1 && s.opts.Front != Nginx {
		return fmt.Errorf("several nodes are for nginx, not for %s", s.opts.Front)
	}
	dir := filepath.Join(s.tmp, string(s.opts.Front))
	if err := errors.Join(os.Mkdir(dir, 0o755), s.owner.give(dir)); err != nil {
		return err
	}
	if err := s.makeCertificate(dir); err != nil {
		return err
	}
	switch s.opts.Front {
	case Nginx, Bare:
		s.front, err = s.startNginx(dir)
	case Apache:
		s.front, err = s.startApache(ctx, dir)
	case Caddy:
		s.front, err = s.startCaddy(dir)
	default:
		err = fmt.Errorf("%q is no web server this package knows", s.opts.Front)
	}
	if err != nil {
		return err
	}
	return s.front.wait(ctx, func() bool { return answers(s.URL + "/wp-login.php") })
}

// snippets copies the files of deploy/ a site owner includes, the first always and
// the second with BuddyPress, and returns the lines that include them. They are the
// same word for word but for Parley's address, which differs when its usual port is
// taken.
func (s *Site) snippets(dir, include string, names ...string) (string, error) {
	if !s.opts.BuddyPress {
		names = names[:1]
	}
	var lines strings.Builder
	for i, name := range names {
		b, err := os.ReadFile(filepath.Join(s.opts.Root, "deploy", string(s.opts.Front), name))
		if err != nil {
			return "", err
		}
		if i == 0 && !strings.Contains(string(b), usualAddress) {
			return "", fmt.Errorf("%s of deploy/%s does not name %s", name, s.opts.Front, usualAddress)
		}
		address := s.ParleyAddress()
		if len(s.Nodes) > 1 {
			address = "$parley_nodes"
		}
		text := strings.ReplaceAll(string(b), usualAddress, address)
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return "", err
		}
		fmt.Fprintf(&lines, include+"\n", path)
	}
	return lines.String(), nil
}
