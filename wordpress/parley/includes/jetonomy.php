<?php
/**
 * Jetonomy: its navigation, its frame around the inbox, its links and its app. Nothing
 * here happens on a site without it.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/**
 * Whether Jetonomy Pro's own messaging is on: then its addresses are not ours.
 *
 * @return bool
 */
function parley_has_rival() {
	$extensions = get_option( 'jetonomy_pro_extensions' );
	return defined( 'JETONOMY_PRO_VERSION' ) && is_array( $extensions ) && in_array( 'private-messaging', $extensions, true );
}

/**
 * Adds the two routes of messages: Jetonomy shows its links to them only then, and
 * draws its frame around the template.
 *
 * @param array $map Template by route.
 * @return array
 */
function parley_template_map( $map ) {
	if ( is_array( $map ) && ! parley_has_rival() ) {
		$map['messages']     = PARLEY_DIR . 'templates/jetonomy-messages.php';
		$map['conversation'] = PARLEY_DIR . 'templates/jetonomy-messages.php';
	}
	return $map;
}
add_filter( 'jetonomy_template_map', 'parley_template_map' );

/**
 * Has the inbox drawn by Jetonomy where it is there, so that its navigation is around it.
 *
 * @param array $vars Query variables of the request.
 * @return array
 */
function parley_jetonomy_vars( $vars ) {
	$routes = array( 'messages', 'conversation' );
	if ( ! empty( $vars['parley_inbox'] ) && defined( 'JETONOMY_VERSION' ) && ! parley_has_rival() ) {
		$conversation           = isset( $vars['parley_conversation'] ) ? (int) $vars['parley_conversation'] : 0;
		$vars['jetonomy_route'] = $routes[ $conversation > 0 ? 1 : 0 ];
		$vars['jetonomy_slug']  = $conversation > 0 ? (string) $conversation : '';
	} elseif ( isset( $vars['jetonomy_route'] ) && in_array( $vars['jetonomy_route'], $routes, true ) && ! parley_has_rival() ) {
		// Rules that Jetonomy keeps for its Pro version.
		$vars['parley_inbox']        = '1';
		$vars['parley_conversation'] = isset( $vars['jetonomy_slug'] ) ? $vars['jetonomy_slug'] : '';
	}
	return $vars;
}
add_filter( 'request', 'parley_jetonomy_vars', 5 );

/**
 * Title of the page in Jetonomy's frame, which knows none for this route.
 *
 * @param array $parts Parts of the document's title.
 * @return array
 */
function parley_title_parts( $parts ) {
	if ( ! parley_is_inbox() ) {
		return $parts;
	}
	return array(
		'title' => parley_page_title(),
		'site'  => get_bloginfo( 'name', 'display' ),
	);
}
add_filter( 'document_title_parts', 'parley_title_parts', 20 );

/**
 * Prints the Messages link in Jetonomy's navigation.
 */
function parley_jetonomy_link() {
	if ( ! is_user_logged_in() || parley_has_rival() ) {
		return;
	}
	printf(
		'<a href="%1$s" class="parley-nav-link%2$s" title="%3$s"%4$s>%5$s<span class="jt-nav-label">%6$s</span>%7$s</a>',
		esc_url( parley_inbox_url() ),
		parley_is_inbox() ? ' active' : '',
		esc_attr__( 'Messages', 'parley' ),
		parley_is_inbox() ? ' aria-current="page"' : '',
		'<svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" aria-hidden="true"><path d="M21 12a8 8 0 0 1-8 8H4l2.2-3.1A8 8 0 1 1 21 12z"/></svg>',
		esc_html__( 'Messages', 'parley' ),
		parley_badge() // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- fixed HTML.
	);
}
add_action( 'jetonomy_header_nav_items', 'parley_jetonomy_link' );

/**
 * Address of what a notification is about.
 *
 * @param string $url         Address so far.
 * @param string $object_type What it is about.
 * @param int    $object_id   Its id.
 * @return string
 */
function parley_deep_link( $url, $object_type = '', $object_id = 0 ) {
	return in_array( $object_type, array( 'message', 'conversation' ), true ) && ! parley_has_rival() ? parley_inbox_url( (int) $object_id ) : $url;
}
add_filter( 'jetonomy_notification_deep_link', 'parley_deep_link', 10, 3 );

/**
 * Shows the app that there are messages. Whether the app may be used at all is not
 * this plugin's to say.
 *
 * @param array $config What the app is told.
 * @return array
 */
function parley_app_config( $config ) {
	if ( is_array( $config ) ) {
		$config['features']              = isset( $config['features'] ) ? (array) $config['features'] : array();
		$config['features']['messaging'] = true;
	}
	return $config;
}
add_filter( 'jetonomy_app_config', 'parley_app_config' );
