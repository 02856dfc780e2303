<?php
/**
 * The inbox as a page of the theme at /community/messages/.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/**
 * The rewrite rules.
 *
 * @return array Query by pattern.
 */
function parley_rules() {
	$path = preg_quote( parley_inbox_path(), '#' );
	return array(
		'^' . $path . '/?$'           => 'index.php?parley_inbox=1',
		'^' . $path . '/new/?$'       => 'index.php?parley_inbox=1',
		'^' . $path . '/([0-9]+)/?$' => 'index.php?parley_inbox=1&parley_conversation=$matches[1]',
	);
}

/**
 * Adds the rules to those WordPress is about to use or to write down.
 */
function parley_add_rules() {
	foreach ( parley_rules() as $pattern => $query ) {
		add_rewrite_rule( $pattern, $query, 'top' );
	}
}
add_action( 'init', 'parley_add_rules' );

/**
 * Takes the rules out again.
 */
function parley_remove_rules() {
	global $wp_rewrite;
	foreach ( array_keys( parley_rules() ) as $pattern ) {
		unset( $wp_rewrite->extra_rules_top[ $pattern ] );
	}
}

/**
 * Writes the rules down when they are not there yet: after the slug was changed, or on
 * a site of a network that activated the plugin for all.
 */
function parley_renew_rules() {
	$written = get_option( 'rewrite_rules' );
	if ( is_array( $written ) && $written && array_diff_key( parley_rules(), $written ) ) {
		flush_rewrite_rules( false );
	}
}
add_action( 'wp_loaded', 'parley_renew_rules' );

/**
 * Makes the two query variables known.
 *
 * @param array $vars Names of query variables.
 * @return array
 */
function parley_query_vars( $vars ) {
	$vars[] = 'parley_inbox';
	$vars[] = 'parley_conversation';
	return $vars;
}
add_filter( 'query_vars', 'parley_query_vars' );

/**
 * Whether the page asked for is the inbox.
 *
 * @return bool
 */
function parley_is_inbox() {
	global $wp_query;
	return $wp_query instanceof WP_Query && (bool) $wp_query->get( 'parley_inbox' );
}

/**
 * The conversation that is asked for.
 *
 * @return int 0 for none.
 */
function parley_asked_conversation() {
	return (int) get_query_var( 'parley_conversation' );
}

/**
 * Title of the page.
 *
 * @return string
 */
function parley_page_title() {
	return __( 'Messages', 'parley' );
}

/**
 * Makes the main query that of a page, not of the blog.
 *
 * @param WP_Query $query The query.
 */
function parley_parse_query( $query ) {
	if ( ! $query->is_main_query() || ! $query->get( 'parley_inbox' ) || $query->get( 'jetonomy_route' ) ) {
		return;
	}
	$query->is_home     = false;
	$query->is_page     = true;
	$query->is_singular = true;
	$query->set( 'cache_results', false );
}
add_action( 'parse_query', 'parley_parse_query' );

/**
 * Gives the main query its one post, which is nowhere in the database.
 *
 * @param WP_Post[]|null $posts Posts of the query so far.
 * @param WP_Query       $query The query.
 * @return WP_Post[]|null
 */
function parley_the_page( $posts, $query ) {
	if ( ! $query->is_main_query() || ! $query->get( 'parley_inbox' ) || $query->get( 'jetonomy_route' ) ) {
		return $posts;
	}
	$now  = current_time( 'mysql' );
	$page = new WP_Post(
		(object) array(
			'ID'                => 0,
			'post_author'       => '0',
			'post_date'         => $now,
			'post_date_gmt'     => current_time( 'mysql', true ),
			'post_modified'     => $now,
			'post_modified_gmt' => current_time( 'mysql', true ),
			'post_title'        => parley_page_title(),
			'post_name'         => 'messages',
			'post_content'      => '<!-- wp:parley/inbox {"align":"wide"} /-->',
			'post_status'       => 'publish',
			'post_type'         => 'page',
			'comment_status'    => 'closed',
			'ping_status'       => 'closed',
			'comment_count'     => 0,
			'filter'            => 'raw',
		)
	);

	$query->found_posts       = 1;
	$query->max_num_pages     = 1;
	$query->queried_object    = $page;
	$query->queried_object_id = 0;
	return array( $page );
}
add_filter( 'posts_pre_query', 'parley_the_page', 10, 2 );

