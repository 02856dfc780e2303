<?php
/**
 * BuddyPress: its member navigation, its buttons and its links lead to the inbox.
 * Nothing here happens on a site without it.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/**
 * Whether BuddyPress's own messages are switched on.
 *
 * @return bool
 */
function parley_bp_has_messages() {
	return function_exists( 'bp_is_active' ) && bp_is_active( 'messages' );
}

/**
 * Puts Messages into the navigation of members, or leads BuddyPress's item to the inbox.
 */
function parley_bp_nav() {
	if ( ! function_exists( 'bp_core_new_nav_item' ) || ! function_exists( 'buddypress' ) || ! is_user_logged_in() ) {
		return;
	}
	$slug = 'messages';
	if ( parley_bp_has_messages() ) {
		$slug = bp_get_messages_slug();
	} else {
		bp_core_new_nav_item(
			array(
				'name'                    => __( 'Messages', 'parley' ),
				'slug'                    => $slug,
				'item_css_id'             => 'messages',
				'position'                => 50,
				'show_for_displayed_user' => false,
				'screen_function'         => 'parley_bp_leave',
			)
		);
	}
	$buddypress = buddypress();
	if ( isset( $buddypress->members->nav ) ) {
		$buddypress->members->nav->edit_nav(
			array(
				'name' => __( 'Messages', 'parley' ),
				'link' => parley_inbox_url(),
			),
			$slug
		);
	}
}
add_action( 'bp_setup_nav', 'parley_bp_nav', 100 );

/**
 * Sends a member from BuddyPress's place for messages to the inbox.
 */
function parley_bp_leave() {
	wp_safe_redirect( parley_inbox_url() );
	exit;
}

/**
 * Sends members from BuddyPress's own message pages to the same place in the inbox.
 * Notices to everybody stay where they are.
 */
function parley_bp_redirect() {
	if ( ! parley_bp_has_messages() || ! function_exists( 'bp_is_messages_component' ) || ! bp_is_messages_component() || ! is_user_logged_in() ) {
		return;
	}
	if ( ! bp_is_my_profile() || bp_is_current_action( 'notices' ) ) {
		return;
	}
	/**
	 * Filters whether BuddyPress's own message pages lead to the inbox.
	 *
	 * @param bool $redirect Whether they do.
	 */
	if ( ! apply_filters( 'parley_redirect_buddypress_inbox', true ) ) {
		return;
	}
	$to = parley_inbox_url();
	if ( bp_is_current_action( 'view' ) ) {
		$to = parley_inbox_url( (int) bp_action_variable( 0 ) );
	} elseif ( bp_is_current_action( 'compose' ) && '' !== parley_query_text( 'r' ) ) {
		$to = add_query_arg( 'to', rawurlencode( parley_query_text( 'r' ) ), $to );
	}
	wp_safe_redirect( $to );
	exit;
}
add_action( 'bp_template_redirect', 'parley_bp_redirect', 1 );

/**
 * Prints the button on a profile, where BuddyPress has none of its own.
 */
function parley_bp_header_button() {
	if ( ! parley_bp_has_messages() && function_exists( 'bp_displayed_user_id' ) ) {
		parley_bp_print_button( bp_displayed_user_id() );
	}
}
add_action( 'bp_member_header_actions', 'parley_bp_header_button', 25 );

/**
 * Prints the button for each member of a list.
 */
function parley_bp_loop_button() {
	if ( function_exists( 'bp_get_member_user_id' ) ) {
		// Its newer templates make a list of the buttons.
		parley_bp_print_button( bp_get_member_user_id(), function_exists( 'bp_nouveau' ) ? 'li' : 'div' );
	}
}
add_action( 'bp_directory_members_actions', 'parley_bp_loop_button', 25 );

/**
 * Prints a button as BuddyPress wraps its own.
 *
 * @param int    $user_id The member to write to.
 * @param string $wrapper Name of the element around the button.
 */
function parley_bp_print_button( $user_id, $wrapper = 'div' ) {
	$button = parley_button( $user_id );
	if ( '' !== $button ) {
		echo '<' . tag_escape( $wrapper ) . ' class="generic-button">' . $button . '</' . tag_escape( $wrapper ) . '>'; // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped where it is made.
	}
}

/**
 * Leads BuddyPress's own button to a new message in the inbox.
 *
 * @param string|false $url Where it leads so far; false where there is no button.
 * @return string|false
 */
function parley_bp_message_link( $url ) {
	$ours = $url && function_exists( 'bp_displayed_user_id' ) ? parley_message_url( bp_displayed_user_id() ) : '';
	return '' === $ours ? $url : $ours;
}
add_filter( 'bp_get_send_private_message_link', 'parley_bp_message_link' );

/**
 * Leads links to a thread to the same conversation in the inbox: imported threads keep
 * their ids.
 *
 * @param string $url       Where it leads so far.
 * @param int    $thread_id Id of the thread.
 * @return string
 */
function parley_bp_thread_link( $url, $thread_id = 0 ) {
	return (int) $thread_id > 0 ? parley_inbox_url( (int) $thread_id ) : $url;
}
add_filter( 'bp_get_message_thread_view_link', 'parley_bp_thread_link', 10, 2 );

/**
 * Links a notification about messages to the inbox. BuddyPress looks for the message
 * in its own tables, where Parley's are not.
 *
 * @param string|array $shown   The link as HTML, or text and link.
 * @param int          $total   Number of messages.
 * @param string       $text    The text.
 * @return string|array
 */
function parley_bp_notification( $shown, $total = 1, $text = '' ) {
	if ( is_array( $shown ) ) {
		$shown['link'] = parley_inbox_url();
		return $shown;
	}
	return '<a href="' . esc_url( parley_inbox_url() ) . '">' . esc_html( $text ) . '</a>';
}
foreach ( array( 'single', 'multiple' ) as $parley_amount ) {
	foreach ( array( 'string', 'array' ) as $parley_format ) {
		add_filter( 'bp_messages_' . $parley_amount . '_new_message_' . $parley_format . '_notification', 'parley_bp_notification', 10, 3 );
	}
}
unset( $parley_amount, $parley_format );

// BuddyPress counts in its own tables; the badge counts where the messages are.
add_filter( 'bp_get_total_unread_messages_count', '__return_zero' );
add_filter( 'messages_get_unread_count', '__return_zero' );

/**
 * Leads the toolbar's Messages to the inbox, and takes out the boxes below it.
 *
 * @param array $items Items of the toolbar.
 * @return array
 */
function parley_bp_toolbar( $items ) {
	$kept = array();
	foreach ( (array) $items as $item ) {
		$id = isset( $item['id'] ) ? $item['id'] : '';
		if ( 'my-account-messages' === $id ) {
			$item['title'] = __( 'Messages', 'parley' );
			$item['href']  = parley_inbox_url();
			$kept[]        = $item;
		} elseif ( 'my-account-messages-notices' === $id ) {
			$kept[] = $item;
		}
	}
	return $kept;
}
add_filter( 'bp_messages_admin_nav', 'parley_bp_toolbar' );
