package wpsite

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// DefaultWordPressDir is where Debian's package keeps WordPress.
const DefaultWordPressDir = "/usr/share/wordpress"

//go:embed install.php
var installPHP string

// copyWordPress copies the tree, following links: Debian's package links scripts
// to other packages, and WordPress finds its own place by resolving links.
func (s *Site) copyWordPress() error {
	if _, err := os.Stat(filepath.Join(s.opts.WordPressDir, "wp-load.php")); err != nil {
		return fmt.Errorf("%s holds no WordPress: %w", s.opts.WordPressDir, err)
	}
	if err := copyTree(s.opts.WordPressDir, s.Dir); err != nil {
		return fmt.Errorf("copy WordPress: %w", err)
	}
	if err := copyTree(filepath.Join(s.opts.Root, "internal/wpsite/theme"),
		filepath.Join(s.Dir, "wp-content/themes/parley-demo")); err != nil {
		return err
	}
	uploads := filepath.Join(s.Dir, "wp-content/uploads")
	if err := os.MkdirAll(uploads, 0o755); err != nil {
		return err
	}
	return s.owner.give(uploads)
}

// copyTree copies files and folders; links that lead nowhere, and a wp-config.php
// of somebody else, are left out.
func copyTree(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		src, dst := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		info, err := os.Stat(src)
		switch {
		case os.IsNotExist(err) || e.Name() == "wp-config.php":
			continue
		case err != nil:
			return err
		case info.IsDir():
			err = copyTree(src, dst)
		case info.Mode().IsRegular():
			err = copyFile(src, dst)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

const (
	databaseName = "wordpress"
	databaseUser = "wordpress"
)

// configPHP is written the way site owners' files look, for Parley reads it too.
func (s *Site) configPHP(databasePassword string) string {
	var b strings.Builder
	b.WriteString("<?php\n")
	define := func(name, value string) { fmt.Fprintf(&b, "define( '%s', %s );\n", name, value) }
	text := func(v string) string { return "'" + v + "'" }
	define("DB_NAME", text(databaseName))
	define("DB_USER", text(databaseUser))
	define("DB_PASSWORD", text(databasePassword))
	define("DB_HOST", text(fmt.Sprintf("127.0.0.1:%d", s.Database.Port())))
	define("DB_CHARSET", text("utf8mb4"))
	define("DB_COLLATE", text(""))
	for _, name := range []string{"AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY",
		"AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"} {
		define(name, text(secret(64)))
	}
	b.WriteString("$table_prefix = 'wp_';\n")
	// Application passwords without https; no calls to the outside, no background jobs.
	define("WP_ENVIRONMENT_TYPE", text("local"))
	define("WP_DEFAULT_THEME", text("parley-demo"))
	define("WP_HTTP_BLOCK_EXTERNAL", "true")
	define("AUTOMATIC_UPDATER_DISABLED", "true")
	if s.opts.Companion { // whatever PHP has to say goes into WordPressLog
		define("WP_DEBUG", "true")
		define("WP_DEBUG_DISPLAY", "false")
		define("WP_DEBUG_LOG", text(s.wordPressLogPath()))
	}
	define("DISABLE_WP_CRON", "true")
	b.WriteString("if ( ! defined( 'ABSPATH' ) ) {\n\tdefine( 'ABSPATH', __DIR__ . '/' );\n}\n" +
		"require_once ABSPATH . 'wp-settings.php';\n")
	return b.String()
}

// installWordPress makes the database and the members through WordPress's own functions.
func (s *Site) installWordPress(ctx context.Context) error {
	password := secret(24)
	root, err := s.DB("")
	if err != nil {
		return err
	}
	defer root.Close()
	for _, q := range []string{
		"CREATE DATABASE " + databaseName + " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci",
		"CREATE USER '" + databaseUser + "'@'127.0.0.1' IDENTIFIED BY '" + password + "'",
		"GRANT ALL ON " + databaseName + ".* TO '" + databaseUser + "'@'127.0.0.1'",
	} {
		if _, err := root.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if s.opts.Companion {
		log := s.wordPressLogPath()
		if err := errors.Join(os.WriteFile(log, nil, 0o644), s.owner.give(log)); err != nil {
			return err
		}
	}
	config := filepath.Join(s.Dir, "wp-config.php")
	if err := os.WriteFile(config, []byte(s.configPHP(password)), 0o640); err != nil {
		return err
	}
	if err := s.owner.give(config); err != nil {
		return err
	}
	s.Members = cast()
	in, err := json.Marshal(map[string]any{"url": s.URL, "members": s.Members})
	if err != nil {
		return err
	}
	out, err := s.runPHP(ctx, installPHP, in)
	if err != nil {
		return fmt.Errorf("install WordPress: %w", err)
	}
	ids := map[string]int64{}
	if err := json.Unmarshal(out, &ids); err != nil {
		return fmt.Errorf("install WordPress: %w: %s", err, out)
	}
	for i, m := range s.Members {
		s.Members[i].ID = ids[m.Login]
	}
	return nil
}

// PHP runs code inside WordPress, with its functions at hand, and returns what it printed.
func (s *Site) PHP(ctx context.Context, code string) (string, error) {
	out, err := s.runPHP(ctx, "<?php require 'wp-load.php';\n"+code, nil)
	return string(out), err
}

// runPHP runs a script in WordPress's folder.
func (s *Site) runPHP(ctx context.Context, script string, stdin []byte) ([]byte, error) {
	f, err := os.CreateTemp(s.tmp, "*.php")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	if _, err := f.WriteString(script); err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	// No mail leaves, and no warning mixes with the answer.
	cmd := exec.CommandContext(ctx, "php", "-d", "sendmail_path=/bin/true", "-d", "display_errors=stderr",
		"-d", "include_path="+s.Dir, f.Name())
	cmd.Dir, cmd.Stdin = s.Dir, bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("php: %w\n%s%s", err, out, stderr.Bytes())
	}
	return out, nil
}
