package config

import "strconv"

// WordPress is what the site's wp-config.php (or the settings wordpress.*) says
// about the site. It holds secrets: never print it.
type WordPress struct {
	// TablePrefix is $table_prefix, "wp_" when nothing says otherwise. On a
	// network it is the base prefix; SitePrefix gives the one of BlogID.
	TablePrefix string
	// Keys holds the constants of SecretNames that are defined, also those defined
	// as "" or as the sample phrase: WordPress decides what such a value is worth
	// (wp_salt), and so does wpauth. A name that is not defined is not in the map.
	Keys map[string]string
	// SiteURL and Home are WP_SITEURL and WP_HOME (or settings wordpress.site_url
	// and wordpress.home); they go before the options of the same meaning. Empty: not defined.
	SiteURL, Home string
	// CookieHash is COOKIEHASH; empty: not defined, md5 of the site URL then.
	CookieHash string
	// LoggedInCookie, AuthCookie and SecureAuthCookie are the complete names of the
	// login cookies when wp-config.php defines them. Empty: WordPress's own names.
	LoggedInCookie, AuthCookie, SecureAuthCookie string
	// Multisite is MULTISITE; the next three are meaningful only with it.
	Multisite bool
	// SubdomainInstall is SUBDOMAIN_INSTALL.
	SubdomainInstall bool
	// DomainCurrentSite and PathCurrentSite are DOMAIN_CURRENT_SITE and PATH_CURRENT_SITE.
	DomainCurrentSite, PathCurrentSite string
	// BlogID is the site of a network that Parley serves: setting wordpress.blog_id,
	// else BLOG_ID_CURRENT_SITE, else 1.
	BlogID int64
	// UserTable and UserMetaTable are CUSTOM_USER_TABLE and CUSTOM_USER_META_TABLE:
	// whole table names. Empty: not defined.
	UserTable, UserMetaTable string
	// EnvironmentType is WP_ENVIRONMENT_TYPE as wp_get_environment_type() would
	// answer: local, development, staging or production. Application passwords are
	// accepted without https only where it is "local".
	EnvironmentType string
	// ForceSSLAdmin is FORCE_SSL_ADMIN.
	ForceSSLAdmin bool
}

// SecretNames are the constants that keys and salts of cookies and nonces come
// from, SECRET_KEY and SECRET_SALT (old, still honoured by wp_salt) at the end.
var SecretNames = []string{
	"AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY",
	"AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT",
	"SECRET_KEY", "SECRET_SALT",
}

// SampleSecret is the phrase wp-config-sample.php holds in place of a key or
// salt; WordPress treats it as not defined.
const SampleSecret = "put your unique phrase here"

// DefaultTablePrefix is WordPress's own.
const DefaultTablePrefix = "wp_"

// SitePrefix is the table prefix of the site served: TablePrefix, and on a
// network TablePrefix with the number of every site but the first
// (wpdb::get_blog_prefix). Users, their meta and the network's own tables keep
// TablePrefix.
func (w WordPress) SitePrefix() string {
	if w.Multisite && w.BlogID > 1 {
		return w.TablePrefix + strconv.FormatInt(w.BlogID, 10) + "_"
	}
	return w.TablePrefix
}
