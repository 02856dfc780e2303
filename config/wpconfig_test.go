package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/config"
)

// load reads the settings with nothing but a wp-config.php.
func load(t *testing.T, wpConfig string) (*config.Config, error) {
	t.Helper()
	t.Setenv("PARLEY_WP_CONFIG", wpConfig)
	return config.Load("", nil)
}

func mustLoad(t *testing.T, wpConfig string) *config.Config {
	t.Helper()
	c, err := load(t, wpConfig)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// php writes a wp-config.php that begins with a complete database.
func php(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wp-config.php")
	head := "<?php\ndefine('DB_NAME','n'); define('DB_USER','u'); define('DB_PASSWORD','p'); define('DB_HOST','h');\n"
	if err := os.WriteFile(path, []byte(head+lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPlainFileIsRead(t *testing.T) {
	c := mustLoad(t, "testdata/plain.php")
	if got, want := c.Database.DSN(t.Context()), `forum_user:it's a \ "secret" $ok@tcp(127.0.0.1:3307)/forum?readTimeout=30s&writeTimeout=30s`; got != want {
		t.Errorf("DSN = %s, want %s", got, want)
	}
	wp := c.WordPress
	wantKeys := map[string]string{
		"AUTH_KEY": "a1", "SECURE_AUTH_KEY": "a2", "LOGGED_IN_KEY": "tab\there Aé" + `A \q`, "NONCE_KEY": "a4-joined",
		"AUTH_SALT": config.SampleSecret, "SECURE_AUTH_SALT": "", "NONCE_SALT": "a8",
	}
	for name, want := range wantKeys {
		if got, ok := wp.Keys[name]; !ok || got != want {
			t.Errorf("%s = %q, %v, want %q", name, got, ok, want)
		}
	}
	if len(wp.Keys) != len(wantKeys) {
		t.Errorf("Keys = %v", wp.Keys)
	}
	if wp.TablePrefix != "wpx_" || c.SchemaPrefix != "wpx_parley_" {
		t.Errorf("prefixes %q, %q", wp.TablePrefix, c.SchemaPrefix)
	}
	if wp.Home != "https://example.org" || wp.SiteURL != "https://example.org/wp" || wp.CookieHash != "" {
		t.Errorf("home %q, site URL %q, cookie hash %q", wp.Home, wp.SiteURL, wp.CookieHash)
	}
	if wp.EnvironmentType != "local" || !wp.ForceSSLAdmin || wp.Multisite || wp.BlogID != 1 {
		t.Errorf("%+v", wp.EnvironmentType)
	}
}

func TestContainerImageTakesTheEnvironment(t *testing.T) {
	c := mustLoad(t, "testdata/docker.php")
	if got, want := c.Database.DSN(t.Context()), "example username:example password@tcp(mysql:3306)/wordpress"; !strings.HasPrefix(got, want) {
		t.Errorf("without environment: %s", got)
	}
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WORDPRESS_DB_NAME", "shop")
	t.Setenv("WORDPRESS_DB_HOST", "database:3310")
	t.Setenv("WORDPRESS_DB_PASSWORD_FILE", password)
	t.Setenv("WORDPRESS_TABLE_PREFIX", "shop_")
	t.Setenv("WORDPRESS_CONFIG_EXTRA", "define('WP_HOME', 'http://example.org'); define('WP_ENVIRONMENT_TYPE', \"local\");")
	c = mustLoad(t, "testdata/docker.php")
	if got, want := c.Database.DSN(t.Context()), "example username:from a file@tcp(database:3310)/shop"; !strings.HasPrefix(got, want) {
		t.Errorf("with environment: %s", got)
	}
	if c.WordPress.TablePrefix != "shop_" || c.WordPress.Home != "http://example.org" || c.WordPress.EnvironmentType != "local" {
		t.Errorf("prefix %q, home %q, environment %q", c.WordPress.TablePrefix, c.WordPress.Home, c.WordPress.EnvironmentType)
	}
}

func TestDebianSiteFileIsRead(t *testing.T) {
	c := mustLoad(t, "testdata/debian-site.php")
	if c.WordPress.TablePrefix != "wp_" || c.WordPress.Keys["SECRET_KEY"] != "old-key" {
		t.Errorf("prefix %q, keys %d", c.WordPress.TablePrefix, len(c.WordPress.Keys))
	}
}

func TestDebianMasterFileNamesTheSiteFiles(t *testing.T) {
	dir := t.TempDir()
	config.SetDebianConfigs(t, filepath.Join(dir, "config-*.php"))
	site, err := os.ReadFile("testdata/debian-site.php")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"config-a.example.php", "config-b.example.php"} {
		if err := os.WriteFile(filepath.Join(dir, name), site, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := load(t, "testdata/debian-master.php"); err == nil || !strings.Contains(err.Error(), "config-b.example.php") || !strings.Contains(err.Error(), "PARLEY_WP_CONFIG") {
		t.Errorf("two sites: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "config-b.example.php")); err != nil {
		t.Fatal(err)
	}
	if c := mustLoad(t, "testdata/debian-master.php"); filepath.Base(c.WPConfig) != "config-a.example.php" {
		t.Errorf("one site: %s was read", c.WPConfig)
	}
}

func TestBedrockIsRefusedWithWhatToSet(t *testing.T) {
	_, err := load(t, "testdata/bedrock/web/wp-config.php")
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"Bedrock", "DB_NAME", "PARLEY_DATABASE_DSN", "PARLEY_WORDPRESS_TABLE_PREFIX"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
	t.Setenv("PARLEY_DATABASE_DSN", "u:p@tcp(h:1)/n")
	t.Setenv("PARLEY_WORDPRESS_TABLE_PREFIX", "wp_")
	if c := mustLoad(t, "testdata/bedrock/web/wp-config.php"); c.WordPress.TablePrefix != "wp_" {
		t.Errorf("prefix %q", c.WordPress.TablePrefix)
	}
}

func TestNetworkIsRead(t *testing.T) {
	wp := mustLoad(t, "testdata/network.php").WordPress
	if !wp.Multisite || wp.SubdomainInstall || wp.DomainCurrentSite != "example.org" || wp.PathCurrentSite != "/" || wp.BlogID != 3 {
		t.Errorf("%v %v %q %q %d", wp.Multisite, wp.SubdomainInstall, wp.DomainCurrentSite, wp.PathCurrentSite, wp.BlogID)
	}
	if wp.SitePrefix() != "wp_3_" || wp.UserTable != "wp_people" {
		t.Errorf("site prefix %q, user table %q", wp.SitePrefix(), wp.UserTable)
	}
	if wp.CookieHash != "1bdf72e04d6b50c82a48c7e4dd38cc69" {
		t.Errorf("cookie hash %q", wp.CookieHash)
	}
	if wp.LoggedInCookie != "wordpress_logged_in_"+wp.CookieHash {
		t.Errorf("cookie %q", wp.LoggedInCookie)
	}
	t.Setenv("PARLEY_WORDPRESS_BLOG_ID", "7")
	if wp := mustLoad(t, "testdata/network.php").WordPress; wp.SitePrefix() != "wp_7_" {
		t.Errorf("site prefix %q", wp.SitePrefix())
	}
}

func TestWhatCannotBeReadIsNamedWithItsSetting(t *testing.T) {
	for _, tt := range []struct{ name, lines, constant, reason, setting string }{
		{"heredoc", "define('AUTH_KEY', <<<X\nabc\nX);", "AUTH_KEY", "line 3: a heredoc", "PARLEY_WORDPRESS_AUTH_KEY"},
		{"call", "define('NONCE_SALT', vault_get('x'));", "NONCE_SALT", "the result of vault_get()", "PARLEY_WORDPRESS_NONCE_SALT"},
		{"bare getenv", "define('LOGGED_IN_KEY', getenv('PARLEY_TEST_UNSET'));", "LOGGED_IN_KEY", "PARLEY_TEST_UNSET is not set", "PARLEY_WORDPRESS_LOGGED_IN_KEY"},
		{"bare $_ENV", "define('LOGGED_IN_KEY', $_ENV['PARLEY_TEST_UNSET']);", "LOGGED_IN_KEY", "PARLEY_TEST_UNSET is not set", "PARLEY_WORDPRESS_LOGGED_IN_KEY"},
		{"host of the request", "define('WP_SITEURL', 'http://' . $_SERVER['HTTP_HOST']);", "WP_SITEURL", "differs between requests", "PARLEY_WORDPRESS_SITE_URL"},
		{"interpolation", "define('AUTH_SALT', \"a{$b}\");", "AUTH_SALT", "a variable in it", "PARLEY_WORDPRESS_AUTH_SALT"},
		{"condition", "if ($_SERVER['HTTP_HOST'] == 'a') { define('MULTISITE', true); }", "MULTISITE", "inside a condition", "PARLEY_WORDPRESS_MULTISITE"},
		{"loop", "foreach ($keys as $k) { define('AUTH_KEY', 'x'); }", "AUTH_KEY", "inside a condition", "PARLEY_WORDPRESS_AUTH_KEY"},
		{"prefix", "$table_prefix = 'wp-';", "$table_prefix", "is no table prefix", "PARLEY_WORDPRESS_TABLE_PREFIX"},
		{"encryption", "define('MYSQL_CLIENT_FLAGS', MYSQLI_CLIENT_SSL);", "MYSQL_CLIENT_FLAGS", "encrypted", "database.dsn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, php(t, tt.lines))
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range []string{tt.constant, tt.reason, tt.setting} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a sentence: %v", err)
			}
		})
	}
}

func TestSettingGoesBeforeWhatCannotBeRead(t *testing.T) {
	t.Setenv("PARLEY_WORDPRESS_SITE_URL", "https://example.org")
	c := mustLoad(t, php(t, "define('WP_SITEURL', 'http://' . $_SERVER['HTTP_HOST']);"))
	if c.WordPress.SiteURL != "https://example.org" {
		t.Errorf("site URL %q", c.WordPress.SiteURL)
	}
}

func TestMissingDatabaseConstantIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wp-config.php")
	if err := os.WriteFile(path, []byte("<?php define('DB_NAME', 'x'); require '/nonexistent/db.php';"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := load(t, path)
	for _, part := range []string{"DB_USER", "DB_PASSWORD", "/nonexistent/db.php", "PARLEY_DATABASE_DSN"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
}

func TestAbsentFileIsNamed(t *testing.T) {
	_, err := load(t, "/nonexistent/wp-config.php")
	if err == nil || !strings.Contains(err.Error(), "/nonexistent/wp-config.php") || !strings.Contains(err.Error(), "PARLEY_WP_CONFIG") {
		t.Error(err)
	}
}
