<?php
/** The usual file. */
// define( 'DB_NAME', 'in a comment' );
# define( 'DB_NAME', 'in another comment' );
define( 'DB_NAME', 'forum' );
define( "DB_USER", "forum_user" );
define('DB_PASSWORD', 'it\'s a \\ "secret" $ok');
define( 'DB_HOST', '127.0.0.1:3307' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_NAME', 'the first definition wins' );

define('AUTH_KEY',         'a1');
define('SECURE_AUTH_KEY',  'a2');
define('LOGGED_IN_KEY',    "tab\there \x41\u{e9}\101 \q");
define('NONCE_KEY',        'a4' . '-' . 'joined');
define('AUTH_SALT',        'put your unique phrase here');
define('SECURE_AUTH_SALT', '');
define('NONCE_SALT',       'a8');

$table_prefix  = 'wpx_';

define( 'WP_DEBUG', false );
define( 'WP_ENVIRONMENT_TYPE', 'local' );
define( 'FORCE_SSL_ADMIN', true );
if ( ! defined( 'WP_HOME' ) ) {
	define( 'WP_HOME', 'https://example.org' );
}
defined( 'WP_SITEURL' ) || define( 'WP_SITEURL', WP_HOME . '/wp' );
if ( defined( 'WP_CLI' ) && WP_CLI ) {
	define( 'COOKIEHASH', 'only on the command line' );
}
if ( isset( $_SERVER['HTTP_X_FORWARDED_PROTO'] ) && 'https' === $_SERVER['HTTP_X_FORWARDED_PROTO'] ) {
	$_SERVER['HTTPS'] = 'on';
}

/* That's all, stop editing! Happy publishing. */
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
define( 'LOGGED_IN_SALT', 'behind the end' );
