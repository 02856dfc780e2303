<?php
/**
 * Plugin Name:       Parley
 * Description:       Private messages of the Parley service inside your theme: the inbox, a Messages link with a live badge, Message buttons, oversight and a status page.
 * Version:           1.0.0
 * Requires at least: 5.9
 * Requires PHP:      7.4
 * License:           MIT
 * Text Domain:       parley
 * Domain Path:       /languages
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

define( 'PARLEY_VERSION', '1.0.0' );
define( 'PARLEY_FILE', __FILE__ );
define( 'PARLEY_DIR', __DIR__ . '/' );

require PARLEY_DIR . 'includes/settings.php';
require PARLEY_DIR . 'includes/address.php';
require PARLEY_DIR . 'includes/client.php';
require PARLEY_DIR . 'includes/forward.php';

// Ends the request here when it is one for Parley: before other plugins, the theme
// and WordPress's own work, so that it costs as little as it can.
parley_forward();

require PARLEY_DIR . 'includes/lifecycle.php';
require PARLEY_DIR . 'includes/embed.php';
require PARLEY_DIR . 'includes/page.php';
require PARLEY_DIR . 'includes/badge.php';
require PARLEY_DIR . 'includes/button.php';
require PARLEY_DIR . 'includes/jetonomy.php';
require PARLEY_DIR . 'includes/buddypress.php';
if ( is_admin() ) {
	require PARLEY_DIR . 'includes/admin.php';
	require PARLEY_DIR . 'includes/status.php';
}

register_activation_hook( __FILE__, 'parley_activate' );
register_deactivation_hook( __FILE__, 'parley_deactivate' );
