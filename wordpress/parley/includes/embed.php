<?php
/**
 * The inbox as an element: shortcode, block, and the script that makes it live.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/**
 * What every element of Parley's needs to talk to the REST interface.
 *
 * @return array Attributes by name.
 */
function parley_rest_attributes() {
	return array(
		'root'      => wp_make_link_relative( rest_url() ),
		'nonce'     => wp_create_nonce( 'wp_rest' ),
		'nonce-url' => admin_url( 'admin-ajax.php?action=rest-nonce', 'relative' ),
		'lang'      => str_replace( '_', '-', determine_locale() ),
	);
}

/**
 * Whether the inbox is light or dark: most themes are what they are, whatever the
 * visitor's system prefers.
 *
 * @return string "light", "dark", or "" for what the visitor's system prefers.
 */
function parley_color_scheme() {
	/**
	 * Filters whether the inbox is light or dark.
	 *
	 * @param string $scheme "light", "dark", or "" for what the visitor's system prefers.
	 */
	return (string) apply_filters( 'parley_color_scheme', 'light' );
}

/**
 * Writes an element with attributes.
 *
 * @param string   $name       Name of the element.
 * @param string[] $attributes Attributes by name; empty ones are left out.
 * @param string   $inside     HTML to put into it, escaped.
 * @return string
 */
function parley_element( $name, $attributes, $inside = '' ) {
	$html = '<' . $name;
	foreach ( $attributes as $key => $value ) {
		if ( '' !== (string) $value ) {
			$html .= ' ' . $key . '="' . esc_attr( $value ) . '"';
		}
	}
	return $html . '>' . $inside . '</' . $name . '>';
}

/**
 * The inbox of whoever looks.
 *
 * @param array $args base (path below which the element keeps its place in the address
 *                    bar; '' for none), conversation (id), to (login), align (wide, full).
 * @return string HTML.
 */
function parley_inbox( $args = array() ) {
	$args = array_merge(
		array(
			'base'         => '',
			'conversation' => 0,
			'to'           => '',
			'align'        => '',
		),
		$args
	);
	wp_enqueue_style( 'parley' );
	$class = 'parley-inbox' . ( in_array( $args['align'], array( 'wide', 'full' ), true ) ? ' align' . $args['align'] : '' );
	if ( ! is_user_logged_in() ) {
		return '<div class="' . esc_attr( $class ) . '"><p>' . sprintf(
			/* translators: %s: link "Log in". */
			esc_html__( 'Please sign in to use this. %s', 'parley' ),
			'<a href="' . esc_url( wp_login_url( parley_here() ) ) . '">' . esc_html__( 'Log in', 'parley' ) . '</a>'
		) . '</p></div>';
	}
	wp_enqueue_script( 'parley-inbox' );
	$element = parley_element(
		'parley-inbox',
		parley_rest_attributes() + array(
			'base'         => $args['base'],
			'conversation' => $args['conversation'] > 0 ? (string) (int) $args['conversation'] : '',
			'to'           => $args['to'],
			'scheme'       => parley_color_scheme(),
		),
		parley_fallback()
	);
	return '<div class="' . esc_attr( $class ) . '">' . $element . '</div>';
}

/**
 * What is there until the script has made the inbox, and stays where none runs.
 *
 * @return string HTML.
 */
function parley_fallback() {
	$settings = parley_settings();
	$loading  = '<p class="parley-loading">' . esc_html__( 'Loading messages…', 'parley' ) . '</p>';
	if ( empty( $settings['forward'] ) || ! parley_has_pretty_addresses() ) {
		return $loading . '<noscript><p>' . esc_html__( 'Messages need JavaScript on this page.', 'parley' ) . '</p></noscript>';
	}
	return $loading . '<noscript><p><a href="' . esc_url( add_query_arg( 'plain', '1', home_url( '/' . parley_inbox_path() . '/' ) ) ) . '">' .
		esc_html__( 'Read and write messages without JavaScript', 'parley' ) . '</a></p></noscript>';
}

/**
 * Address of the page that is being looked at.
 *
 * @return string
 */
function parley_here() {
	$uri  = isset( $_SERVER['REQUEST_URI'] ) ? esc_url_raw( wp_unslash( $_SERVER['REQUEST_URI'] ) ) : '/';
	$home = parley_home_path();
	if ( '' !== $home && 0 === strpos( $uri, $home . '/' ) ) {
		$uri = (string) substr( $uri, strlen( $home ) );
	}
	return home_url( $uri );
}

