package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// setting is one row of the table of settings: the one place that knows its name,
// default, bounds and whether it is secret.
type setting struct {
	// name is section.name; the environment variable follows from it.
	name string
	// flag is the command-line flag, "" for none.
	flag string
	// def is the default in the notation of the environment.
	def string
	// kind parses and checks; it may not be nil.
	kind kind
	// secret settings have a twin …_file and are masked when shown.
	secret bool
}

// env is the environment variable of a setting: PARLEY_SECTION_NAME.
func (s setting) env() string { return envName(s.name) }

func envName(name string) string {
	return "PARLEY_" + strings.ToUpper(strings.ReplaceAll(name, ".", "_"))
}

// settings lists every setting in the order of the sample configuration.
var settings = []setting{
	{name: "wp_config", flag: "wp-config", kind: anything},
	{name: "listen", flag: "listen", def: "127.0.0.1:8070", kind: address},
	{name: "ops_listen", flag: "ops-listen", def: "127.0.0.1:8071", kind: address},
	{name: "migrate", flag: "migrate", def: "true", kind: boolean},
	{name: "trusted_proxies", def: "loopback", kind: proxies},

	{name: "database.dsn", kind: anything, secret: true},
	{name: "database.pool_size", def: "16", kind: whole(2, 1000)},
	{name: "database.statement_timeout", def: "30s", kind: duration(time.Second, time.Hour)},

	{name: "wordpress.table_prefix", kind: prefix},
	{name: "wordpress.auth_key", kind: anything, secret: true},
	{name: "wordpress.secure_auth_key", kind: anything, secret: true},
	{name: "wordpress.logged_in_key", kind: anything, secret: true},
	{name: "wordpress.nonce_key", kind: anything, secret: true},
	{name: "wordpress.auth_salt", kind: anything, secret: true},
	{name: "wordpress.secure_auth_salt", kind: anything, secret: true},
	{name: "wordpress.logged_in_salt", kind: anything, secret: true},
	{name: "wordpress.nonce_salt", kind: anything, secret: true},
	{name: "wordpress.site_url", kind: webAddress},
	{name: "wordpress.home", kind: webAddress},
	{name: "wordpress.cookie_hash", kind: anything},
	{name: "wordpress.logged_in_cookie", kind: anything},
	{name: "wordpress.auth_cookie", kind: anything},
	{name: "wordpress.secure_auth_cookie", kind: anything},
	{name: "wordpress.multisite", kind: maybe(boolean)},
	{name: "wordpress.blog_id", kind: maybe(whole(1, 1<<40))},
	{name: "wordpress.user_table", kind: table},
	{name: "wordpress.user_meta_table", kind: table},
	{name: "wordpress.environment_type", kind: maybe(oneOf("local", "development", "staging", "production"))},

	{name: "schema.prefix", kind: prefix},

	{name: "messaging.min_trust_level", def: "1", kind: whole(0, 5)},
	{name: "messaging.role_trust_levels", kind: roleTrust},
	{name: "messaging.bell_type", def: "private_message", kind: bellType},
	{name: "messaging.allow_second_writer", def: "false", kind: boolean},

	{name: "limits.members", def: "20", kind: whole(2, 1000)},
	{name: "limits.message_length", def: "10000", kind: whole(1, 60000)},
	{name: "limits.title_length", def: "255", kind: whole(1, 255)},
	{name: "limits.search_length", def: "100", kind: whole(1, 1000)},
	{name: "limits.description_length", def: "2000", kind: whole(1, 10000)},
	{name: "limits.new_conversations", def: "3,10,30,60,0", kind: fiveNumbers},
	{name: "limits.messages_per_minute", def: "30", kind: whole(0, 100000)},
	{name: "limits.suggestions_per_minute", def: "60", kind: whole(0, 100000)},

	{name: "buddypress.enabled", def: "true", kind: boolean},
	{name: "buddypress.version_two", def: "true", kind: boolean},
	{name: "buddypress.stars", def: "true", kind: boolean},
	{name: "buddypress.starred_slug", def: "starred", kind: pathPart},
	{name: "buddypress.members_slug", def: "members", kind: pathPart},
	{name: "buddypress.avatars_dir", kind: anything},
	{name: "buddypress.avatars_url", kind: webAddress},
	{name: "buddypress.emoji_images", kind: webAddress},
	{name: "buddypress.sender_ids_as_list", def: "false", kind: boolean},
	{name: "buddypress.mask_deleted", def: "false", kind: boolean},
	{name: "buddypress.fields", kind: fields},

	{name: "search.cache_mib", def: "64", kind: whole(1, 65536)},

	{name: "import.source_dsn", kind: anything, secret: true},

	{name: "events.keep_days", def: "30", kind: whole(0, 36500)},

	{name: "realtime.enabled", def: "true", kind: boolean},
	{name: "realtime.origins", kind: webAddresses},
	{name: "realtime.connections_per_member", def: "20", kind: whole(1, 10000)},
	{name: "realtime.presence", def: "true", kind: boolean},
	{name: "realtime.receipts", def: "true", kind: boolean},
	{name: "realtime.typing", def: "true", kind: boolean},
	{name: "realtime.redis", kind: redisAddress, secret: true},

	{name: "web.slug", def: "community", kind: slug},

	{name: "http.request_timeout", def: "10s", kind: duration(time.Second, 10*time.Minute)},
	{name: "http.jsonp", def: "true", kind: boolean},
	{name: "http.any_origin", def: "true", kind: boolean},

	{name: "ops.profiling", def: "false", kind: boolean},

	{name: "log.level", def: "info", kind: oneOf("debug", "info", "warn", "error")},
	{name: "log.format", def: "text", kind: oneOf("text", "json")},
}

// lookup finds a setting by name.
func lookup(name string) (setting, bool) {
	for _, s := range settings {
		if s.name == name {
			return s, true
		}
	}
	return setting{}, false
}

// kind checks a value in the notation of the environment. The error completes the
// sentence "… is "x", which is not ".
type kind func(value string) error

func anything(string) error { return nil }

// maybe allows a setting to be left empty.
func maybe(k kind) kind {
	return func(v string) error {
		if v == "" {
			return nil
		}
		return k(v)
	}
}

func boolean(v string) error {
	if _, err := strconv.ParseBool(v); err != nil {
		return fmt.Errorf("true or false")
	}
	return nil
}

func whole(low, high int64) kind {
	return func(v string) error {
		if n, err := strconv.ParseInt(v, 10, 64); err != nil || n < low || n > high {
			return fmt.Errorf("a whole number from %d to %d", low, high)
		}
		return nil
	}
}

func duration(low, high time.Duration) kind {
	return func(v string) error {
		if d, err := time.ParseDuration(v); err != nil || d < low || d > high {
			return fmt.Errorf("a duration from %s to %s, as 10s or 2m", low, high)
		}
		return nil
	}
}

func oneOf(words ...string) kind {
	return func(v string) error {
		for _, w := range words {
			if v == w {
				return nil
			}
		}
		return fmt.Errorf("one of %s", strings.Join(words, ", "))
	}
}
