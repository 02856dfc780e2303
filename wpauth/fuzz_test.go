package wpauth

import (
	"strings"
	"testing"
	"time"

	"parley/config"
)

func fuzzKeys() *keyring {
	keys := map[string]string{}
	for _, name := range config.SecretNames {
		keys[name] = "fuzz " + name
	}
	ring := newKeyring(keys, func(string) string { return "" })
	return &ring
}

// FuzzCookie holds the reader of cookies to its promises: it never panics, and
// whatever is put into a cookie, only the very content that was signed is good.
func FuzzCookie(f *testing.F) {
	const genuine = "alice|2087802000|token|1f1f9b3d4d1c5a1e9e0a6a3d2f5b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7"
	for _, seed := range []string{
		genuine, strings.ReplaceAll(genuine, "|", "%7C"), "", "|||", "%", "%7", "a%00|1|t|m", "alice|soon|t|m",
		"alice|99999999999999999999|t|m", "\xff|1|t|m", "'|1|t|m", "||||",
	} {
		f.Add(seed)
	}
	keys, hash := fuzzKeys(), "$wp$2y$10$onaODvTcEaGr9RC47T08deDEKGqyPrbF4fDmA00SoHgVt4LknTmvq"
	f.Fuzz(func(t *testing.T, value string) {
		_, _ = cookieValue([]string{value, "x=" + value}, "x")
		_, _, _ = parseBasic(value)
		_, _ = sanitizeUser(value), isEmail(value)
		c, ok := parseAuthCookie(schemeLoggedIn, value)
		if !ok {
			return
		}
		_ = c.inTime(1_772_442_000, true)
		for _, rule := range []fragmentRule{fragmentEither, fragmentBefore68, fragmentSince68} {
			if c.signedBy(keys, rule, hash) {
				t.Fatalf("%q is signed", value)
			}
		}
	})
}

// FuzzNonce: only the ten characters of this or the last half-day are good.
func FuzzNonce(f *testing.F) {
	keys, now := fuzzKeys(), time.Unix(1_772_442_000, 0)
	good := new(nonceMemo).at(keys, now, 2, "token")
	f.Add(good.current, int64(2), "token")
	f.Add(good.previous, int64(2), "token")
	f.Add("", int64(0), "")
	f.Add("0123456789", int64(-1), "a|b")
	f.Fuzz(func(t *testing.T, sent string, id int64, token string) {
		n := new(nonceMemo).at(keys, now, UserID(id), token)
		if n.accept(sent) != (sent == n.current || sent == n.previous) {
			t.Fatalf("%q for user %d", sent, id)
		}
		if len(n.current) != 10 || n.current == n.previous {
			t.Fatalf("minted %q and %q", n.current, n.previous)
		}
	})
}

// FuzzFormatPHPDate: any format is possible, letters that mean nothing stay.
func FuzzFormatPHPDate(f *testing.F) {
	f.Add("g:i a")
	f.Add("\\")
	f.Add("\xff\\")
	f.Fuzz(func(t *testing.T, format string) {
		if got := FormatPHPDate(time.Unix(0, 0).UTC(), format); strings.Trim(format, "qx ") == "" && got != format {
			t.Fatalf("%q became %q", format, got)
		}
	})
}

func TestKeyring_TheLastFragmentsDifferByVersion(t *testing.T) {
	for _, tt := range []struct {
		dbVersion, hash string
		want            []string
	}{
		{"53496", "$wp$2y$10$abcdefgh", []string{"0$ab"}},
		{"61833", "$wp$2y$10$abcdefgh", []string{"efgh"}},
		{"58975", "$wp$2y$10$abcdefgh", []string{"efgh", "0$ab"}},
		{"", "$wp$2y$10$abcdefgh", []string{"efgh", "0$ab"}},
		{"nonsense", "$P$Babcdefghijk", []string{"efgh"}},
		{"61833", "abc", []string{"abc"}},
		{"53496", "abc", []string{""}},
		{"61833", "", []string{""}},
	} {
		got := newFragmentRule(tt.dbVersion).fragments(tt.hash)
		if strings.Join(got, ",") != strings.Join(tt.want, ",") {
			t.Errorf("%s %q: got %q, want %q", tt.dbVersion, tt.hash, got, tt.want)
		}
	}
}

func TestKeyring_WithoutKeysNothingIsSigned(t *testing.T) {
	empty := newKeyring(map[string]string{"LOGGED_IN_KEY": "only a key"}, func(string) string { return "" })
	c, ok := parseAuthCookie(schemeLoggedIn, "alice|2087802000|t|m")
	if !ok || c.signedBy(&empty, fragmentEither, "hash of alice") {
		t.Error("a cookie is good without a salt")
	}
	if n := new(nonceMemo).at(&empty, time.Unix(0, 0), 0, ""); n.accept("") {
		t.Error("a nonce is good without a key")
	}
}

func TestSanitizeUser(t *testing.T) {
	for in, want := range map[string]string{
		"alice": "alice", "  alice \t": "alice", "a  b\tc": "a b c", "žofie": "zofie", "Øystein": "Oystein",
		"李雷": "李雷", "per%20cent": "percent", "a&amp;b": "ab", "<b>x": "", "\xff": "", "ﬁ": "ﬁ", "É": "E",
		strings.Repeat("a", maxUserName+1): "",
	} {
		if got := sanitizeUser(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestIsEmail(t *testing.T) {
	for in, want := range map[string]bool{
		"a@b.cd": true, "jo.e_x-y@example.test": true, "a@b": false, "@b.cde": false, "a@b..cd": false,
		"a@-b.cd": false, "a b@c.de": false, "alice": false, "a@b.c\x00d": false,
	} {
		if got := isEmail(in); got != want {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	}
}
