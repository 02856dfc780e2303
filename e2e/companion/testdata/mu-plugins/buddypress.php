<?php
/**
 * Stands in for BuddyPress: the functions and hooks of its members' pages that have to do with messages. The option
 * stand_in_messages says whether its component of messages is on.
 */

class Stand_In_Nav {
	public $items = array();

	public function edit_nav( $args, $slug ) {
		if ( isset( $this->items[ $slug ] ) ) {
			$this->items[ $slug ] = array_merge( $this->items[ $slug ], $args );
		}
	}
}

function buddypress() {
	static $bp = null;
	if ( null === $bp ) {
		$bp = (object) array( 'members' => (object) array( 'nav' => new Stand_In_Nav() ) );
	}
	return $bp;
}

function bp_is_active( $component ) {
	return 'messages' !== $component || get_option( 'stand_in_messages' );
}

function bp_get_messages_slug() {
	return 'post';
}

function bp_core_new_nav_item( $args ) {
	buddypress()->members->nav->items[ $args['slug'] ] = $args + array( 'link' => home_url( '/members/me/' . $args['slug'] . '/' ) );
}

// /?member=LOGIN shows a profile, with /&box=ACTION,VARIABLE a place of its messages.
function stand_in_asked( $n ) {
	$parts = explode( ',', isset( $_GET['box'] ) ? $_GET['box'] : '' );
	return isset( $parts[ $n ] ) ? $parts[ $n ] : '';
}

function bp_displayed_user_id() {
	$user = isset( $_GET['member'] ) ? get_user_by( 'login', $_GET['member'] ) : false;
	return $user ? $user->ID : 0;
}

function bp_is_my_profile() {
	return get_current_user_id() && bp_displayed_user_id() === get_current_user_id();
}

function bp_is_messages_component() {
	return '' !== stand_in_asked( 0 );
}

function bp_is_current_action( $action ) {
	return stand_in_asked( 0 ) === $action;
}

function bp_action_variable( $n ) {
	return stand_in_asked( $n + 1 );
}

function bp_get_member_user_id() {
	return $GLOBALS['stand_in_member'];
}

add_action(
	'template_redirect',
	function () {
		if ( ! isset( $_GET['member'] ) ) {
			return;
		}
		if ( bp_is_active( 'messages' ) ) {
			bp_core_new_nav_item( array( 'slug' => 'post', 'name' => 'Messages <span class="count">9</span>' ) );
		}
		do_action( 'bp_setup_nav' );
		do_action( 'bp_template_redirect' );
		get_header();
		echo '<div id="item-nav"><ul>';
		foreach ( buddypress()->members->nav->items as $item ) {
			echo '<li><a id="user-messages" href="' . esc_url( $item['link'] ) . '">' . esc_html( $item['name'] ) . '</a></li>';
		}
		echo '</ul></div><div id="item-buttons">';
		if ( bp_is_active( 'messages' ) ) {
			echo '<a class="theirs" href="' . esc_url( apply_filters( 'bp_get_send_private_message_link', home_url( '/compose/' ) ) ) . '">Private Message</a>';
		}
		do_action( 'bp_member_header_actions' );
		echo '</div><ul id="members-list">';
		foreach ( get_users( array( 'login__in' => array( 'alice', 'bob', 'carol' ) ) ) as $user ) {
			$GLOBALS['stand_in_member'] = $user->ID;
			echo '<li>';
			do_action( 'bp_directory_members_actions' );
			echo '</li>';
		}
		echo '</ul><div id="hover-card">';
		do_action( 'parley_message_button', get_user_by( 'login', 'carol' )->ID );
		echo '</div>';
		get_footer();
		exit;
	}
);

add_action(
	'rest_api_init',
	function () {
		register_rest_route(
			'stand-in/v1',
			'/buddypress',
			array(
				'permission_callback' => '__return_true',
				'callback'            => function () {
					return array(
						'thread' => apply_filters( 'bp_get_message_thread_view_link', 'theirs', 12, 3 ),
						'string' => apply_filters( 'bp_messages_single_new_message_string_notification', 'A <sent> it', 1, 'A <sent> it', '', 5, 3 ),
						'array'  => apply_filters( 'bp_messages_multiple_new_message_array_notification', array( 'text' => '3 new', 'link' => '' ), 3, '3 new', '', 5, 3 ),
						'count'  => apply_filters( 'messages_get_unread_count', 4 ),
						'bar'    => apply_filters( 'bp_messages_admin_nav', array( array( 'id' => 'my-account-messages', 'href' => '#', 'title' => 'M' ), array( 'id' => 'my-account-messages-inbox' ), array( 'id' => 'my-account-messages-notices' ) ) ),
					);
				},
			)
		);
	}
);
