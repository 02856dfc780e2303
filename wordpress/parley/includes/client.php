<?php
/**
 * A small HTTP client that changes nothing: no redirect is followed, nothing is
 * unpacked, no header is rewritten. WordPress's own does all of that.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/** Seconds a connection may take, and the wait for each part of an answer. */
const PARLEY_CONNECT_SECONDS = 2;
const PARLEY_ANSWER_SECONDS  = 20;

/** The most bytes the head of an answer may have. */
const PARLEY_HEAD_BYTES = 65536;

/**
 * Sends a request to Parley and reads the head of the answer.
 *
 * @param string   $service Address of Parley, from parley_service_url().
 * @param string   $method  HTTP method.
 * @param string   $target  Path and query.
 * @param string[] $headers Header lines without line ends; Connection is added.
 * @param string   $body    Body, may be ''.
 * @param int      $seconds How long to wait for each part of the answer.
 * @return array|string status (int), headers (string[]), stream (resource to read the
 *                      body from and to close); or what went wrong, in English.
 */
function parley_request( $service, $method, $target, $headers, $body = '', $seconds = PARLEY_ANSWER_SECONDS ) {
	$parts = wp_parse_url( $service );
	if ( ! is_array( $parts ) || empty( $parts['host'] ) ) {
		return 'no address';
	}
	$secure = 'https' === $parts['scheme'];
	$port   = isset( $parts['port'] ) ? $parts['port'] : ( $secure ? 443 : 80 );
	$error  = '';
	$number = 0;
	// Its warning would say no more than the two variables do.
	// phpcs:ignore WordPress.PHP.NoSilencedErrors.Discouraged
	$stream = @stream_socket_client( ( $secure ? 'tls://' : 'tcp://' ) . $parts['host'] . ':' . $port, $number, $error, PARLEY_CONNECT_SECONDS );
	if ( ! $stream ) {
		return '' === $error ? 'no connection' : $error;
	}
	stream_set_timeout( $stream, $seconds );
	// HTTP/1.0: the answer comes in one piece and the connection ends with it.
	$message = $method . ' ' . $target . " HTTP/1.0\r\n" . implode( "\r\n", $headers ) . "\r\nConnection: close\r\n\r\n" . $body;
	if ( ! parley_write( $stream, $message ) ) {
		fclose( $stream );
		return 'the request could not be sent';
	}
	$head = parley_read_head( $stream );
	if ( is_string( $head ) ) {
		fclose( $stream );
		return $head;
	}
	$head['stream'] = $stream;
	return $head;
}

/**
 * Writes all of a text.
 *
 * @param resource $stream  Where to.
 * @param string   $message The text.
 * @return bool Whether all was taken.
 */
function parley_write( $stream, $message ) {
	while ( '' !== $message ) {
		// phpcs:ignore WordPress.PHP.NoSilencedErrors.Discouraged -- a closed connection is an answer, not a fault of the site.
		$written = @fwrite( $stream, $message );
		if ( ! $written ) {
			return false;
		}
		$message = (string) substr( $message, $written );
	}
	return true;
}

/**
 * Reads the head of an answer.
 *
 * @param resource $stream Where from.
 * @return array|string status and headers, or what went wrong.
 */
function parley_read_head( $stream ) {
	$size    = 0;
	$status  = 0;
	$headers = array();
	while ( true ) {
		$line = fgets( $stream, PARLEY_HEAD_BYTES );
		if ( false === $line ) {
			$meta = stream_get_meta_data( $stream );
			return $meta['timed_out'] ? 'no answer in time' : 'the answer broke off';
		}
		$size += strlen( $line );
		if ( $size > PARLEY_HEAD_BYTES ) {
			return 'the head of the answer is too large';
		}
		$line = rtrim( $line, "\r\n" );
		if ( 0 === $status ) {
			if ( ! preg_match( '#^HTTP/1\.[01] ([1-5][0-9][0-9])( |$)#', $line, $m ) ) {
				return 'the answer is not HTTP';
			}
			$status = (int) $m[1];
		} elseif ( '' !== $line ) {
			$headers[] = $line;
		} elseif ( $status < 200 ) { // "go on": the answer proper follows.
			$status  = 0;
			$headers = array();
		} else {
			return array(
				'status'  => $status,
				'headers' => $headers,
			);
		}
	}
}
