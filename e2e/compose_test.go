package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// nginx reads the site of deploy/compose.yaml with both snippets, as the container's
// command puts them together.
func TestTheComposeSiteIsGoodForNginx(t *testing.T) {
	read := func(path string) string {
		b, err := os.ReadFile(filepath.Join("..", "deploy", path))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("parley.conf", strings.ReplaceAll(read("nginx/parley.conf")+read("nginx/parley-buddypress.conf"), "127.0.0.1:8070", "parley:8070"))
	server := strings.NewReplacer("listen 80;", "listen unix:"+dir+"/sock;", "/etc/nginx/parley.conf", dir+"/parley.conf",
		"include fastcgi_params;", "include /etc/nginx/fastcgi_params;").Replace(read("compose/site.conf"))
	write("nginx.conf", fmt.Sprintf("pid %s/pid;\nerror_log stderr warn;\nevents {}\nhttp {\naccess_log off;\n%s}\n", dir, server))
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx" // where a plain user's PATH does not look
	}
	cmd := exec.Command(nginx, "-t", "-p", dir, "-e", "stderr", "-c", dir+"/nginx.conf")
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "warn") {
		t.Errorf("%v\n%s", err, out)
	}
}