/**
 * Puts the inbox where the theme shows the page's content, and nothing that others
 * add to posts.
 *
 * @param string $content The content.
 * @return string
 */
function parley_the_content( $content ) {
	$post = get_post();
	if ( ! parley_is_inbox() || ! $post || 0 !== (int) $post->ID ) {
		return $content;
	}
	return parley_page_inbox( 'wide' );
}
add_filter( 'the_content', 'parley_the_content', PHP_INT_MAX );

/**
 * The inbox as its own page shows it, with a place in the address bar.
 *
 * @param string $align Alignment in the theme: wide or ''.
 * @return string HTML.
 */
function parley_page_inbox( $align = '' ) {
	return parley_inbox(
		array(
			'base'         => parley_has_pretty_addresses() ? wp_make_link_relative( home_url( '/' . parley_inbox_path() . '/' ) ) : '',
			'conversation' => parley_asked_conversation(),
			'to'           => parley_query_text( 'to' ),
			'align'        => $align,
		)
	);
}

/**
 * Prepares the answer: who is not logged in goes to the login, nobody keeps a copy,
 * and what WordPress says about posts is not said of a page that is none.
 */
function parley_page_redirect() {
	if ( ! parley_is_inbox() ) {
		return;
	}
	parley_no_cache();
	if ( ! is_user_logged_in() ) {
		wp_safe_redirect( wp_login_url( parley_here() ) );
		exit;
	}
	parley_canonical_slash();
	header( 'X-Parley-Via: theme' ); // The status page asks who made the page.
	// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- a choice of how to see one's own messages.
	if ( isset( $_GET['plain'] ) && isset( $_COOKIE[ PARLEY_PLAIN_COOKIE ] ) ) {
		setcookie( PARLEY_PLAIN_COOKIE, '', 1, parley_home_path() . '/' . parley_inbox_path() . '/' );
	}
	add_filter( 'redirect_canonical', '__return_false' );
	add_filter( 'wp_robots', 'wp_robots_no_robots' );
	add_filter( 'pre_get_shortlink', '__return_empty_string' );
	add_filter( 'rest_queried_resource_route', '__return_empty_string' );
	add_filter( 'page_link', 'parley_page_link', 10, 2 );
	add_filter( 'get_edit_post_link', 'parley_no_edit_link', 10, 2 );
	add_filter( 'body_class', 'parley_body_class' );
	remove_action( 'wp_head', 'wp_oembed_add_discovery_links' );
}
add_action( 'template_redirect', 'parley_page_redirect', 1 );

/**
 * Addresses of the inbox end with a slash.
 */
function parley_canonical_slash() {
	$uri  = isset( $_SERVER['REQUEST_URI'] ) ? esc_url_raw( wp_unslash( $_SERVER['REQUEST_URI'] ) ) : '';
	$both = explode( '?', $uri, 2 );
	if ( parley_has_pretty_addresses() && '' !== $both[0] && '/' !== substr( $both[0], -1 ) && 0 === strpos( (string) parley_path_of( $uri ), '/' . parley_inbox_path() ) ) {
		wp_safe_redirect( $both[0] . '/' . ( isset( $both[1] ) ? '?' . $both[1] : '' ), 301 );
		exit;
	}
}

/**
 * The page's address.
 *
 * @param string $link    Address WordPress made.
 * @param int    $post_id Id of the page.
 * @return string
 */
function parley_page_link( $link, $post_id ) {
	return 0 === (int) $post_id ? parley_inbox_url( parley_asked_conversation() ) : $link;
}

/**
 * There is nothing to edit about a page that is not in the database.
 *
 * @param string $link    Address of the editor.
 * @param int    $post_id Id of the post.
 * @return string
 */
function parley_no_edit_link( $link, $post_id ) {
	return 0 === (int) $post_id ? '' : $link;
}

/**
 * Names the page to style sheets.
 *
 * @param string[] $classes Classes of the body.
 * @return string[]
 */
function parley_body_class( $classes ) {
	$classes   = array_diff( $classes, array( 'page-id-0', 'page-parent' ) );
	$classes[] = 'parley-inbox-page';
	return $classes;
}
