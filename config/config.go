package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Config is everything Parley is told. It holds secrets: print it with Dump only.
type Config struct {
	// WPConfig is the wp-config.php that was read; "" when there was none.
	WPConfig string
	// Listen and OpsListen are host:port; port 0 takes a free one.
	Listen, OpsListen string
	// Migrate applies pending migrations at start.
	Migrate bool
	// TrustedProxies are the peers whose X-Forwarded-* headers are believed.
	TrustedProxies []netip.Prefix
	Database       Database
	WordPress      WordPress
	// SchemaPrefix is the prefix of Parley's own tables.
	SchemaPrefix string
	// MinTrustLevel is needed to start a conversation, 0-5 (contract 3.1).
	MinTrustLevel int
	// RoleTrust gives trust levels 0-5 to roles on a site without Jetonomy; empty: none.
	RoleTrust map[string]int
	// BellType is the notification type of Jetonomy's bell rows (contract decision 16).
	BellType string
	// Slug is where the inbox is, below the site's home, on a site without Jetonomy.
	Slug string
	// AllowSecondWriter lets serve start although the reference extension is
	// enabled (contract decision 30).
	AllowSecondWriter bool
	Limits            Limits
	BuddyPress        BuddyPress
	// SearchCache is the memory for search, in bytes.
	SearchCache int64
	// ImportDSN is the DSN of the database to import from; "" for the site's own.
	ImportDSN string
	// KeepEvents is how long events are kept; negative means for ever.
	KeepEvents time.Duration
	Realtime   Realtime
	// RequestTimeout ends a request that takes longer.
	RequestTimeout time.Duration
	// JSONP answers ?_jsonp, and AnyOrigin lets pages of other origins read answers.
	JSONP, AnyOrigin bool
	// Profiling puts Go's profiles on the operators' listener.
	Profiling bool
	// LogLevel is debug, info, warn or error; LogFormat is text or json.
	LogLevel, LogFormat string

	effective map[string]string
}

// Realtime is how members are told what happens.
type Realtime struct {
	Enabled bool
	// Origins are pages beside the site's own that may connect with a login cookie.
	Origins []string
	// Connections is how many a member may have at once on one node.
	Connections int
	// Presence, Receipts and Typing are whether members who agree are told of each other
	// who is there, how far messages came, and who is typing.
	Presence, Receipts, Typing bool
	// Redis is the URL of a Redis or Valkey server that carries hints between nodes; a
	// secret. "": the database does.
	Redis string
}

// Limits are the numbers of contract 3.6. Lengths count code points; 0 means no
// limit for NewPerDay, MessagesPerMinute and SuggestPerMinute.
type Limits struct {
	Members, MessageRunes, TitleRunes, SearchRunes, DescriptionRunes int
	// NewPerDay is by trust level 0, 1, 2, 3, 4 and more.
	NewPerDay                           [5]int
	MessagesPerMinute, SuggestPerMinute int
}

// Load gathers the settings. file is the configuration file, "" for none; flags
// may hold some of the settings' flags (nil: none), of which those that were set
// win over everything. An error is one sentence that names the setting.
func Load(file string, flags *pflag.FlagSet) (*Config, error) {
	values, err := effective(file, flags)
	if err != nil {
		return nil, err
	}
	c := &Config{effective: values}
	get := func(name string) string { return values[name] }
	num := func(name string) int {
		n, _ := strconv.Atoi(get(name)) // checked with the others
		return n
	}
	span := func(name string) time.Duration {
		d, _ := time.ParseDuration(get(name))
		return d
	}
	yes := func(name string) bool {
		b, _ := strconv.ParseBool(get(name))
		return b
	}
	c.Listen, c.OpsListen = get("listen"), get("ops_listen")
	c.Migrate = yes("migrate")
	if c.TrustedProxies, err = parseProxies(get("trusted_proxies")); err != nil {
		return nil, err
	}
	c.MinTrustLevel = num("messaging.min_trust_level")
	if c.RoleTrust, err = parseRoleTrust(get("messaging.role_trust_levels")); err != nil {
		return nil, err
	}
	c.BellType, c.Slug = get("messaging.bell_type"), get("web.slug")
	c.AllowSecondWriter = yes("messaging.allow_second_writer")
	c.Limits = Limits{
		Members:           num("limits.members"),
		MessageRunes:      num("limits.message_length"),
		TitleRunes:        num("limits.title_length"),
		SearchRunes:       num("limits.search_length"),
		DescriptionRunes:  num("limits.description_length"),
		MessagesPerMinute: num("limits.messages_per_minute"),
		SuggestPerMinute:  num("limits.suggestions_per_minute"),
	}
	if c.Limits.NewPerDay, err = parseFive(get("limits.new_conversations")); err != nil {
		return nil, err
	}
	c.BuddyPress = BuddyPress{
		Enabled:         yes("buddypress.enabled"),
		Version2:        yes("buddypress.version_two"),
		Stars:           yes("buddypress.stars"),
		StarredSlug:     get("buddypress.starred_slug"),
		MembersSlug:     get("buddypress.members_slug"),
		AvatarsDir:      get("buddypress.avatars_dir"),
		AvatarsURL:      get("buddypress.avatars_url"),
		EmojiImages:     get("buddypress.emoji_images"),
		SenderIDsAsList: yes("buddypress.sender_ids_as_list"),
		MaskDeleted:     yes("buddypress.mask_deleted"),
	}
	if c.BuddyPress.EmojiImages != "" {
		c.BuddyPress.EmojiImages = strings.TrimRight(c.BuddyPress.EmojiImages, "/") + "/"
	}
	if c.BuddyPress.Fields, err = parseFields(get("buddypress.fields")); err != nil {
		return nil, err
	}
	c.SearchCache = int64(num("search.cache_mib")) << 20
	c.ImportDSN = get("import.source_dsn")
	if c.KeepEvents = time.Duration(num("events.keep_days")) * 24 * time.Hour; c.KeepEvents == 0 {
		c.KeepEvents = -1
	}
	c.Realtime = Realtime{Enabled: yes("realtime.enabled"), Origins: listed(get("realtime.origins")),
		Connections: num("realtime.connections_per_member"),
		Presence:    yes("realtime.presence"), Receipts: yes("realtime.receipts"), Typing: yes("realtime.typing"), Redis: get("realtime.redis")}
	c.RequestTimeout = span("http.request_timeout")
	c.JSONP, c.AnyOrigin = yes("http.jsonp"), yes("http.any_origin")
	c.Profiling = yes("ops.profiling")
	c.LogLevel, c.LogFormat = get("log.level"), get("log.format")
	c.Database.PoolSize = num("database.pool_size")
	c.Database.StatementTimeout = span("database.statement_timeout")
	c.Database.dsn = get("database.dsn")

	if err := c.readSite(get); err != nil {
		return nil, err
	}
	if c.SchemaPrefix = get("schema.prefix"); c.SchemaPrefix == "" {
		c.SchemaPrefix = c.WordPress.SitePrefix() + "parley_"
		if prefix(c.SchemaPrefix) != nil {
			return nil, fmt.Errorf("the table prefix %s is too long; set schema.prefix (PARLEY_SCHEMA_PREFIX) to a shorter one", c.SchemaPrefix)
		}
	}
	return c, nil
}

