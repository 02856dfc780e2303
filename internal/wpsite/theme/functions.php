<?php
// Emoji of the system's own: no script from outside.
remove_action( 'wp_head', 'print_emoji_detection_script', 7 );
remove_action( 'wp_print_styles', 'print_emoji_styles' );

// The live badge of the companion plugin, where it is active.
add_filter(
	'parley_badge_selectors',
	function ( $selectors ) {
		$selectors[] = 'main nav a';
		return $selectors;
	}
);
