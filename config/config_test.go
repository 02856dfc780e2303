package config_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"parley/config"
)

const testDSN = "u:p@tcp(127.0.0.1:3306)/n"

func yamlFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "parley.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	t.Setenv("PARLEY_DATABASE_DSN", testDSN)
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Limits{Members: 20, MessageRunes: 10000, TitleRunes: 255, SearchRunes: 100, DescriptionRunes: 2000,
		NewPerDay: [5]int{3, 10, 30, 60, 0}, MessagesPerMinute: 30, SuggestPerMinute: 60}
	if c.Limits != want {
		t.Errorf("limits %+v", c.Limits)
	}
	if c.Listen != "127.0.0.1:8070" || c.OpsListen != "127.0.0.1:8071" || !c.Migrate || c.MinTrustLevel != 1 || c.AllowSecondWriter {
		t.Errorf("%+v", c)
	}
	if fmt.Sprint(c.TrustedProxies) != "[127.0.0.0/8 ::1/128]" {
		t.Errorf("trusted proxies %v", c.TrustedProxies)
	}
	if c.WordPress.TablePrefix != "wp_" || c.SchemaPrefix != "wp_parley_" || c.RequestTimeout != 10*time.Second {
		t.Errorf("%q %q %v", c.WordPress.TablePrefix, c.SchemaPrefix, c.RequestTimeout)
	}
}

func TestFlagGoesBeforeEnvironmentBeforeFileBeforeDefault(t *testing.T) {
	t.Setenv("PARLEY_DATABASE_DSN", testDSN)
	listen := func(file string, args ...string) string {
		t.Helper()
		flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		flags.String("listen", "", "")
		if err := flags.Parse(args); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(file, flags)
		if err != nil {
			t.Fatal(err)
		}
		return c.Listen
	}
	file := yamlFile(t, "listen: 127.0.0.1:2\n")
	if got := listen(""); got != "127.0.0.1:8070" {
		t.Errorf("default: %s", got)
	}
	if got := listen(file); got != "127.0.0.1:2" {
		t.Errorf("file: %s", got)
	}
	t.Setenv("PARLEY_LISTEN", "127.0.0.1:3")
	if got := listen(file); got != "127.0.0.1:3" {
		t.Errorf("environment: %s", got)
	}
	if got := listen(file, "--listen=127.0.0.1:4"); got != "127.0.0.1:4" {
		t.Errorf("flag: %s", got)
	}
	t.Setenv("PARLEY_LISTEN", "")
	if got := listen(file); got != "127.0.0.1:2" {
		t.Errorf("empty environment: %s", got)
	}
}