/**
 * A text of the query, such as the login behind ?to=.
 *
 * @param string $name Name of the parameter.
 * @return string
 */
function parley_query_text( $name ) {
	// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- shown to the member, changes nothing.
	$value = isset( $_GET[ $name ] ) ? wp_unslash( $_GET[ $name ] ) : '';
	return is_string( $value ) ? substr( sanitize_text_field( $value ), 0, 200 ) : '';
}

/**
 * The shortcode [parley_inbox].
 *
 * @return string HTML.
 */
function parley_shortcode() {
	return parley_inbox(
		array(
			'conversation' => (int) parley_query_text( 'conversation' ),
			'to'           => parley_query_text( 'to' ),
		)
	);
}

/**
 * The block parley/inbox.
 *
 * @param array $attributes Attributes of the block.
 * @return string HTML.
 */
function parley_block( $attributes ) {
	return parley_inbox(
		array(
			'conversation' => (int) parley_query_text( 'conversation' ),
			'to'           => parley_query_text( 'to' ),
			'align'        => isset( $attributes['align'] ) ? $attributes['align'] : '',
		)
	);
}

/**
 * Registers scripts, styles, shortcode and block.
 */
function parley_register() {
	wp_register_style( 'parley', plugins_url( 'assets/parley.css', PARLEY_FILE ), array(), PARLEY_VERSION );
	// Parley names its files' versions itself.
	// phpcs:disable WordPress.WP.EnqueuedResourceParameters.MissingVersion
	wp_register_script( 'parley-inbox', rest_url( 'parley/v1/assets/inbox.js' ), array(), null, true );
	wp_register_script( 'parley-oversight', rest_url( 'parley/v1/assets/oversight.js' ), array(), null, true );
	// phpcs:enable
	wp_register_script( 'parley-badge', plugins_url( 'assets/badge.js', PARLEY_FILE ), array(), PARLEY_VERSION, true );
	wp_register_script( 'parley-block', plugins_url( 'assets/block.js', PARLEY_FILE ), array( 'wp-blocks', 'wp-element', 'wp-components', 'wp-block-editor', 'wp-i18n' ), PARLEY_VERSION, true );
	wp_set_script_translations( 'parley-block', 'parley', PARLEY_DIR . 'languages' );
	add_shortcode( 'parley_inbox', 'parley_shortcode' );
	register_block_type(
		'parley/inbox',
		array(
			'api_version'     => 2,
			'title'           => __( 'Messages', 'parley' ),
			'description'     => __( 'The private messages of the member who looks at the page.', 'parley' ),
			'category'        => 'widgets',
			'icon'            => 'format-chat',
			'attributes'      => array( 'align' => array( 'type' => 'string' ) ),
			'supports'        => array(
				'align'    => array( 'wide', 'full' ),
				'html'     => false,
				'multiple' => false,
			),
			'editor_script'   => 'parley-block',
			'render_callback' => 'parley_block',
		)
	);
}
add_action( 'init', 'parley_register' );

/**
 * Parley's scripts are modules.
 *
 * @param string $tag    The script element.
 * @param string $handle Handle of the script.
 * @param string $src    Its address.
 * @return string
 */
function parley_module_tag( $tag, $handle, $src ) {
	if ( 'parley-inbox' !== $handle && 'parley-oversight' !== $handle ) {
		return $tag;
	}
	return wp_get_script_tag(
		array(
			'type' => 'module',
			'src'  => esc_url( $src ),
			'id'   => $handle . '-js',
		)
	);
}
add_filter( 'script_loader_tag', 'parley_module_tag', 10, 3 );

/**
 * Keeps a page with the inbox on it out of every cache: it holds a nonce.
 */
function parley_uncached_embed() {
	$post = is_singular() ? get_queried_object() : null;
	if ( $post instanceof WP_Post && ( has_shortcode( $post->post_content, 'parley_inbox' ) || has_block( 'parley/inbox', $post ) ) ) {
		parley_no_cache();
	}
}
add_action( 'template_redirect', 'parley_uncached_embed', 1 );

/**
 * Tells browsers, proxies and caching plugins to keep no copy.
 */
function parley_no_cache() {
	if ( ! defined( 'DONOTCACHEPAGE' ) ) {
		// phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals.NonPrefixedConstantFound -- the name caching plugins agreed on.
		define( 'DONOTCACHEPAGE', true );
	}
	nocache_headers();
	header( 'Cache-Control: no-cache, must-revalidate, max-age=0, no-store, private' );
}
