package wpsite

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// findServer looks for a program also where a plain user's PATH does not.
func findServer(names ...string) (string, error) {
	for _, name := range names {
		for _, dir := range []string{"", "/usr/sbin/", "/usr/local/sbin/"} {
			if p, err := exec.LookPath(dir + name); err == nil {
				return p, nil
			}
		}
	}
	return "", fmt.Errorf("no %s on this machine", names[0])
}

// findPHPFPM finds php-fpm, whose name holds the version on Debian.
func findPHPFPM() (string, error) {
	names := []string{"php-fpm"}
	found, _ := filepath.Glob("/usr/sbin/php-fpm[0-9]*")
	sort.Sort(sort.Reverse(sort.StringSlice(found)))
	for _, p := range found {
		names = append(names, filepath.Base(p))
	}
	return findServer(names...)
}

// runAs is a configuration line that only root may use, and must.
func (s *Site) runAs(format string) string {
	if os.Geteuid() != 0 {
		return ""
	}
	return fmt.Sprintf(format, s.owner.user, s.owner.group)
}

func (s *Site) startPHP(ctx context.Context) error {
	bin, err := findPHPFPM()
	if err != nil {
		return err
	}
	sock, conf := filepath.Join(s.tmp, "php.sock"), filepath.Join(s.tmp, "php-fpm.conf")
	sessions := filepath.Join(s.tmp, "php-tmp")
	if err := errors.Join(os.Mkdir(sessions, 0o700), s.owner.give(sessions)); err != nil {
		return err
	}
	text := fmt.Sprintf(`[global]
error_log = /dev/stderr
daemonize = no

[www]
%s
listen = %s
listen.mode = 0660
pm = static
pm.max_children = 4
catch_workers_output = yes
php_admin_value[sendmail_path] = /bin/true
php_admin_value[sys_temp_dir] = %[3]s
php_admin_value[upload_tmp_dir] = %[3]s
php_admin_value[session.save_path] = %[3]s
php_admin_flag[display_errors] = off
php_admin_flag[log_errors] = on
`, s.runAs("user = %[1]s\ngroup = %[2]s\nlisten.owner = %[1]s\nlisten.group = %[2]s"), sock, sessions)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return err
	}
	if s.php, err = s.start("php-fpm", nil, bin, "--nodaemonize", "--fpm-config", conf); err != nil {
		return err
	}
	return s.php.wait(ctx, func() bool { return dials("unix", sock) })
}

// Command runs another command of Parley's on the site, as "doctor", and returns what
// it wrote to standard output; err tells what it wrote to standard error.
func (s *Site) Command(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.opts.Binary, args...)
	cmd.Env = append([]string{"TZ=UTC", "PARLEY_WP_CONFIG=" + filepath.Join(s.Dir, "wp-config.php"), "PARLEY_LISTEN=" + s.ParleyAddress(),
		"PARLEY_OPS_LISTEN=" + strings.TrimPrefix(s.OpsURL, "http://")}, s.opts.ParleyEnv...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("parley %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), err
}

func dials(network, address string) bool {
	c, err := net.DialTimeout(network, address, time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// answers reports whether a GET is answered with 200.
func answers(url string) bool {
	c := &http.Client{Timeout: 20 * time.Second}
	resp, err := c.Get(url)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
