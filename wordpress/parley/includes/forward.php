<?php
/**
 * Sends Parley's addresses on to Parley, for sites whose web server cannot be told to.
 * Where the web server does it, none of these requests gets here.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/** The most bytes of a body; Parley itself takes less. */
const PARLEY_BODY_BYTES = 1048576;

/** Marks a forwarded request, so that a wrong address cannot make a loop. */
const PARLEY_MARK = 'X-Parley-Forwarded';

/** Cookie of members who asked for the pages that need no JavaScript. */
const PARLEY_PLAIN_COOKIE = 'parley_plain';

/**
 * Answers the request and ends it, when it is one for Parley.
 */
function parley_forward() {
	if ( ! isset( $_SERVER['REQUEST_URI'], $_SERVER['REQUEST_METHOD'] ) || 'cli' === PHP_SAPI || 'phpdbg' === PHP_SAPI ) {
		return;
	}
	$settings = parley_settings();
	if ( empty( $settings['forward'] ) ) {
		return;
	}
	// Handed on as it came: what it means is for Parley to say.
	// phpcs:disable WordPress.Security.ValidatedSanitizedInput
	$uri    = (string) $_SERVER['REQUEST_URI'];
	$method = strtoupper( (string) $_SERVER['REQUEST_METHOD'] );
	// phpcs:enable
	if ( '' === $uri || '/' !== $uri[0] || preg_match( '/[^\x21-\x7e\x80-\xff]/', $uri ) || ! preg_match( '/^[A-Z]{1,16}$/', $method ) ) {
		return;
	}
	$route = parley_route_of( $uri );
	if ( preg_match( '#^/parley/v1/stream/?$#i', $route ) ) {
		// Everybody connected would keep a PHP process. The inbox asks now and then instead.
		parley_refuse_json( 404, 'rest_no_route', __( 'The web server does not hand the stream of events on to Parley.', 'parley' ) );
	}
	if ( '' !== $route ) {
		$mine = preg_match( '#^/(jetonomy/v1/(conversations|messaging)|parley/v1)(/|$)#i', $route )
			|| ( ! empty( $settings['forward_buddypress'] ) && preg_match( '#^/buddypress/v[12]/messages(/|$)#i', $route ) );
		if ( $mine ) {
			parley_forward_to_service( $method, parley_plain_prefix( $uri ), 'parley_refuse_json' );
		}
		return;
	}
	if ( parley_is_own_page( $uri, $method, 'own' === $settings['page'] ) ) {
		parley_forward_to_service( $method, $uri, 'parley_refuse_text' );
	}
}

/**
 * Path of the site's address: '' or '/blog'.
 *
 * @return string
 */
function parley_home_path() {
	return rtrim( (string) wp_parse_url( (string) get_option( 'home' ), PHP_URL_PATH ), '/' );
}

/**
 * The path of a request below the site's address, decoded.
 *
 * @param string $uri Path and query.
 * @return string|null null when it is not below it.
 */
function parley_path_of( $uri ) {
	$path = rawurldecode( explode( '?', $uri, 2 )[0] );
	$home = parley_home_path();
	if ( '' !== $home ) {
		if ( 0 !== strpos( $path . '/', $home . '/' ) ) {
			return null;
		}
		$path = (string) substr( $path, strlen( $home ) );
	}
	return '/' . ltrim( $path, '/' );
}

/**
 * The REST route a request asks for, as WordPress finds it.
 *
 * @param string $uri Path and query.
 * @return string With a slash before it, or '' when it asks for none.
 */
function parley_route_of( $uri ) {
	$path = parley_path_of( $uri );
	if ( null === $path ) {
		return '';
	}
	$prefix = '/' . trim( rest_get_url_prefix(), '/' ) . '/';
	$rest   = 0 === strpos( $path, '/index.php/' ) ? (string) substr( $path, strlen( '/index.php' ) ) : $path;
	if ( 0 === strpos( $rest, $prefix ) ) {
		return '/' . ltrim( (string) substr( $rest, strlen( $prefix ) ), '/' );
	}
	// phpcs:disable WordPress.Security -- compared with what is known, and handed on.
	if ( in_array( $path, array( '/', '/index.php' ), true ) && isset( $_GET['rest_route'] ) && is_string( $_GET['rest_route'] ) ) {
		return '/' . ltrim( $_GET['rest_route'], '/' );
	}
	// phpcs:enable
	return '';
}

/**
 * Spells the prefix of the REST interface as Parley knows it, on sites that changed it.
 *
 * @param string $uri Path and query.
 * @return string
 */
function parley_plain_prefix( $uri ) {
	$prefix = trim( rest_get_url_prefix(), '/' );
	if ( 'wp-json' === $prefix ) {
		return $uri;
	}
	return (string) preg_replace( '#^((?:[^?]*?/)?)' . preg_quote( $prefix, '#' ) . '/#', '$1wp-json/', $uri, 1 );
}

