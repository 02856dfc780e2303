package main

import (
	"strings"
	"testing"

	"parley/internal/testdb"
	"parley/internal/testredis"
)

// metric waits until a service's metrics have a line.
func (s *service) metric(t *testing.T, line string) {
	t.Helper()
	eventually(t, line, func() bool {
		_, _, metrics := get(t, s.ops+"/metrics", nil)
		return strings.Contains(metrics, line+"\n")
	})
}

func TestTheStartDoesNotWaitForRedis(t *testing.T) {
	server := testredis.New(t)
	server.Kill(t)
	t.Setenv("PARLEY_REALTIME_REDIS", server.URL())
	dsn := testdb.CastDSN(t)
	one, two := start(t, siteConfig(t, dsn)), start(t, siteConfig(t, dsn))
	for _, s := range []*service{one, two} {
		s.waitReady(t)
	}
	for _, s := range []*service{one, two} {
		s.metric(t, "parley_nodes_alive 2")
		s.metric(t, `parley_realtime_relay{way="mysql"} 1`)
	}
	server.Start(t)
	for _, s := range []*service{one, two} {
		s.metric(t, `parley_realtime_relay{way="redis"} 1`)
		if log := s.log.String(); strings.Count(log, "redis is away") != 1 || strings.Count(log, "redis carries hints") != 1 {
			t.Errorf("logged %s", log)
		}
	}
}

func TestAnAddressOfRedisThatIsNoneStopsTheStart(t *testing.T) {
	t.Setenv("PARLEY_REALTIME_REDIS", "redis://:s3cret@localhost/database")
	s := start(t, siteConfig(t, testdb.CastDSN(t)))
	if err := s.wait(t); err == nil || !strings.Contains(err.Error(), "PARLEY_REALTIME_REDIS") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("ended with %v", err)
	}
}
