package redis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"parley/internal/testredis"
	"parley/realtime/redis"
)

const patience = 30 * time.Second

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// listener is somebody who listens.
type listener struct {
	ready, over chan struct{}
	heard       chan string
	err         error
}

func listen(t *testing.T, o redis.Options) (*redis.Bus, *listener) {
	t.Helper()
	b, err := redis.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{ready: make(chan struct{}), over: make(chan struct{}), heard: make(chan string, 100)}
	go func() {
		defer close(l.over)
		l.err = b.Listen(ctx, func() { close(l.ready) }, func(m []byte) { l.heard <- string(m) })
	}()
	t.Cleanup(func() { cancel(); <-l.over; b.Close() })
	await(t, "listening", l.ready)
	return b, l
}

func await[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("not within %v: %s", patience, what)
	}
	return v
}

func TestABusReachesThoseOnItsChannelAlone(t *testing.T) {
	t.Parallel()
	server := testredis.New(t)
	a, heardA := listen(t, redis.Options{URL: server.URL(), Channel: "site one"})
	_, heardB := listen(t, redis.Options{URL: server.URL(), Channel: "site one"})
	_, other := listen(t, redis.Options{URL: server.URL(), Channel: "site two"})
	for _, m := range []string{"one", "two", "\x00\xff"} {
		if err := a.Publish(within(t), []byte(m)); err != nil {
			t.Fatal(err)
		}
		for _, l := range []*listener{heardA, heardB} {
			if got := await(t, m, l.heard); got != m {
				t.Errorf("heard %q, want %q", got, m)
			}
		}
	}
	if n := len(other.heard); n != 0 {
		t.Errorf("another site heard %d", n)
	}
	if one, two := redis.Channel([32]byte{1}), redis.Channel([32]byte{2}); one == two || !strings.HasPrefix(one, "parley:") {
		t.Errorf("channels %s and %s", one, two)
	}
}

func TestALostBusIsNoticed(t *testing.T) {
	t.Parallel()
	server := testredis.New(t)
	b, l := listen(t, redis.Options{URL: server.URL(), Channel: "c", Silence: 200 * time.Millisecond})
	await(t, "the end of silence", l.over)
	if l.err == nil {
		t.Error("silence is no error")
	}
	_, l = listen(t, redis.Options{URL: server.URL(), Channel: "c"})
	server.Pause(t)
	begun := time.Now()
	if err := b.Publish(within(t), []byte("x")); err == nil || time.Since(begun) > 10*time.Second {
		t.Errorf("a server that does not answer: %v after %v", err, time.Since(begun))
	}
	server.Resume(t)
	server.Kill(t)
	await(t, "the end of a lost connection", l.over)
	if err := b.Publish(within(t), []byte("x")); err == nil {
		t.Error("published to nobody")
	}
	server.Start(t)
	if err := b.Publish(within(t), []byte("x")); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

func TestTLSAndPasswords(t *testing.T) {
	t.Parallel()
	server := testredis.NewTLS(t, "--requirepass", "s3cret")
	url := strings.Replace(server.URL(), "://", "://:s3cret@", 1)
	ok := redis.Options{URL: url, Channel: "c", TLS: server.TLS()}
	if err := redis.Check(within(t), ok); err != nil {
		t.Errorf("TLS with a password: %v", err)
	}
	for what, o := range map[string]redis.Options{
		"an unknown certificate": {URL: url, Channel: "c"},
		"without the password":   {URL: server.URL(), Channel: "c", TLS: server.TLS()},
		"a wrong password":       {URL: strings.Replace(url, "s3cret", "wr0ng", 1), Channel: "c", TLS: server.TLS()},
		"without TLS":            {URL: strings.Replace(url, "rediss", "redis", 1), Channel: "c"},
		"nobody there":           {URL: "redis://:s3cret@127.0.0.1:1", Channel: "c"},
		"no address":             {URL: "http://:s3cret@127.0.0.1", Channel: "c"},
		"no address at all":      {URL: "redis://:s3cret@127.0.0.1:99999999?x=%zz", Channel: "c"},
	} {
		if err := redis.Check(within(t), o); err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wr0ng") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A user that may do nothing but publish and listen on Parley's channels is enough.
func TestTheLeastRights(t *testing.T) {
	t.Parallel()
	server := testredis.New(t)
	server.Do(t, "ACL", "SETUSER", "parley", "on", ">pw", "resetchannels", "&parley:*", "-@all", "+subscribe", "+unsubscribe", "+publish")
	server.Do(t, "ACL", "SETUSER", "default", "off")
	url := strings.Replace(server.URL(), "unix://", "unix://parley:pw@", 1)
	if err := redis.Check(within(t), redis.Options{URL: url, Channel: "parley:doctor"}); err != nil {
		t.Error(err)
	}
	if err := redis.Check(within(t), redis.Options{URL: url, Channel: "elsewhere"}); err == nil {
		t.Error("on a channel that is not allowed")
	}
}