/**
 * Whether a request is for one of the pages Parley makes itself, which need no
 * JavaScript: its files, its forms, and everything for members who chose them.
 *
 * @param string $uri    Path and query.
 * @param string $method HTTP method.
 * @param bool   $always Whether the theme makes none.
 * @return bool
 */
function parley_is_own_page( $uri, $method, $always ) {
	$inbox = '/' . parley_inbox_path() . '/';
	$path  = (string) parley_path_of( $uri );
	if ( 0 !== strpos( $path . '/', $inbox ) ) {
		return false;
	}
	if ( $always ) {
		return true;
	}
	$rest = (string) substr( $path, strlen( $inbox ) );
	if ( 'POST' === $method || 0 === strpos( $rest, 'assets/' ) || 'nonce' === $rest ) {
		return true;
	}
	// phpcs:disable WordPress.Security -- a choice of how to see one's own messages.
	$chosen = isset( $_GET['plain'] ) ? '1' === $_GET['plain'] : ! empty( $_COOKIE[ PARLEY_PLAIN_COOKIE ] );
	// phpcs:enable
	return $chosen;
}

/**
 * Hands the request to Parley and Parley's answer back, and ends.
 *
 * @param string   $method HTTP method.
 * @param string   $target Path and query.
 * @param callable $refuse Says to the visitor why not: status, code, message.
 */
function parley_forward_to_service( $method, $target, $refuse ) {
	if ( isset( $_SERVER['HTTP_X_PARLEY_FORWARDED'] ) ) {
		$refuse( 508, 'parley_loop', 'The address of Parley in the settings leads back to this site.' );
	}
	if ( isset( $_SERVER['CONTENT_LENGTH'] ) && (int) $_SERVER['CONTENT_LENGTH'] > PARLEY_BODY_BYTES ) {
		$refuse( 413, 'parley_body_too_large', 'That is too long to send.' );
	}
	list( $headers, $body ) = parley_incoming();

	$answer = parley_request( parley_service_url(), $method, $target, $headers, $body );
	if ( is_string( $answer ) ) {
		$refuse( 503, 'parley_unavailable', 'Messages are unavailable for a moment. Please try again.' );
	}
	parley_hand_back( $method, $answer );
	exit;
}

/**
 * The visitor's headers, without those that are for this connection only, and body.
 *
 * @return array Header lines, and the body.
 */
