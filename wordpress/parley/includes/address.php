<?php
/**
 * Addresses of the inbox.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/**
 * The community's slug: Jetonomy's, or "community".
 *
 * @return string Without slashes around it.
 */
function parley_base_slug() {
	$jetonomy = get_option( 'jetonomy_settings' );
	$slug     = is_array( $jetonomy ) && ! empty( $jetonomy['base_slug'] ) && is_string( $jetonomy['base_slug'] ) ? $jetonomy['base_slug'] : 'community';
	/**
	 * Filters the slug below which the inbox is. Parley must know the same one (its
	 * setting web.slug). Add this filter in a plugin: it is asked before themes load.
	 *
	 * @param string $slug The slug.
	 */
	$slug = trim( (string) apply_filters( 'parley_base_slug', $slug ), '/' );
	return '' === $slug ? 'community' : $slug;
}

/**
 * Path of the inbox below the site's address.
 *
 * @return string Such as "community/messages", without slashes around it.
 */
function parley_inbox_path() {
	return parley_base_slug() . '/messages';
}

/**
 * Whether addresses like /community/messages/ reach WordPress at all.
 *
 * @return bool
 */
function parley_has_pretty_addresses() {
	return '' !== (string) get_option( 'permalink_structure' );
}

/**
 * Address of the inbox, or of a conversation.
 *
 * @param int $conversation Id of a conversation; 0 for the list.
 * @return string
 */
function parley_inbox_url( $conversation = 0 ) {
	$conversation = (int) $conversation;
	if ( parley_has_pretty_addresses() ) {
		$url = home_url( '/' . parley_inbox_path() . '/' . ( $conversation > 0 ? $conversation . '/' : '' ) );
	} else {
		$url = home_url( '/?parley_inbox=1' . ( $conversation > 0 ? '&parley_conversation=' . $conversation : '' ) );
	}
	/**
	 * Filters the address of the inbox, for sites that keep it on a page of their own.
	 *
	 * @param string $url          The address.
	 * @param int    $conversation Id of a conversation, or 0.
	 */
	return (string) apply_filters( 'parley_inbox_url', $url, $conversation );
}

/**
 * Address that opens a new message to a member.
 *
 * @param int $user_id The member to write to.
 * @return string '' when there is no such member.
 */
function parley_message_url( $user_id ) {
	$user = get_userdata( (int) $user_id );
	$url  = $user ? add_query_arg( 'to', rawurlencode( $user->user_login ), parley_inbox_url() ) : '';
	/**
	 * Filters the address that opens a new message to a member.
	 *
	 * @param string $url     The address, '' when there is no such member.
	 * @param int    $user_id The member to write to.
	 */
	return (string) apply_filters( 'parley_message_url', $url, (int) $user_id );
}
