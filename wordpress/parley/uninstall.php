<?php
/**
 * Deactivating has taken everything back already; this is for a site of a network
 * that was away then.
 *
 * @package Parley
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

if ( is_multisite() ) {
	foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $parley_site ) {
		switch_to_blog( $parley_site );
		delete_option( 'parley_settings' );
		restore_current_blog();
	}
} else {
	delete_option( 'parley_settings' );
}
