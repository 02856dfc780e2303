package api

import (
	"context"
	"errors"
	"net/netip"

	"parley/messaging"
	"parley/wpauth"
	"parley/wprest"
)

// caller is who calls and from where.
type caller struct {
	id wpauth.Identity
	ip netip.Addr
}

// LoggedIn implements wprest.Caller.
func (c *caller) LoggedIn() bool { return c.id.LoggedIn() }

// authenticate asks wpauth who a request belongs to.
func (s *server) authenticate(ctx context.Context, r *wprest.Request) (wprest.Caller, string, error) {
	ip, https := ClientAddr(r.HTTP, s.TrustedProxies)
	who := &caller{ip: ip}
	id, nonce, err := s.Authenticate(ctx, wpauth.Credentials{
		Method: r.HTTP.Method, HTTPS: https, Header: r.HTTP.Header,
		NonceParam: r.NonceParam(), ClientIP: ip,
	})
	if err != nil {
		if errors.Is(err, wpauth.ErrInvalidNonce) {
			err = wprest.CookieCheckFailed()
		}
		return who, "", err
	}
	who.id = id
	return who, nonce, nil
}

// actor is the member a use case runs for. Only the identity and the request's own
// outside go in, never a parameter.
func actor(c *wprest.Call) messaging.Actor {
	who := c.Caller.(*caller)
	a := messaging.ActorFor(who.id)
	a.IP, a.UserAgent = who.ip, c.HTTP.UserAgent()
	if g := ginFrom(c.Ctx); g != nil {
		a.RequestID = g.GetString(RequestIDKey)
	}
	return a
}

// member is the gate of reads: somebody must be calling (contract 2). It is also
// where presence is recorded; that is no reason to fail.
func (s *server) member(c *wprest.Call) error {
	if !c.Caller.LoggedIn() {
		return notLoggedIn()
	}
	if err := s.Messenger.Seen(c.Ctx, messaging.Actor{ID: c.Caller.(*caller).id.UserID}); err != nil {
		s.Log.Warn("presence was not recorded", "error", err)
	}
	return nil
}

// mutation is the gate of changes: identity, ban, verification, silence where it
// counts, and the capability `read`, all before parameters (contract 1.0, 2).
func (s *server) mutation(g messaging.Gate) func(*wprest.Call) error {
	return func(c *wprest.Call) error {
		if err := s.member(c); err != nil {
			return err
		}
		if err := s.Messenger.Admit(c.Ctx, actor(c), g); err != nil {
			return err
		}
		if !c.Caller.(*caller).id.Can("read") {
			return messaging.Refuse(messaging.NoReadCapability, "")
		}
		return nil
	}
}

// oversight is the gate of the admin surface (contract 3.9).
func (s *server) oversight(c *wprest.Call) error {
	if !c.Caller.LoggedIn() {
		return notLoggedIn()
	}
	if !c.Caller.(*caller).id.Can("manage_options") {
		return messaging.Refuse(messaging.Forbidden, "")
	}
	return nil
}
