package wpsite

import (
	"fmt"
	"os"
	"path/filepath"
)

func (s *Site) startNginx(dir string) (*process, error) {
	bin, err := findServer("nginx")
	if err != nil {
		return nil, err
	}
	include := ""
	if s.opts.Front != Bare {
		if include, err = s.snippets(dir, "include %s;", "parley.conf", "parley-buddypress.conf"); err != nil {
			return nil, err
		}
	}
	balanced, refuse := "", ""
	if len(s.Nodes) > 1 {
		balanced, refuse = s.balanced(), "if ($parley_refused) { return 403; }"
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`%[1]s
daemon off;
worker_processes 1;
pid %[2]s/pid;
error_log stderr warn;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path %[2]s/body;
    proxy_temp_path %[2]s/proxy;
    fastcgi_temp_path %[2]s/fastcgi;
    uwsgi_temp_path %[2]s/uwsgi;
    scgi_temp_path %[2]s/scgi;
    types {
        text/html html; text/css css; text/javascript js; image/png png; image/jpeg jpg jpeg;
        image/gif gif; image/svg+xml svg; font/woff2 woff2;
    }
%[8]s    server {
        listen 127.0.0.1:%[3]d;
        listen 127.0.0.1:%[7]d ssl;
        ssl_certificate %[2]s/cert.pem;
        ssl_certificate_key %[2]s/key.pem;
        root %[4]s;
        index index.php;
        %[9]s
        %[6]s
        location / {
            try_files $uri $uri/ /index.php?$args;
        }
        location ~ \.php$ {
            try_files $uri =404;
            fastcgi_pass unix:%[5]s/php.sock;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_param SCRIPT_NAME $fastcgi_script_name;
            fastcgi_param DOCUMENT_ROOT $document_root;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param REQUEST_URI $request_uri;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param SERVER_PROTOCOL $server_protocol;
            fastcgi_param SERVER_NAME $host;
            fastcgi_param SERVER_PORT $server_port;
            fastcgi_param REMOTE_ADDR $remote_addr;
            fastcgi_param HTTPS $https if_not_empty;
        }
    }
}
`, s.runAs("user %s %s;"), dir, s.opts.Port, s.Dir, s.tmp, include, s.tlsPort, balanced, refuse)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return s.start("nginx", nil, bin, "-p", dir, "-e", "stderr", "-c", conf)
}
