package wpsite

import (
	"fmt"
	"os"
	"path/filepath"
)

func (s *Site) startCaddy(dir string) (*process, error) {
	bin, err := findServer("caddy")
	if err != nil {
		return nil, err
	}
	include, err := s.snippets(dir, "import %s", "parley.caddy", "parley-buddypress.caddy")
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "Caddyfile")
	text := fmt.Sprintf(`{
	admin off
	auto_https off
	log {
		level WARN
	}
}
http://:%d {
	bind 127.0.0.1
	encode gzip
	%s
	root * %s
	php_fastcgi unix/%s/php.sock
	file_server
}
`, s.opts.Port, include, s.Dir, s.tmp)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	// It has no workers with fewer rights.
	return s.startAs(&s.owner, "caddy", []string{"XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir},
		bin, "run", "--config", conf, "--adapter", "caddyfile")
}
