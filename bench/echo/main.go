// Command echo is what the realtime benchmarks are compared with: as little of a
// WebSocket server as there can be, without members, rules or a database. It echoes what
// a client sends, and POST /all writes a body to all clients, POST /to?id=1&id=2 to some.
//
//	go run . -listen 127.0.0.1:8099 -with gobwas|gorilla|tuned
package main

import (
	"flag"
	"io"
	"log"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// writer is one connected client.
type writer interface{ text(body []byte) error }

type clients struct {
	mu   sync.Mutex
	byID map[int64]writer
}

func (c *clients) add(id int64, w writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID[id] = w
}

func (c *clients) drop(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byID, id)
}

// some are the clients of some ids; all without any.
func (c *clients) some(ids []string) (out []writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(ids) == 0 {
		for _, w := range c.byID {
			out = append(out, w)
		}
	}
	for _, text := range ids {
		id, _ := strconv.ParseInt(text, 10, 64)
		if w := c.byID[id]; w != nil {
			out = append(out, w)
		}
	}
	return out
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8099", "address to listen on")
	with := flag.String("with", "gobwas", "gobwas; gorilla as its examples use it; tuned: gorilla with small and shared buffers, outside of the handler")
	flag.Parse()
	c := &clients{byID: map[int64]writer{}}
	upgrade := map[string]func(*clients, http.ResponseWriter, *http.Request, int64){
		"gobwas": gobwas, "gorilla": gorilla, "tuned": tuned,
	}[*with]
	if upgrade == nil {
		log.Fatalf("-with %s is not known", *with)
	}
	post := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		for _, to := range c.some(r.URL.Query()["id"]) {
			_ = to.text(body)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /all", post)
	mux.HandleFunc("POST /to", post)
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		id, _ := strconv.ParseInt(r.URL.Query().Get("id"), 10, 64)
		upgrade(c, w, r, id)
	})
	srv := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(srv.ListenAndServe())
}
