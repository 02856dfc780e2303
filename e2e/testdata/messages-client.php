<?php
// Puts a client of BuddyPress's messages interface on one page of the site.

add_action(
	'wp_enqueue_scripts',
	function () {
		if ( is_page( 'messages-client' ) ) {
			wp_enqueue_script( 'messages-client', plugins_url( 'messages-client.js', __FILE__ ), array( 'wp-api-request' ), '1', true );
		}
	}
);
