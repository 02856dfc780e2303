package wire

import "time"

// MaxFrame is the longest frame a client may send, in bytes.
const MaxFrame = 4 << 10

// Bounds are the times and numbers of connections. Fields that are zero are those of
// DefaultBounds.
type Bounds struct {
	// Introduce is how long a client may take to send its nonce. 5 s.
	Introduce time.Duration
	// Join bounds authentication and catching up. 20 s.
	Join time.Duration
	// Write is how long a client may take to accept what is written. 10 s.
	Write time.Duration
	// Hurry is what is left of Write when the connection is to end. 2 s.
	Hurry time.Duration
	// Silence is how long a WebSocket may say nothing, not even a pong: two pings and a
	// half. 75 s.
	Silence time.Duration
	// Unheard is how long what was written may go without a sign that it arrived, where
	// the system can tell (TCP_USER_TIMEOUT). Together with the pause between two pings
	// it finds a reader of server-sent events that has vanished. 45 s.
	Unheard time.Duration
	// Drain is how long a closed connection is read from, so that what was written last
	// is not thrown away with what the client sent meanwhile. 1 s.
	Drain time.Duration
	// Renewal is when a stream of server-sent events is ended to be made anew: behind a
	// web server that keeps a vanished reader's connection, nothing else ends it. 15 min.
	Renewal time.Duration
	// Strangers is how many clients may be waited for that have not said yet who they
	// are. One more, and the one that waits longest has to go, of those who share the
	// address most of them come from: a flood cannot keep members out. 1,024.
	Strangers int
	// Joining is how many clients may be authenticated and caught up at once. 1,024.
	Joining int
}

// DefaultBounds are the numbers above.
func DefaultBounds() Bounds {
	return Bounds{
		Introduce: 5 * time.Second, Join: 20 * time.Second, Write: 10 * time.Second, Hurry: 2 * time.Second,
		Silence: 75 * time.Second, Unheard: 45 * time.Second, Drain: time.Second, Renewal: 15 * time.Minute,
		Strangers: 1024, Joining: 1024,
	}
}

func (b Bounds) orDefault() Bounds {
	d := DefaultBounds()
	for _, f := range []struct{ have, want *time.Duration }{
		{&b.Introduce, &d.Introduce}, {&b.Join, &d.Join}, {&b.Write, &d.Write}, {&b.Hurry, &d.Hurry}, {&b.Silence, &d.Silence},
		{&b.Unheard, &d.Unheard}, {&b.Drain, &d.Drain}, {&b.Renewal, &d.Renewal},
	} {
		if *f.have == 0 {
			*f.have = *f.want
		}
	}
	if b.Strangers == 0 {
		b.Strangers = d.Strangers
	}
	if b.Joining == 0 {
		b.Joining = d.Joining
	}
	return b
}