func TestFileTakesListsAndNumbers(t *testing.T) {
	t.Setenv("PARLEY_DATABASE_DSN", testDSN)
	c, err := config.Load(yamlFile(t, "migrate: false\nlimits:\n  new_conversations: [1, 2, 3, 4, 5]\n  members: 7\ntrusted_proxies: [loopback, 10.1.2.3/16]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Limits.NewPerDay != [5]int{1, 2, 3, 4, 5} || c.Limits.Members != 7 || c.Migrate {
		t.Errorf("%+v", c.Limits)
	}
	if got := c.TrustedProxies[2].String(); got != "10.1.0.0/16" {
		t.Errorf("network %s", got)
	}
}

func TestWrongSettingIsNamed(t *testing.T) {
	for _, tt := range []struct{ env, value string }{
		{"PARLEY_LISTEN", "8070"},
		{"PARLEY_LISTEN", "127.0.0.1:99999"},
		{"PARLEY_OPS_LISTEN", "http://127.0.0.1:1"},
		{"PARLEY_MIGRATE", "perhaps"},
		{"PARLEY_TRUSTED_PROXIES", "10.0.0.0/99"},
		{"PARLEY_LIMITS_MEMBERS", "1"},
		{"PARLEY_LIMITS_MESSAGES_PER_MINUTE", "-1"},
		{"PARLEY_LIMITS_NEW_CONVERSATIONS", "1,2,3"},
		{"PARLEY_LIMITS_NEW_CONVERSATIONS", "1,2,3,4,x"},
		{"PARLEY_MESSAGING_MIN_TRUST_LEVEL", "6"},
		{"PARLEY_MESSAGING_ROLE_TRUST_LEVELS", "subscriber"},
		{"PARLEY_MESSAGING_ROLE_TRUST_LEVELS", "subscriber=6"},
		{"PARLEY_MESSAGING_ROLE_TRUST_LEVELS", "subscriber=-1"},
		{"PARLEY_MESSAGING_ROLE_TRUST_LEVELS", "subscriber=1,=2"},
		{"PARLEY_MESSAGING_ROLE_TRUST_LEVELS", "subscriber=1,subscriber=2"},
		{"PARLEY_MESSAGING_ROLE_TRUST_LEVELS", "subscriber=1,"},
		{"PARLEY_MESSAGING_BELL_TYPE", "new post"},
		{"PARLEY_MESSAGING_BELL_TYPE", "Message"},
		{"PARLEY_MESSAGING_BELL_TYPE", "new_post"},
		{"PARLEY_MESSAGING_BELL_TYPE", "message_reply"},
		{"PARLEY_MESSAGING_BELL_TYPE", "devoted"},
		{"PARLEY_MESSAGING_BELL_TYPE", "mentioned"},
		{"PARLEY_MESSAGING_BELL_TYPE", "badge"},
		{"PARLEY_WEB_SLUG", "/"},
		{"PARLEY_WEB_SLUG", "../x"},
		{"PARLEY_WEB_SLUG", "a//b"},
		{"PARLEY_WEB_SLUG", "a?b"},
		{"PARLEY_HTTP_REQUEST_TIMEOUT", "10"},
		{"PARLEY_LOG_LEVEL", "loud"},
		{"PARLEY_SCHEMA_PREFIX", "a b"},
		{"PARLEY_WORDPRESS_TABLE_PREFIX", "x`y"},
		{"PARLEY_WORDPRESS_SITE_URL", "example.org"},
		{"PARLEY_WORDPRESS_USER_TABLE", "a`b"},
		{"PARLEY_WORDPRESS_ENVIRONMENT_TYPE", "home"},
	} {
		t.Run(tt.env+"="+tt.value, func(t *testing.T) {
			t.Setenv("PARLEY_DATABASE_DSN", testDSN)
			t.Setenv(tt.env, tt.value)
			_, err := config.Load("", nil)
			if err == nil || !strings.Contains(err.Error(), tt.env) || !strings.Contains(err.Error(), tt.value) {
				t.Error(err)
			}
		})
	}
}

func TestRolesMayHaveTrustLevels(t *testing.T) {
	t.Setenv("PARLEY_DATABASE_DSN", testDSN)
	for file, want := range map[string]map[string]int{
		"": nil,
		"messaging:\n  role_trust_levels: subscriber=1, author=2 ,administrator = 5\n": {"subscriber": 1, "author": 2, "administrator": 5},
		"messaging:\n  role_trust_levels: [shop manager=3, um_custom=0]\n":             {"shop manager": 3, "um_custom": 0},
	} {
		c, err := config.Load(yamlFile(t, file), nil)
		if err != nil || !maps.Equal(c.RoleTrust, want) {
			t.Errorf("%q: %v, %v", file, c, err)
		}
	}
}

func TestUnknownKeyOfTheFileIsNamed(t *testing.T) {
	for text, key := range map[string]string{
		"lisen: x\n":                   `"lisen"`,
		"limits:\n  member: 3\n":       `"limits.member"`,
		"limits:\n  members: {a: 1}":   `"limits.members.a"`,
		"limits:\n  members_file: x":   `"limits.members_file"`,
		"messaging: {a: {b: [1]}}\n":   `"messaging.a.b"`,
		"listen: [[127.0.0.1:1]]\n":    "PARLEY_LISTEN",
		"listen: \"a\nb: [\n":          "is not YAML",
		"listen: a:1\nlisten: a:2\n":   "is not YAML",
		"limits: 3\nlisten: \"a:1\"\n": `"limits"`,
	} {
		t.Setenv("PARLEY_DATABASE_DSN", testDSN)
		if _, err := config.Load(yamlFile(t, text), nil); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := config.Load("/nonexistent/parley.yaml", nil); err == nil || !strings.Contains(err.Error(), "/nonexistent/parley.yaml") {
		t.Error(err)
	}
}

func TestSecretsMayStandInFiles(t *testing.T) {
	secret := yamlFile(t, "u:from a file@tcp(h:1)/n\n")
	t.Setenv("PARLEY_DATABASE_DSN_FILE", secret)
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Database.DSN(t.Context()); !strings.HasPrefix(got, "u:from a file@tcp(h:1)/n") {
		t.Errorf("DSN %s", got)
	}
	t.Setenv("PARLEY_DATABASE_DSN", testDSN)
	if _, err := config.Load("", nil); err == nil || !strings.Contains(err.Error(), "PARLEY_DATABASE_DSN_FILE") {
		t.Errorf("both set: %v", err)
	}
	t.Setenv("PARLEY_DATABASE_DSN_FILE", "")
	t.Setenv("PARLEY_WORDPRESS_NONCE_KEY_FILE", "/nonexistent/key")
	if _, err := config.Load("", nil); err == nil || !strings.Contains(err.Error(), "PARLEY_WORDPRESS_NONCE_KEY_FILE") {
		t.Errorf("absent file: %v", err)
	}
}

func TestTheAddressOfRedisIsASecret(t *testing.T) {
	t.Setenv("PARLEY_DATABASE_DSN", testDSN)
	for _, good := range []string{"", "redis://localhost", "redis://:s3cret@127.0.0.1:6379/0", "rediss://parley:s3cret@cache.example:6380", "unix://parley:s3cret@/run/redis.sock"} {
		t.Setenv("PARLEY_REALTIME_REDIS", good)
		c, err := config.Load("", nil)
		if err != nil || c.Realtime.Redis != good || strings.Contains(c.Dump(), "s3cret") {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"localhost:6379", "http://:s3cret@localhost", "redis://", "unix:", "redis://:s3cret@[::1", "s3cret"} {
		t.Setenv("PARLEY_REALTIME_REDIS", bad)
		if _, err := config.Load("", nil); err == nil || !strings.Contains(err.Error(), "PARLEY_REALTIME_REDIS") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	t.Setenv("PARLEY_REALTIME_REDIS", "")
	t.Setenv("PARLEY_REALTIME_REDIS_FILE", yamlFile(t, "redis://:s3cret@h\n"))
	if c, err := config.Load("", nil); err != nil || c.Realtime.Redis != "redis://:s3cret@h" {
		t.Errorf("from a file: %v", err)
	}
}

func TestNothingIsKnownOfADatabase(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := config.Load("", nil)
	if err == nil || !strings.Contains(err.Error(), "PARLEY_WP_CONFIG") || !strings.Contains(err.Error(), "PARLEY_DATABASE_DSN") {
		t.Error(err)
	}
	plain := "<?php define('DB_NAME','n'); define('DB_USER','u'); define('DB_PASSWORD','p');"
	if err := os.WriteFile("wp-config.php", []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := config.Load("", nil); err != nil || filepath.Base(c.WPConfig) != "wp-config.php" {
		t.Errorf("the current folder's file: %v", err)
	}
}

func TestDumpMasksSecrets(t *testing.T) {
	t.Setenv("PARLEY_DATABASE_DSN", testDSN)
	t.Setenv("PARLEY_WORDPRESS_AUTH_KEY", "very secret")
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	dump := c.Dump()
	if strings.Contains(dump, "very secret") || strings.Contains(dump, "u:p@") || !strings.Contains(dump, "wordpress.auth_key: \"***") {
		t.Error(dump)
	}
	if !strings.Contains(dump, "limits.members: \"20\"\n") || !strings.Contains(dump, "wordpress.nonce_key: \"\"\n") {
		t.Error(dump)
	}
}

// A setting in the sample is a commented-out line of its section.
var sampleLine = regexp.MustCompile(`(?m)^( *)#([a-z_]+:.*)$`)

func TestSampleListsEverySettingWithItsDefault(t *testing.T) {
	raw, err := os.ReadFile("../parley.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var sample map[string]any
	if err := yaml.Unmarshal([]byte(sampleLine.ReplaceAllString(string(raw), "$1$2")), &sample); err != nil {
		t.Fatal(err)
	}
	names, defaults, secret := config.Names()
	var listed []string
	note := func(name string, value any) {
		listed = append(listed, name)
		got := strings.NewReplacer("[", "", "]", "", " ", ",").Replace(fmt.Sprint(value))
		if value == nil || got != defaults[name] {
			t.Errorf("%s is %q in the sample, its default is %q", name, got, defaults[name])
		}
	}
	for name, value := range sample {
		section, ok := value.(map[string]any)
		if !ok {
			note(name, value)
			continue
		}
		for key, v := range section {
			note(name+"."+key, v)
		}
	}
	slices.Sort(listed)
	slices.Sort(names)
	if !slices.Equal(listed, names) {
		t.Errorf("the sample lists\n%v\nthe settings are\n%v", listed, names)
	}
	if !secret["database.dsn"] || secret["listen"] {
		t.Error("what is secret is wrong")
	}
	// As delivered it sets nothing.
	t.Setenv("PARLEY_DATABASE_DSN", testDSN)
	if _, err := config.Load("../parley.example.yaml", nil); err != nil {
		t.Error(err)
	}
}

func TestDBHost(t *testing.T) {
	for host, want := range map[string]string{
		"db":                       "tcp:db:3306",
		"db:3307":                  "tcp:db:3307",
		"10.0.0.1":                 "tcp:10.0.0.1:3306",
		"localhost:/tmp/my.sock":   "unix:/tmp/my.sock",
		":/tmp/my.sock":            "unix:/tmp/my.sock",
		"/tmp/my.sock":             "unix:/tmp/my.sock",
		"[::1]:3307":               "tcp:[::1]:3307",
		"[2001:db8::1]":            "tcp:[2001:db8::1]:3306",
		"2001:db8::1":              "tcp:[2001:db8::1]:3306",
		"db.example.org:3306":      "tcp:db.example.org:3306",
		"localhost:3307":           "tcp:127.0.0.1:3307",
		"my-db_1.internal:3306   ": "tcp:my-db_1.internal:3306",
	} {
		got, err := config.Endpoints(host)
		if err != nil || got[0] != want {
			t.Errorf("%q: %v, %v, want %s", host, got, err, want)
		}
	}
	for _, host := range []string{"localhost", "LocalHost", ""} {
		got, err := config.Endpoints(host)
		if err != nil || got[0] != "unix:/run/mysqld/mysqld.sock" || got[len(got)-1] != "tcp:127.0.0.1:3306" {
			t.Errorf("%q: %v, %v", host, got, err)
		}
	}
	for _, host := range []string{"a:b", "a:1:2:x", "db:123456", "[::1"} {
		if got, err := config.Endpoints(host); err == nil {
			t.Errorf("%q: %v", host, got)
		}
	}
}
