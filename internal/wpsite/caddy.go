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
(site) {
	encode gzip
	%[4]s
	root * %[5]s
	php_fastcgi unix/%[6]s/php.sock
	file_server
}
http://:%[1]d {
	bind 127.0.0.1
	import site
}
https://:%[2]d {
	bind 127.0.0.1
	tls %[3]s/cert.pem %[3]s/key.pem
	import site
}
`, s.opts.Port, s.tlsPort, dir, include, s.Dir, s.tmp)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	// It has no workers with fewer rights.
	return s.startAs(&s.owner, "caddy", []string{"XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir},
		bin, "run", "--config", conf, "--adapter", "caddyfile")
}
