package main

import (
	"net"
	"net/http"
	"sync"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

type bareConn struct {
	mu sync.Mutex
	net.Conn
}

func (c *bareConn) text(body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return wsutil.WriteServerText(c.Conn, body)
}

func gobwas(c *clients, w http.ResponseWriter, r *http.Request, id int64) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	b := &bareConn{Conn: conn}
	c.add(id, b)
	go func() {
		defer conn.Close()
		defer c.drop(id)
		for {
			body, err := wsutil.ReadClientText(conn)
			if err != nil || b.text(body) != nil {
				return
			}
		}
	}()
}
