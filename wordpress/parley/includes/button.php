<?php
/**
 * The Message button, for profiles, lists of members and hover cards.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/**
 * A button that opens a new message to a member.
 *
 * @param int $user_id The member to write to.
 * @return string HTML; '' for visitors, for members themselves, and when there is no such member.
 */
function parley_button( $user_id ) {
	$user_id = (int) $user_id;
	$url     = is_user_logged_in() && get_current_user_id() !== $user_id ? parley_message_url( $user_id ) : '';
	if ( '' === $url ) {
		return '';
	}
	/**
	 * Filters the classes of the Message button.
	 *
	 * @param string $class   Classes, separated by spaces.
	 * @param int    $user_id The member to write to.
	 */
	$class = (string) apply_filters( 'parley_message_button_class', 'button parley-message-button', $user_id );
	return '<a class="' . esc_attr( $class ) . '" href="' . esc_url( $url ) . '">' . esc_html__( 'Message', 'parley' ) . '</a>';
}

/**
 * Prints the button. Themes and plugins put it into a hover card, or wherever members
 * are shown, by: do_action( 'parley_message_button', $user_id );
 *
 * @param int $user_id The member to write to.
 */
function parley_print_button( $user_id ) {
	echo parley_button( $user_id ); // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped where it is made.
}
add_action( 'parley_message_button', 'parley_print_button' );