function parley_incoming() {
	// phpcs:disable WordPress.Security -- handed on as it came.
	$sent = array();
	foreach ( $_SERVER as $name => $value ) {
		if ( is_string( $value ) && 0 === strpos( $name, 'HTTP_' ) ) {
			$sent[ str_replace( '_', '-', strtolower( (string) substr( $name, 5 ) ) ) ] = $value;
		}
	}
	// Some servers keep the password to themselves, or rename it on the way.
	if ( ! isset( $sent['authorization'] ) && isset( $_SERVER['REDIRECT_HTTP_AUTHORIZATION'] ) ) {
		$sent['authorization'] = (string) $_SERVER['REDIRECT_HTTP_AUTHORIZATION'];
	} elseif ( ! isset( $sent['authorization'] ) && isset( $_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW'] ) ) {
		$sent['authorization'] = 'Basic ' . base64_encode( $_SERVER['PHP_AUTH_USER'] . ':' . $_SERVER['PHP_AUTH_PW'] );
	}
	$host = isset( $sent['host'] ) ? $sent['host'] : (string) wp_parse_url( (string) get_option( 'home' ), PHP_URL_HOST );
	$path = isset( $sent['x-forwarded-for'] ) ? $sent['x-forwarded-for'] . ', ' : '';
	$path = $path . ( isset( $_SERVER['REMOTE_ADDR'] ) ? $_SERVER['REMOTE_ADDR'] : '' );
	$type = isset( $_SERVER['CONTENT_TYPE'] ) ? (string) $_SERVER['CONTENT_TYPE'] : '';
	$body = (string) file_get_contents( 'php://input', false, null, 0, PARLEY_BODY_BYTES );
	if ( 0 === stripos( $type, 'multipart/form-data' ) ) { // PHP has taken it apart already.
		$type = 'application/x-www-form-urlencoded';
		$body = http_build_query( $_POST );
	}
	// phpcs:enable

	foreach ( parley_hop_headers( isset( $sent['connection'] ) ? $sent['connection'] : '' ) as $name ) {
		unset( $sent[ $name ] );
	}
	foreach ( array( 'host', 'content-type', 'content-length', 'expect', 'proxy', 'forwarded', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host' ) as $name ) {
		unset( $sent[ $name ] );
	}
	$sent['host']                    = $host;
	$sent['x-forwarded-for']         = $path;
	$sent['x-forwarded-proto']       = is_ssl() ? 'https' : 'http';
	$sent['x-forwarded-host']        = $host;
	$sent[ strtolower( PARLEY_MARK ) ] = '1';
	if ( '' !== $type ) {
		$sent['content-type'] = $type;
	}
	if ( '' !== $body || isset( $_SERVER['CONTENT_LENGTH'] ) ) {
		$sent['content-length'] = (string) strlen( $body );
	}
	$lines = array();
	foreach ( $sent as $name => $value ) {
		if ( ! preg_match( '/[\r\n\0]/', $value ) && preg_match( '/^[a-z0-9-]+$/', $name ) ) {
			$lines[] = $name . ': ' . $value;
		}
	}
	return array( $lines, $body );
}

/**
 * Names of the headers that are for one connection only (RFC 9110, 7.6.1).
 *
 * @param string $connection Value of the header Connection.
 * @return string[] In lower case.
 */
function parley_hop_headers( $connection ) {
	$named = array_filter( array_map( 'trim', explode( ',', strtolower( $connection ) ) ) );
	return array_merge( $named, array( 'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade' ) );
}

/**
 * Gives Parley's answer to the visitor.
 *
 * @param string $method HTTP method of the request.
 * @param array  $answer From parley_request().
 */
function parley_hand_back( $method, $answer ) {
	parley_begin_answer();
	$hop = array( 'date' );
	foreach ( array_merge( array( 'connection:' ), $answer['headers'] ) as $line ) {
		if ( 0 === stripos( $line, 'connection:' ) ) {
			$hop = array_merge( $hop, parley_hop_headers( (string) substr( $line, strlen( 'connection:' ) ) ) );
		}
	}
	foreach ( $answer['headers'] as $line ) {
		$name = strtolower( trim( explode( ':', $line, 2 )[0] ) );
		if ( ! in_array( $name, $hop, true ) ) {
			header( $line, false );
		}
	}
	header( 'X-Parley-Via: wordpress' );
	parley_remember_plain_pages();
	// Last: PHP makes 302 of an answer with a Location.
	http_response_code( $answer['status'] );
	if ( 'HEAD' !== $method && ! in_array( $answer['status'], array( 204, 304 ), true ) ) {
		fpassthru( $answer['stream'] );
	}
	fclose( $answer['stream'] );
}

/**
 * Keeps PHP and what has run so far out of the answer.
 */
function parley_begin_answer() {
	while ( ob_get_level() > 0 && ob_end_clean() ) {
		continue;
	}
	header_remove();
	// phpcs:disable WordPress.PHP.IniSet.Risky, WordPress.PHP.NoSilencedErrors.Discouraged -- where it is forbidden the answer still is right, only dressed up.
	@ini_set( 'zlib.output_compression', '0' );
	@ini_set( 'default_charset', '' );
	@ini_set( 'default_mimetype', '' );
	// phpcs:enable
}

/**
 * Keeps the choice of pages without JavaScript until the browser is closed.
 */
function parley_remember_plain_pages() {
	// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- a choice of how to see one's own messages.
	if ( isset( $_GET['plain'] ) ) {
		setcookie(
			PARLEY_PLAIN_COOKIE,
			'1',
			array(
				'path'     => parley_home_path() . '/' . parley_inbox_path() . '/',
				'secure'   => is_ssl(),
				'httponly' => true,
				'samesite' => 'Lax',
			)
		);
	}
}

/**
 * Refuses in the manner of the REST interface, and ends.
 *
 * @param int    $status  HTTP status.
 * @param string $code    Error code.
 * @param string $message What to tell.
 */
function parley_refuse_json( $status, $code, $message ) {
	parley_refuse(
		$status,
		'application/json; charset=UTF-8',
		wp_json_encode(
			array(
				'code'    => $code,
				'message' => $message,
				'data'    => array( 'status' => $status ),
			)
		)
	);
}

/**
 * Refuses a page, and ends.
 *
 * @param int    $status  HTTP status.
 * @param string $code    Error code; not told.
 * @param string $message What to tell.
 */
function parley_refuse_text( $status, $code, $message ) {
	parley_refuse( $status, 'text/plain; charset=UTF-8', $message . "\n" );
}

/**
 * Refuses, and ends.
 *
 * @param int    $status HTTP status.
 * @param string $type   Content type.
 * @param string $body   Body.
 */
function parley_refuse( $status, $type, $body ) {
	parley_begin_answer();
	http_response_code( $status );
	header( 'Content-Type: ' . $type );
	header( 'Cache-Control: no-cache, must-revalidate, max-age=0, no-store, private' );
	header( 'X-Content-Type-Options: nosniff' );
	header( 'X-Parley-Via: wordpress' );
	if ( 503 === $status ) {
		header( 'Retry-After: 5' );
	}
	// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- JSON or plain text, and said to be.
	echo $body;
	exit;
}
