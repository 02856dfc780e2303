package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"parley/config/phptext"
)

// defaultWPConfig is read from the current folder when no setting names a file.
const defaultWPConfig = "wp-config.php"

// debianConfigs is where Debian's wordpress package keeps one file per site.
var debianConfigs = "/etc/wordpress/config-*.php"

// readSite fills in Database and WordPress from the settings and, where these are
// silent, from wp-config.php.
func (c *Config) readSite(get func(string) string) error {
	path := get("wp_config")
	if path == "" {
		if _, err := os.Stat(defaultWPConfig); err == nil {
			path = defaultWPConfig
		}
	}
	w := &wpReader{get: get}
	if path != "" {
		if err := w.open(path); err != nil {
			return err
		}
		c.WPConfig = w.path
	} else if c.Database.dsn == "" {
		return errors.New("no database is known: set wp_config (--wp-config, PARLEY_WP_CONFIG) to the site's wp-config.php, or database.dsn (PARLEY_DATABASE_DSN)")
	}
	c.readDatabase(w)
	c.readWordPress(w)
	return w.err()
}

func (c *Config) readDatabase(w *wpReader) {
	if c.Database.dsn != "" {
		return
	}
	const setting = "database.dsn"
	d := &c.Database
	d.name = w.required("DB_NAME", setting)
	d.user = w.required("DB_USER", setting)
	d.password = w.required("DB_PASSWORD", setting)
	d.Charset = w.constant("DB_CHARSET", setting)
	host, ok := w.defined("DB_HOST", setting)
	if !ok {
		host = "localhost"
	}
	var err error
	if d.endpoints, err = parseHost(host); err != nil {
		w.problem("DB_HOST", fmt.Sprintf("%q %v", host, err), setting)
	}
	if v, ok := w.result().Constant("MYSQL_CLIENT_FLAGS"); ok && v.Text() != "0" {
		w.problem("MYSQL_CLIENT_FLAGS", "how the connection is encrypted is not read", "database.dsn, with tls=true in it,")
	}
}

func (c *Config) readWordPress(w *wpReader) {
	wp := &c.WordPress
	wp.TablePrefix = w.tablePrefix()
	wp.Keys = map[string]string{}
	for _, name := range SecretNames {
		setting := "wordpress." + strings.ToLower(name)
		if _, exists := lookup(setting); !exists {
			setting = "" // SECRET_KEY, SECRET_SALT
		}
		if v, ok := w.defined(name, setting); ok {
			wp.Keys[name] = v
		}
	}
	wp.SiteURL = w.constant("WP_SITEURL", "wordpress.site_url")
	wp.Home = w.constant("WP_HOME", "wordpress.home")
	wp.CookieHash = w.constant("COOKIEHASH", "wordpress.cookie_hash")
	wp.LoggedInCookie = w.cookie(wp, "LOGGED_IN_COOKIE", "wordpress.logged_in_cookie")
	wp.AuthCookie = w.cookie(wp, "AUTH_COOKIE", "wordpress.auth_cookie")
	wp.SecureAuthCookie = w.cookie(wp, "SECURE_AUTH_COOKIE", "wordpress.secure_auth_cookie")
	wp.UserTable = w.constant("CUSTOM_USER_TABLE", "wordpress.user_table")
	wp.UserMetaTable = w.constant("CUSTOM_USER_META_TABLE", "wordpress.user_meta_table")
	wp.Multisite = w.truth("MULTISITE", "wordpress.multisite")
	wp.BlogID = 1
	if wp.Multisite {
		wp.SubdomainInstall = w.truth("SUBDOMAIN_INSTALL", "")
		wp.DomainCurrentSite = w.constant("DOMAIN_CURRENT_SITE", "")
		wp.PathCurrentSite = w.constant("PATH_CURRENT_SITE", "")
		blog := w.get("wordpress.blog_id")
		if blog == "" {
			blog = w.constant("BLOG_ID_CURRENT_SITE", "wordpress.blog_id")
		}
		if n, err := strconv.ParseInt(blog, 10, 64); err == nil && n > 0 {
			wp.BlogID = n
		}
	}
	wp.EnvironmentType = environmentType(w)
	wp.ForceSSLAdmin = w.truth("FORCE_SSL_ADMIN", "")
}

// environmentType is what wp_get_environment_type() answers: the constant, else the
// environment variable, else production; also for a word WordPress does not know.
func environmentType(w *wpReader) string {
	v := w.constant("WP_ENVIRONMENT_TYPE", "wordpress.environment_type")
	if v == "" {
		v = os.Getenv("WP_ENVIRONMENT_TYPE")
	}
	if !slices.Contains([]string{"local", "development", "staging"}, v) {
		return "production"
	}
	return v
}

// wpReader takes values from the settings first and from wp-config.php second, and
// gathers what could not be read.
type wpReader struct {
	get      func(string) string
	path     string
	res      *phptext.Result
	problems []string
}

