// Package redis is a realtime.Bus through Redis or Valkey: one channel of pub/sub for
// each site. Nothing is stored there, and nothing that members wrote passes through it.
package redis

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// dialTime bounds connecting, TLS and login included.
	dialTime = 2 * time.Second
	// answerTime bounds one command.
	answerTime = time.Second
)

// Options are what New needs; URL and Channel are required.
type Options struct {
	// URL is redis://[user[:password]@]host[:port], rediss:// for TLS, or unix://path.
	URL string
	// Channel is where the site's nodes meet; see Channel.
	Channel string
	// Silence is how long nothing may come in before the connection is given up; 0: any
	// time. Whoever sets it has to see to it that something comes.
	Silence time.Duration
	// TLS replaces what the URL says of certificates. nil: the system's authorities.
	TLS *tls.Config
}

// Channel names the channel of a site: not to be guessed, and the same on its nodes alone.
func Channel(secret [32]byte) string { return "parley:" + hex.EncodeToString(secret[:16]) }

// Bus is a realtime.Bus.
type Bus struct {
	Options
	client *goredis.Client
}

// New makes a Bus. Nothing is connected before it is used. The error never holds the URL,
// which may hold a password.
func New(o Options) (*Bus, error) {
	opt, err := parse(o)
	if err != nil {
		return nil, err
	}
	return &Bus{Options: o, client: goredis.NewClient(opt)}, nil
}

// errURL is what is said of any address that cannot be used.
var errURL = errors.New("not the address of a Redis server: redis://[user:password@]host[:port], rediss:// with TLS, or unix:///path")

func parse(o Options) (*goredis.Options, error) {
	u, err := url.Parse(o.URL)
	if err != nil || !slices.Contains([]string{"redis", "rediss", "unix"}, u.Scheme) {
		return nil, errURL
	}
	opt, err := goredis.ParseURL(o.URL)
	if err != nil {
		return nil, errURL
	}
	if opt.TLSConfig != nil {
		opt.TLSConfig.MinVersion = tls.VersionTLS12
		if o.TLS != nil {
			opt.TLSConfig = o.TLS
		}
	}
	opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout, opt.PoolTimeout = dialTime, answerTime, answerTime, answerTime
	opt.ContextTimeoutEnabled = true
	opt.PoolSize, opt.MinIdleConns, opt.MaxIdleConns = 2, 0, 1
	// Whoever publishes has another way, and whoever listens begins anew: trying again
	// here would only take time.
	opt.MaxRetries, opt.DialerRetries = -1, 1
	// RESP2 and nothing but PUBLISH and SUBSCRIBE: every Redis and Valkey speaks it, and a
	// user who may do no more is enough.
	opt.Protocol, opt.DisableIdentity = 2, true
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return opt, nil
}

func init() { logging.Disable() } // what fails is an error to the caller, who logs it

// Publish implements realtime.Bus.
func (b *Bus) Publish(ctx context.Context, message []byte) error {
	return b.plain(b.client.Publish(ctx, b.Channel, message).Err())
}

// Listen implements realtime.Bus.
func (b *Bus) Listen(ctx context.Context, ready func(), take func([]byte)) error {
	sub := b.client.Subscribe(ctx)
	defer sub.Close()
	// A reader that waits does not look at its context.
	defer context.AfterFunc(ctx, func() { _ = sub.Close() })()
	if err := sub.Subscribe(ctx, b.Channel); err != nil {
		return b.plain(err)
	}
	wait := dialTime
	for {
		got, err := sub.ReceiveTimeout(ctx, wait)
		if err != nil {
			return b.plain(err)
		}
		switch m := got.(type) {
		case *goredis.Subscription:
			wait = b.Silence
			ready()
		case *goredis.Message:
			take([]byte(m.Payload))
		}
	}
}

// Close closes what is connected.
func (b *Bus) Close() { _ = b.client.Close() }

// plain leaves out of an error what is of no use to those who read the log.
func (b *Bus) plain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("redis: %w", err)
}

// Check connects, listens on a channel, and reports why what it says there does not come
// back; nil when it does.
func Check(ctx context.Context, o Options) error {
	b, err := New(o)
	if err != nil {
		return err
	}
	defer b.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	back := make(chan struct{}, 1)
	listened := make(chan error, 1)
	ready := make(chan struct{})
	go func() {
		listened <- b.Listen(ctx, func() { close(ready) }, func([]byte) {
			select {
			case back <- struct{}{}:
			default:
			}
		})
	}()
	select {
	case <-ready:
	case err := <-listened:
		return err
	}
	if err := b.Publish(ctx, []byte("{}")); err != nil {
		return err
	}
	select {
	case <-back:
		return nil
	case err := <-listened:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
