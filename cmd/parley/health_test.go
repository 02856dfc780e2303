package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthAsksTheOperatorsListener(t *testing.T) {
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	address := strings.TrimPrefix(srv.URL, "http://")
	_, port, _ := strings.Cut(address, ":")
	for _, listen := range []string{address, "0.0.0.0:" + port, ":" + port} {
		if err := askHealth(t.Context(), listen); err != nil {
			t.Errorf("listening on %s: %v", listen, err)
		}
	}
	status = http.StatusServiceUnavailable
	if err := askHealth(t.Context(), address); err == nil {
		t.Error("503 passes for health")
	}
	srv.Close()
	if err := askHealth(t.Context(), address); err == nil {
		t.Error("nobody there passes for health")
	}
}
