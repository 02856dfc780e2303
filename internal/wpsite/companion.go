package wpsite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// InstallCompanion copies the companion plugin into WordPress, activates it as the
// plugins screen does, and tells it where Parley is.
func (s *Site) InstallCompanion(ctx context.Context) error {
	if err := copyTree(filepath.Join(s.opts.Root, "wordpress/parley"),
		filepath.Join(s.Dir, "wp-content/plugins/parley")); err != nil {
		return err
	}
	if err := s.ActivateCompanion(ctx); err != nil {
		return err
	}
	return s.SetCompanion(ctx, "url", "'http://"+s.ParleyAddress()+"'")
}

// wordPressLogPath is where PHP's warnings and notices go when the plugin is there.
func (s *Site) wordPressLogPath() string { return filepath.Join(s.Logs, "wordpress.log") }

// WordPressLog returns what PHP has complained about in WordPress so far.
func (s *Site) WordPressLog() (string, error) {
	b, err := os.ReadFile(s.wordPressLogPath())
	return string(b), err
}

// ActivateCompanion activates the plugin that is installed already.
func (s *Site) ActivateCompanion(ctx context.Context) error {
	return s.wants(ctx, `require ABSPATH . 'wp-admin/includes/plugin.php';
		$failed = activate_plugin( 'parley/parley.php' ); echo is_wp_error( $failed ) ? $failed->get_error_message() : 'done';`)
}

// DeactivateCompanion deactivates it, as the plugins screen does.
func (s *Site) DeactivateCompanion(ctx context.Context) error {
	return s.wants(ctx, `require ABSPATH . 'wp-admin/includes/plugin.php';
		deactivate_plugins( 'parley/parley.php' ); echo is_plugin_active( 'parley/parley.php' ) ? 'still active' : 'done';`)
}

// SetCompanion changes one of the plugin's settings; value is PHP.
func (s *Site) SetCompanion(ctx context.Context, name, value string) error {
	return s.wants(ctx, fmt.Sprintf(`update_option( 'parley_settings', array_merge( parley_default_settings(),
		(array) get_option( 'parley_settings' ), array( '%s' => %s ) ) ); echo 'done';`, name, value))
}

// wants runs code that prints "done" when all is well.
func (s *Site) wants(ctx context.Context, code string) error {
	out, err := s.PHP(ctx, code)
	if err == nil && out != "done" {
		err = fmt.Errorf("the companion plugin: %s", out)
	}
	return err
}