// open reads the file, or for Debian's master file the one site file it leads to.
func (w *wpReader) open(path string) error {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	res, err := phptext.Read(path, phptext.Source{Env: os.LookupEnv})
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return fmt.Errorf("the file %s, which wp_config (--wp-config, PARLEY_WP_CONFIG) names, cannot be read: %w", path, err)
	}
	w.path, w.res = path, res
	if _, debian := res.Variable("debian_file"); !debian {
		return nil
	}
	sites, _ := filepath.Glob(debianConfigs) // the pattern is well formed
	if len(sites) != 1 {
		return fmt.Errorf("%s is Debian's, which chooses a file of /etc/wordpress by the address of each visitor: set wp_config (--wp-config, PARLEY_WP_CONFIG) to the file of your site (found: %s)",
			path, orNone(sites))
	}
	return w.open(sites[0])
}

func orNone(items []string) string {
	if len(items) == 0 {
		return "none"
	}
	return strings.Join(items, ", ")
}

func (w *wpReader) result() *phptext.Result {
	if w.res == nil {
		return &phptext.Result{}
	}
	return w.res
}

// defined returns a constant as text, after the setting that goes before it. ok is
// false when neither says anything. A constant that is not readable is noted.
func (w *wpReader) defined(name, setting string) (string, bool) {
	if setting != "" {
		if s, exists := lookup(setting); exists && s.name != "database.dsn" && w.get(setting) != "" {
			return w.get(setting), true
		}
	}
	v, ok := w.result().Constant(name)
	if !ok {
		return "", false
	}
	return w.text(name, setting, v), true
}

func (w *wpReader) text(name, setting string, v phptext.Value) string {
	if v.Reason != "" {
		reason := v.Reason
		if v.Line > 0 {
			reason = fmt.Sprintf("line %d: %s", v.Line, reason)
			if v.Path != w.path {
				reason = v.Path + " " + reason
			}
		}
		w.problem(name, reason, setting)
	}
	return v.Text()
}

func (w *wpReader) constant(name, setting string) string {
	v, _ := w.defined(name, setting)
	return v
}

// required is a constant without which the site could not work either.
func (w *wpReader) required(name, setting string) string {
	v, ok := w.defined(name, setting)
	if !ok && w.res != nil {
		reason := "it is not defined there"
		if n := len(w.res.Notes); n > 0 {
			reason += "; " + w.res.Notes[n-1]
		}
		w.problem(name, reason, setting)
	}
	return v
}

// truth is a constant as PHP takes it for true.
func (w *wpReader) truth(name, setting string) bool {
	if setting != "" && w.get(setting) != "" {
		b, _ := strconv.ParseBool(w.get(setting)) // checked with the settings
		return b
	}
	v, ok := w.result().Constant(name)
	if ok && setting != "" {
		w.text(name, setting, v)
	}
	return ok && v.Truthy()
}

// cookie is the name of a cookie. WordPress's own names are 'wordpress_…' . COOKIEHASH;
// a wp-config.php that spells one so, without knowing the hash, means no other.
func (w *wpReader) cookie(wp *WordPress, name, setting string) string {
	if v, ok := w.result().Constant(name); ok && !v.Known() && v.Reason == "the constant COOKIEHASH" && wp.CookieHash == "" {
		return ""
	}
	return w.constant(name, setting)
}

func (w *wpReader) tablePrefix() string {
	const setting = "wordpress.table_prefix"
	if v := w.get(setting); v != "" {
		return v
	}
	v, ok := w.result().Variable("table_prefix")
	if !ok {
		return DefaultTablePrefix
	}
	text := w.text("$table_prefix", setting, v)
	if v.Reason == "" && (text == "" || prefix(text) != nil) {
		w.problem("$table_prefix", fmt.Sprintf("%q is no table prefix", text), setting)
	}
	return text
}

// problem notes that something could not be read; setting supplies it, "" for what
// Parley can do without.
func (w *wpReader) problem(name, reason, setting string) {
	if setting == "" {
		return
	}
	if s, known := lookup(setting); known {
		setting = fmt.Sprintf("%s (%s)", setting, s.env())
	}
	w.problems = append(w.problems, fmt.Sprintf("%s (%s), set %s", name, reason, setting))
}

// err is one sentence about everything that could not be read.
func (w *wpReader) err() error {
	if len(w.problems) == 0 {
		return nil
	}
	const most = 12
	if len(w.problems) > most {
		w.problems = append(w.problems[:most], "and more")
	}
	hint := ""
	if w.bedrock() {
		hint = " is a Bedrock one, whose settings are in .env and config/application.php; it"
	}
	return fmt.Errorf("%s%s does not say everything: cannot read %s", w.path, hint, strings.Join(w.problems, "; "))
}

// bedrock recognises the wp-config.php of Roots Bedrock by what it includes.
func (w *wpReader) bedrock() bool {
	for _, note := range w.result().Notes {
		if strings.Contains(note, "application.php") || strings.Contains(note, "vendor/autoload.php") {
			return true
		}
	}
	_, err := os.Stat(filepath.Join(filepath.Dir(filepath.Dir(w.path)), "config", "application.php"))
	return err == nil
}
