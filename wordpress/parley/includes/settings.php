<?php
/**
 * The settings: one option, and the constant PARLEY_URL that goes before it.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/** Name of the one option this plugin keeps. */
const PARLEY_OPTION = 'parley_settings';

/**
 * The settings before anybody has saved any.
 *
 * @return array
 */
function parley_default_settings() {
	return array(
		'url'                => 'http://127.0.0.1:8070',
		'forward'            => true,
		'forward_buddypress' => false,
		'page'               => 'theme',
	);
}

/**
 * The settings in force.
 *
 * @return array url (string), forward (bool), forward_buddypress (bool), page (string:
 *               "theme" for the theme's, "own" for Parley's).
 */
function parley_settings() {
	$saved    = get_option( PARLEY_OPTION );
	$settings = array_merge( parley_default_settings(), is_array( $saved ) ? $saved : array() );
	if ( defined( 'PARLEY_URL' ) ) {
		$settings['url'] = PARLEY_URL;
	}
	return $settings;
}

/**
 * Makes the address of a service from what somebody typed: scheme, host and port,
 * nothing behind them.
 *
 * @param mixed $typed What was typed.
 * @return string The address without a slash at the end, or '' when it is none.
 */
function parley_clean_url( $typed ) {
	$parts = is_string( $typed ) ? wp_parse_url( trim( $typed ) ) : false;
	if ( ! is_array( $parts ) || empty( $parts['host'] ) || empty( $parts['scheme'] ) ) {
		return '';
	}
	$scheme = strtolower( $parts['scheme'] );
	$extra  = array_diff_key( $parts, array_flip( array( 'scheme', 'host', 'port', 'path' ) ) );
	if ( $extra || ! in_array( $scheme, array( 'http', 'https' ), true ) || ! in_array( isset( $parts['path'] ) ? $parts['path'] : '', array( '', '/' ), true ) ) {
		return '';
	}
	if ( ! preg_match( '/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)$/', $parts['host'] ) ) {
		return '';
	}
	return $scheme . '://' . $parts['host'] . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
}

/**
 * Where Parley listens.
 *
 * @return string Address without a slash at the end; '' when the setting is none.
 */
function parley_service_url() {
	$settings = parley_settings();
	return parley_clean_url( $settings['url'] );
}
