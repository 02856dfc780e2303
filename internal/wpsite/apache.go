package wpsite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// apacheModules are the site's own. Those Parley needs are the ones its snippet names.
var apacheModules = []string{"mpm_event", "authz_core", "dir", "mime", "env", "setenvif", "filter", "deflate", "ssl", "proxy_fcgi"}

// enableLine is how a snippet names modules.
var enableLine = regexp.MustCompile(`a2enmod ([a-z_ ]+)\n`)

// The rules WordPress writes at the top of its folder, by its own functions.
const writeHtaccess = `require_once ABSPATH . 'wp-admin/includes/misc.php';
require_once ABSPATH . 'wp-admin/includes/file.php';
add_filter( 'got_rewrite', '__return_true' );
global $wp_rewrite;
echo insert_with_markers( ABSPATH . '.htaccess', 'WordPress', explode( "\n", $wp_rewrite->mod_rewrite_rules() ) ) ? 'done' : 'not done';`

func (s *Site) startApache(ctx context.Context, dir string) (*process, error) {
	bin, err := findServer("apache2", "httpd")
	if err != nil {
		return nil, err
	}
	modules, err := apacheModulesDir()
	if err != nil {
		return nil, err
	}
	if out, err := s.PHP(ctx, writeHtaccess); err != nil {
		return nil, err
	} else if out != "done" {
		return nil, fmt.Errorf("WordPress did not write .htaccess: %s", out)
	}
	include, err := s.snippets(dir, "Include %s", "parley.conf", "parley-buddypress.conf")
	if err != nil {
		return nil, err
	}
	snippet, err := os.ReadFile(filepath.Join(dir, "parley.conf"))
	if err != nil {
		return nil, err
	}
	enable := enableLine.FindSubmatch(snippet)
	if enable == nil {
		return nil, errors.New("the snippet for Apache names no modules to enable")
	}
	var load strings.Builder
	for _, m := range append(strings.Fields(string(enable[1])), apacheModules...) {
		fmt.Fprintf(&load, "LoadModule %s_module %s/mod_%[1]s.so\n", m, modules)
	}
	conf := filepath.Join(dir, "apache.conf")
	text := fmt.Sprintf(`%[1]s
ServerRoot %[2]s
DefaultRuntimeDir %[2]s
PidFile %[2]s/pid
Mutex file:%[2]s
ErrorLog /dev/stderr
LogLevel warn
ServerName 127.0.0.1
%[3]s
Listen 127.0.0.1:%[4]d
Listen 127.0.0.1:%[5]d
SSLSessionCache none
StartServers 1
ThreadsPerChild 32
MaxRequestWorkers 64
KeepAliveTimeout 5
TypesConfig /dev/null
AddType text/html .html
AddType text/css .css
AddType text/javascript .js
AddType image/png .png
AddType image/jpeg .jpg .jpeg
AddType image/svg+xml .svg
AddOutputFilterByType DEFLATE text/html text/css text/javascript application/json

%[6]s
%[7]s
`, s.runAs("User %s\nGroup %s"), dir, load.String(), s.opts.Port, s.tlsPort,
		s.virtualHost(s.opts.Port, include, ""), s.virtualHost(s.tlsPort, include, fmt.Sprintf(`SSLEngine on
    SSLCertificateFile %[1]s/cert.pem
    SSLCertificateKeyFile %[1]s/key.pem`, dir)))
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return s.start("apache", nil, bin, "-d", dir, "-f", conf, "-DFOREGROUND")
}

// virtualHost is the site on one of its ports.
func (s *Site) virtualHost(port int, include, tls string) string {
	return fmt.Sprintf(`<VirtualHost 127.0.0.1:%[1]d>
    %[2]s
    DocumentRoot %[3]s
    DirectoryIndex index.php
    <Directory %[3]s>
        AllowOverride All
        Options FollowSymLinks
        Require all granted
    </Directory>
    <FilesMatch "\.php$">
        SetHandler "proxy:unix:%[4]s/php.sock|fcgi://localhost/"
    </FilesMatch>
    %[5]s
</VirtualHost>`, port, tls, s.Dir, s.tmp, include)
}

func apacheModulesDir() (string, error) {
	for _, dir := range []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules"} {
		if _, err := os.Stat(filepath.Join(dir, "mod_proxy_http.so")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("no modules of Apache on this machine")
}
