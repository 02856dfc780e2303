package main

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

type gorillaConn struct {
	mu sync.Mutex
	*websocket.Conn
}

func (c *gorillaConn) text(body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.WriteMessage(websocket.TextMessage, body)
}

func (c *gorillaConn) echo(all *clients, id int64) {
	defer c.Close()
	defer all.drop(id)
	for {
		_, body, err := c.ReadMessage()
		if err != nil || c.text(body) != nil {
			return
		}
	}
}

// gorilla reads in the handler, as the library's examples do.
func gorilla(c *clients, w http.ResponseWriter, r *http.Request, id int64) {
	var u websocket.Upgrader
	if conn, err := u.Upgrade(w, r, nil); err == nil {
		g := &gorillaConn{Conn: conn}
		c.add(id, g)
		g.echo(c, id)
	}
}

var small = websocket.Upgrader{ReadBufferSize: 512, WriteBufferSize: 512, WriteBufferPool: &sync.Pool{}}

// tuned keeps less: a small buffer to read, a shared one to write, and nothing of the
// request.
func tuned(c *clients, w http.ResponseWriter, r *http.Request, id int64) {
	if conn, err := small.Upgrade(w, r, nil); err == nil {
		g := &gorillaConn{Conn: conn}
		c.add(id, g)
		go g.echo(c, id)
	}
}
