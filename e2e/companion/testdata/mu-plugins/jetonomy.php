<?php
/**
 * Stands in for Jetonomy: draws a frame with a navigation around the routes it knows, asks the filters that
 * Jetonomy asks, and answers the app.
 */

define( 'JETONOMY_VERSION', '1.9.3-stand-in' );

add_filter(
	'query_vars',
	function ( $vars ) {
		return array_merge( $vars, array( 'jetonomy_route', 'jetonomy_slug' ) );
	}
);

// Jetonomy gives a route an empty query.
add_filter(
	'request',
	function ( $vars ) {
		if ( ! empty( $vars['jetonomy_route'] ) ) {
			$vars['post__in'] = array( 0 );
		}
		return $vars;
	}
);

add_action(
	'template_redirect',
	function () {
		$route = get_query_var( 'jetonomy_route' );
		if ( ! $route ) {
			return;
		}
		$map = apply_filters( 'jetonomy_template_map', array( 'home' => '' ) );
		if ( empty( $map[ $route ] ) ) {
			status_header( 404 );
			exit;
		}
		status_header( 200 );
		get_header();
		echo '<div class="jt-app"><nav class="jt-community-nav-links">';
		do_action( 'jetonomy_header_nav_items' );
		echo '</nav><div class="jt-route" data-route="' . esc_attr( $route . '/' . get_query_var( 'jetonomy_slug' ) ) . '">';
		include $map[ $route ];
		echo '</div></div>';
		get_footer();
		exit;
	}
);

add_action(
	'rest_api_init',
	function () {
		register_rest_route(
			'stand-in/v1',
			'/jetonomy',
			array(
				'permission_callback' => '__return_true',
				'callback'            => function ( $request ) {
					return array(
						'app'      => apply_filters( 'jetonomy_app_config', array( 'app_enabled' => false, 'features' => array( 'polls' => false, 'messaging' => false ) ), $request ),
						'message'  => apply_filters( 'jetonomy_notification_deep_link', '', 'message', 17 ),
						'badge'    => apply_filters( 'jetonomy_notification_deep_link', '', 'badge', 17 ),
						'messages' => array_key_exists( 'messages', (array) apply_filters( 'jetonomy_template_map', array() ) ),
					);
				},
			)
		);
	}
);
