package wpsite

import (
	"fmt"
	"strings"
)

// Cookies by which a browser gets a way of its own through the nginx of a site with
// several nodes.
const (
	// NodeCookie has its streams begin on the node of that number, from 1, as long as that
	// is alive. All its other requests, and all those of others, go to the nodes in turn.
	NodeCookie = "parley_node"
	// HindranceCookie puts a hindrance of other people's networks in the way of its
	// streams: NoWebSocket or Held.
	HindranceCookie = "parley_hindrance"
	// NoWebSocket refuses them.
	NoWebSocket = "no-websocket"
	// Held refuses them, too, and passes event streams on when they have ended.
	Held = "held"
)

// balanced is what stands in nginx's http block for several nodes: each request goes to
// the next one, and one that could not be sent to a node that is gone to the other.
// $parley_nodes is what takes the place of Parley's address in the snippet.
func (s *Site) balanced() string {
	var b, choose strings.Builder
	const server = "        server %s%s;\n"
	b.WriteString("    upstream parley_all {\n")
	for _, n := range s.Nodes {
		// nginx would leave a node alone for ten seconds after a failure.
		fmt.Fprintf(&b, server, n.Address(), " fail_timeout=1s")
	}
	b.WriteString("    }\n")
	for i, n := range s.Nodes {
		fmt.Fprintf(&b, "    upstream parley_%d {\n", i+1)
		fmt.Fprintf(&b, server, n.Address(), " max_fails=0") // as soon as it is back
		for _, other := range s.Nodes {
			if other != n {
				fmt.Fprintf(&b, server, other.Address(), " backup")
			}
		}
		b.WriteString("    }\n")
		fmt.Fprintf(&choose, "        \"~^[^:]*:%d:.*/stream\" parley_%[1]d;\n", i+1)
	}
	fmt.Fprintf(&b, `    map "$cookie_%[1]s:$cookie_%[2]s:$uri" $parley_nodes {
        "~^%[3]s:.*/stream" 127.0.0.1:%[4]d;
%[5]s        default parley_all;
    }
    map "$cookie_%[1]s:$http_upgrade" $parley_refused {
        "~*^(%[3]s|%[6]s):websocket" 1;
        default 0;
    }
    server {
        listen 127.0.0.1:%[4]d;
        location / {
            proxy_pass http://parley_all;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_ignore_headers X-Accel-Buffering;
            proxy_buffers 8 256k;
            proxy_buffer_size 256k;
            proxy_busy_buffers_size 512k;
            proxy_read_timeout 1h;
        }
    }
`, HindranceCookie, NodeCookie, Held, s.heldPort, choose.String(), NoWebSocket)
	return b.String()
}
