<?php
/**
 * The live badge beside links to the inbox.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/**
 * A place where the badge's script shows how many conversations are unread.
 *
 * @return string HTML.
 */
function parley_badge() {
	return '<span class="parley-badge" data-parley-badge hidden></span>';
}

/**
 * Loads the badge on the pages members see.
 */
function parley_enqueue_badge() {
	if ( is_user_logged_in() ) {
		wp_enqueue_style( 'parley' );
		wp_enqueue_script( 'parley-badge' );
	}
}
add_action( 'wp_enqueue_scripts', 'parley_enqueue_badge' );

/**
 * Tells the script what it must know, in a form no content security policy minds.
 */
function parley_badge_data() {
	if ( ! wp_script_is( 'parley-badge', 'enqueued' ) && ! wp_script_is( 'parley-badge', 'done' ) ) {
		return;
	}
	/**
	 * Filters which links, if they lead to the inbox, wear the badge: CSS selectors.
	 *
	 * @param string[] $selectors The selectors.
	 */
	$selectors = (array) apply_filters(
		'parley_badge_selectors',
		array(
			'.menu-item > a',
			'.wp-block-navigation-item > a',
			'#item-nav a',
			'.bp-navs a',
			'#wp-admin-bar-my-account-messages > a',
		)
	);
	$data      = parley_rest_attributes();
	$data      = array(
		'url'       => wp_make_link_relative( rest_url( 'jetonomy/v1/conversations/unread-count' ) ),
		'channel'   => 'parley1:' . $data['root'] . ':' . get_current_user_id(),
		'nonce'     => $data['nonce'],
		'nonceUrl'  => $data['nonce-url'],
		'inbox'     => parley_inbox_url(),
		'module'    => rest_url( 'parley/v1/assets/inbox.js' ),
		'selectors' => implode( ', ', array_filter( $selectors, 'is_string' ) ),
		/* translators: %s: number of conversations with unread messages. */
		'unread'    => __( 'unread: %s', 'parley' ),
	);
	echo '<script type="application/json" id="parley-badge-data">' .
		wp_json_encode( $data, JSON_HEX_TAG | JSON_HEX_AMP | JSON_UNESCAPED_SLASHES ) . "</script>\n"; // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- JSON without < > &.
}
add_action( 'wp_footer', 'parley_badge_data', 5 );