// effective merges default, file, environment and flags into one text per setting
// and checks each.
func effective(file string, flags *pflag.FlagSet) (map[string]string, error) {
	v := viper.New()
	for _, s := range settings {
		v.SetDefault(s.name, s.def)
		_ = v.BindEnv(s.name, s.env()) // fails without arguments only
		if s.secret {
			_ = v.BindEnv(s.name+"_file", s.env()+"_FILE")
		}
		if flags != nil && s.flag != "" {
			if f := flags.Lookup(s.flag); f != nil {
				_ = v.BindPFlag(s.name, f) // fails for nil only
			}
		}
	}
	if file != "" {
		if err := readFile(v, file); err != nil {
			return nil, err
		}
	}
	values := make(map[string]string, len(settings))
	for _, s := range settings {
		text, err := asText(v.Get(s.name))
		if err != nil {
			return nil, fmt.Errorf("the setting %s (%s) %w", s.name, s.env(), err)
		}
		if s.secret {
			if text, err = secret(s, text, v.GetString(s.name+"_file")); err != nil {
				return nil, err
			}
		} else {
			text = strings.TrimSpace(text)
		}
		if err := s.kind(text); err != nil {
			if s.secret {
				return nil, fmt.Errorf("the setting %s (%s) is not %w", s.name, s.env(), err)
			}
			return nil, fmt.Errorf("the setting %s (%s) is %q, which is not %w", s.name, s.env(), text, err)
		}
		values[s.name] = text
	}
	return values, nil
}

// readFile reads the YAML file and refuses keys that are no settings.
func readFile(v *viper.Viper, file string) error {
	only := viper.New()
	for _, x := range []*viper.Viper{only, v} {
		x.SetConfigFile(file)
		x.SetConfigType("yaml")
		if err := x.ReadInConfig(); err != nil {
			var pe *os.PathError
			if errors.As(err, &pe) {
				return fmt.Errorf("the configuration file %s cannot be read: %w", file, pe.Err)
			}
			return fmt.Errorf("the configuration file %s is not YAML: %w", file, err)
		}
	}
	for _, key := range only.AllKeys() {
		s, known := lookup(key)
		if !known {
			s, known = lookup(strings.TrimSuffix(key, "_file"))
			known = known && s.secret
		}
		known = known || only.Get(key) == nil && isSection(key) // a section with nothing in it
		if !known {
			return fmt.Errorf("the configuration file %s has a setting %q, which Parley does not know", file, key)
		}
	}
	return nil
}

func isSection(key string) bool {
	for _, s := range settings {
		if strings.HasPrefix(s.name, key+".") {
			return true
		}
	}
	return false
}

// asText brings a value of the YAML file into the notation of the environment.
func asText(value any) (string, error) {
	switch x := value.(type) {
	case nil:
		return "", nil
	case string:
		return x, nil
	case []any:
		items := make([]string, len(x))
		for i, item := range x {
			if _, nested := item.([]any); nested {
				return "", errors.New("is a list of lists")
			}
			text, err := asText(item)
			if err != nil {
				return "", err
			}
			items[i] = text
		}
		return strings.Join(items, ","), nil
	case map[string]any:
		return "", errors.New("holds further settings where a value is expected")
	default:
		return fmt.Sprint(x), nil
	}
}

// secret takes a secret from the setting itself or from the file its twin names.
func secret(s setting, text, file string) (string, error) {
	if file == "" {
		return text, nil
	}
	if text != "" {
		return "", fmt.Errorf("the settings %s (%s) and %s_file (%s_FILE) are both set; one of them is enough",
			s.name, s.env(), s.name, s.env())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return "", fmt.Errorf("the setting %s_file (%s_FILE) names %s, which cannot be read: %w", s.name, s.env(), file, err)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}

// Dump lists every setting as "name: value" in the order of the sample
// configuration, secrets masked. What wp-config.php adds is not part of it.
func (c *Config) Dump() string {
	var b strings.Builder
	for _, s := range settings {
		value := c.effective[s.name]
		if s.secret && value != "" {
			value = "********"
		}
		fmt.Fprintf(&b, "%s: %s\n", s.name, strconv.Quote(value))
	}
	return b.String()
}
