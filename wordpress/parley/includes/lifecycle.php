<?php
/**
 * Activation, deactivation, and the translation.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/**
 * Keeps the settings where WordPress reads all options at once: one that is not there
 * would cost every request a query.
 */
function parley_activate() {
	add_option( PARLEY_OPTION, parley_default_settings() );
	parley_add_rules();
	flush_rewrite_rules( false );
}

/**
 * Takes everything back, on every site of a network the plugin was active on.
 *
 * @param bool $network_wide Whether it was active on the network.
 */
function parley_deactivate( $network_wide = false ) {
	if ( is_multisite() && $network_wide ) {
		foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $site ) {
			switch_to_blog( $site );
			delete_option( PARLEY_OPTION );
			delete_option( 'rewrite_rules' ); // Made anew when the site is visited next.
			restore_current_blog();
		}
		return;
	}
	delete_option( PARLEY_OPTION );
	parley_remove_rules();
	flush_rewrite_rules( false );
}

/**
 * Loads the translation.
 */
function parley_load_translation() {
	load_plugin_textdomain( 'parley', false, dirname( plugin_basename( PARLEY_FILE ) ) . '/languages' );
}
add_action( 'init', 'parley_load_translation', 1 );
