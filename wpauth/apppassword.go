package wpauth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"parley/wpauth/phpvalue"
)

const (
	// usageInterval is how often the use of an application password is recorded.
	usageInterval = 24 * time.Hour
	// recordTimeout bounds the recording, which goes on after the answer.
	recordTimeout = 5 * time.Second
	// maxBasic is the longest Authorization header that is looked at, in bytes.
	maxBasic = 8 << 10
)

// hashers is how many password hashes are computed at once in this process, so
// that a flood of wrong passwords leaves a core for everybody else.
var hashers = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))

// parseBasic takes user name and password out of an Authorization header as PHP
// does (wp_populate_basic_auth_from_authorization_header).
func parseBasic(header string) (user, password string, ok bool) {
	if len(header) > maxBasic || len(header) < 6 || !strings.EqualFold(header[:6], "basic ") {
		return "", "", false
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(header[6:], "="))
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}

// byBasic finds the session of Basic credentials with an application password, nil
// when they are nobody's (wp_validate_application_password).
func (s *Site) byBasic(ctx context.Context, cur *settings, c *Credentials) (*session, error) {
	header := c.Header["Authorization"]
	if len(header) != 1 || !cur.appPasswords || (!c.HTTPS && s.wp.EnvironmentType != "local") {
		return nil, nil
	}
	key := s.credentialKey(keyBasic, header[0])
	if who, ok := s.sessions.Peek(key); ok {
		return who, nil
	}
	if _, ok := s.rejected.Get(key); ok {
		return nil, nil
	}
	user, password, ok := parseBasic(header[0])
	password = lettersAndDigits(password)
	if !ok || user == "" || password == "" || needsSlashes(user) {
		return nil, nil
	}
	who, err := s.sessions.Fetch(ctx, key, func(ctx context.Context) (*session, error) {
		return s.verifyAppPassword(ctx, cur, user, password, c.ClientIP)
	})
	if errors.Is(err, errNobody) {
		s.rejected.Set(key, struct{}{})
		return nil, nil
	}
	return who, err
}

// verifyAppPassword is wp_authenticate_application_password(): the user by login,
// else by e-mail address; the first stored password that fits.
func (s *Site) verifyAppPassword(ctx context.Context, cur *settings, user, password string, ip netip.Addr) (*session, error) {
	u, err := s.accountByLogin(ctx, user, metaAppPasswords)
	if err == nil && u == nil && isEmail(user) {
		u, err = s.accountByEmail(ctx, user, metaAppPasswords)
	}
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, errNobody
	}
	stored := s.parseMeta(u, metaAppPasswords)
	for _, e := range stored.Entries() {
		hash, _ := e.Value.Get("password")
		text, ok := hash.Str()
		if !ok {
			continue
		}
		fits, err := checkBounded(ctx, password, text)
		if err != nil {
			return nil, err
		}
		if fits {
			s.recordUse(ctx, u, stored, e, ip)
			id := s.identity(cur, u)
			id.Via, id.proof = ByApplicationPassword, text
			return &session{id: id}, nil
		}
	}
	return nil, errNobody
}

// checkBounded is checkFastHash, waiting for a turn where it takes long.
func checkBounded(ctx context.Context, password, stored string) (bool, error) {
	if !isExpensive(stored) {
		return checkFastHash(password, stored), nil
	}
	select {
	case hashers <- struct{}{}:
		defer func() { <-hashers }()
		return checkFastHash(password, stored), nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// recordUse writes last_used and last_ip of an application password, at most once
// a day, after the answer (record_application_password_usage). The row is changed
// only if it still is what was read: a change made meanwhile in WordPress stays,
// and a later request records instead. Failures are only logged.
func (s *Site) recordUse(ctx context.Context, u *account, stored phpvalue.Value, entry phpvalue.Entry, ip netip.Addr) {
	now := s.now().Unix()
	if last, ok := entry.Value.Get("last_used"); ok {
		if n, _ := last.Number(); n+int64(usageInterval/time.Second) > now {
			return
		}
	}
	if _, ok := entry.Value.Get("uuid"); !ok {
		return // WordPress gives it one the next time it looks; leave the row to it.
	}
	used := entry.Value.With(phpvalue.TextKey("last_used"), phpvalue.NewInt(now)).
		With(phpvalue.TextKey("last_ip"), phpvalue.NewString(addressText(ip)))
	row := u.meta[metaAppPasswords]
	next := stored.With(entry.Key, used).String()
	s.background.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
		defer cancel()
		if _, err := s.db.ExecContext(ctx, s.sql.appPasswordCAS, next, row.id, row.value); err != nil {
			s.log.Warn("last use of an application password was not recorded", "user_id", int64(u.id), "error", err)
		}
	})
}

// addressText is an address as PHP's REMOTE_ADDR has it.
func addressText(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.Unmap().String()
}

// lettersAndDigits drops everything else: application passwords are shown in
// groups, and people keep the spaces.
func lettersAndDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return -1
	}, s)
}
