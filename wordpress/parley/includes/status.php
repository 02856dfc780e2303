<?php
/**
 * The status page: what WordPress sees, what the browser sees, what Parley's doctor sees.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/**
 * A row of the page.
 *
 * @param string $verdict ok, note or problem.
 * @param string $what    What was looked at.
 * @param string $text    What was found.
 * @param string $mend    What to do about it.
 * @return string[]
 */
function parley_finding( $verdict, $what, $text, $mend = '' ) {
	return compact( 'verdict', 'what', 'text', 'mend' );
}

/**
 * What can be seen from inside WordPress.
 *
 * @return array Findings.
 */
function parley_site_findings() {
	return array_filter(
		array(
			parley_find_versions(),
			parley_find_service(),
			parley_find_permalinks(),
			parley_find_inbox(),
			parley_find_page_in_the_way(),
			parley_find_rival(),
			parley_find_community(),
		)
	);
}

/**
 * Versions, for whoever is asked for help.
 *
 * @return string[]
 */
function parley_find_versions() {
	$parts = array( 'WordPress ' . get_bloginfo( 'version' ), 'PHP ' . PHP_VERSION, 'Parley plugin ' . PARLEY_VERSION );
	if ( defined( 'JETONOMY_VERSION' ) ) {
		$parts[] = 'Jetonomy ' . JETONOMY_VERSION;
	}
	if ( function_exists( 'bp_get_version' ) ) {
		$parts[] = 'BuddyPress ' . bp_get_version();
	}
	return parley_finding( 'ok', __( 'Versions', 'parley' ), implode( ', ', $parts ) );
}

/**
 * Whether Parley answers where the settings say it is.
 *
 * @return string[]
 */
function parley_find_service() {
	$what    = __( 'Address of Parley', 'parley' );
	$service = parley_service_url();
	$mend    = __( 'Start Parley, or correct its address under Settings. It matters for forwarding only: a web server with its own rule does not ask this setting.', 'parley' );
	if ( '' === $service ) {
		return parley_finding( 'problem', $what, __( 'The address in the settings is none.', 'parley' ), $mend );
	}
	$answer = parley_request( $service, 'GET', '/readyz', array( 'Host: ' . wp_parse_url( $service, PHP_URL_HOST ) ), '', 3 );
	if ( is_string( $answer ) ) {
		/* translators: 1: address, 2: what went wrong. */
		return parley_finding( 'problem', $what, sprintf( __( 'Nobody answers at %1$s: %2$s.', 'parley' ), $service, $answer ), $mend );
	}
	$text = trim( (string) stream_get_contents( $answer['stream'], 200 ) );
	fclose( $answer['stream'] );
	if ( 200 === $answer['status'] && 'ready' === $text ) {
		/* translators: %s: address. */
		return parley_finding( 'ok', $what, sprintf( __( 'Parley answers at %s and is ready.', 'parley' ), $service ) );
	}
	if ( 503 === $answer['status'] && 0 === strpos( $text, 'not ready' ) ) {
		/* translators: 1: address, 2: what Parley says. */
		return parley_finding( 'problem', $what, sprintf( __( 'Parley answers at %1$s, but says: %2$s', 'parley' ), $service, $text ), __( 'Look into Parley’s log, or ask "parley doctor".', 'parley' ) );
	}
	/* translators: %s: address. */
	return parley_finding( 'problem', $what, sprintf( __( 'What answers at %s is not Parley.', 'parley' ), $service ), $mend );
}

/**
 * Whether addresses with words reach WordPress.
 *
 * @return string[]
 */
function parley_find_permalinks() {
	$what = __( 'Permalinks', 'parley' );
	if ( parley_has_pretty_addresses() ) {
		return parley_finding( 'ok', $what, __( 'The site has pretty permalinks.', 'parley' ) );
	}
	return parley_finding(
		'note',
		$what,
		__( 'The site has plain permalinks: the inbox has no address of its own.', 'parley' ),
		__( 'Choose another structure under Settings, Permalinks, or put the shortcode [parley_inbox] on a page.', 'parley' )
	);
}

/**
 * Where the inbox is.
 *
 * @return string[]
 */
function parley_find_inbox() {
	$jetonomy = get_option( 'jetonomy_settings' );
	$text     = is_array( $jetonomy ) && ! empty( $jetonomy['base_slug'] )
		/* translators: 1: address, 2: slug. */
		? __( 'The inbox is at %1$s; "%2$s" is Jetonomy’s base slug.', 'parley' )
		/* translators: 1: address, 2: slug. */
		: __( 'The inbox is at %1$s. Parley’s setting web.slug must be "%2$s", as it is unless somebody changed it.', 'parley' );
	return parley_finding( 'ok', __( 'Inbox', 'parley' ), sprintf( $text, parley_inbox_url(), parley_base_slug() ) );
}

/**
 * A page of the site with the inbox's address is never seen.
 *
 * @return string[]|null
 */
function parley_find_page_in_the_way() {
	$page = get_page_by_path( parley_inbox_path() );
	if ( ! $page || 'publish' !== $page->post_status ) {
		return null;
	}
	return parley_finding(
		'note',
		__( 'Page', 'parley' ),
		/* translators: %s: title of a page. */
		sprintf( __( 'The page "%s" has the address of the inbox, and nobody sees it.', 'parley' ), get_the_title( $page ) ),
		__( 'Give the page another address, or remove it.', 'parley' )
	);
}

/**
 * Other plugins that keep private messages.
 *
 * @return string[]
 */
function parley_find_rival() {
	$what = __( 'Other messages', 'parley' );
	if ( parley_has_rival() ) {
		return parley_finding( 'problem', $what, __( 'The private messaging of Jetonomy Pro is on: two programs would answer the same addresses. Parley’s links are not shown meanwhile.', 'parley' ), __( 'Import its conversations with "parley import jetonomy-pro", then switch that extension off.', 'parley' ) );
	}
	$found = array();
	if ( class_exists( 'Better_Messages' ) || class_exists( 'BP_Better_Messages' ) ) {
		$found[] = 'Better Messages';
	}
	if ( class_exists( 'Front_End_Pm' ) ) {
		$found[] = 'Front End PM';
	}
	if ( $found ) {
		/* translators: %s: names of plugins. */
		return parley_finding( 'note', $what, sprintf( __( 'There is another plugin for private messages: %s. Members may not know which inbox to look into.', 'parley' ), implode( ', ', $found ) ), __( 'Deactivate it when its messages are not needed any more.', 'parley' ) );
	}
	return parley_finding( 'ok', $what, __( 'No other plugin for private messages was found.', 'parley' ) );
}

/**
 * Which communities the links are in.
 *
 * @return string[]
 */
function parley_find_community() {
	$texts   = array();
	$texts[] = defined( 'JETONOMY_VERSION' )
		? __( 'Jetonomy’s navigation has the Messages link.', 'parley' )
		: __( 'Jetonomy is not active.', 'parley' );
	if ( ! function_exists( 'buddypress' ) ) {
		$texts[] = __( 'BuddyPress is not active.', 'parley' );
	} elseif ( parley_bp_has_messages() ) {
		$texts[] = __( 'BuddyPress’s Messages, and its message pages, lead to the inbox.', 'parley' );
	} else {
		$texts[] = __( 'BuddyPress’s member navigation has the Messages link.', 'parley' );
	}
	return parley_finding( 'ok', __( 'Community', 'parley' ), implode( ' ', $texts ) );
}

/**
 * Prints the rows.
 *
 * @param array $findings From parley_site_findings().
 */
function parley_print_findings( $findings ) {
	$words = parley_verdicts();
	foreach ( $findings as $f ) {
		printf(
			'<tr class="parley-%1$s"><td><span class="parley-verdict">%2$s</span></td><th scope="row">%3$s</th><td>%4$s%5$s</td></tr>',
			esc_attr( $f['verdict'] ),
			esc_html( $words[ $f['verdict'] ] ),
			esc_html( $f['what'] ),
			esc_html( $f['text'] ),
			'' === $f['mend'] ? '' : '<p class="description">' . esc_html( $f['mend'] ) . '</p>'
		);
	}
}

/**
 * The verdicts in words.
 *
 * @return string[]
 */
function parley_verdicts() {
	return array(
		'ok'      => __( 'OK', 'parley' ),
		'note'    => __( 'Note', 'parley' ),
		'problem' => __( 'Problem', 'parley' ),
	);
}

/**
 * The status page.
 */
function parley_status_page() {
	?>
	<div class="wrap parley-status">
		<h1><?php esc_html_e( 'Parley status', 'parley' ); ?></h1>
		<h2><?php esc_html_e( 'What WordPress sees', 'parley' ); ?></h2>
		<table class="widefat striped" id="parley-site"><tbody><?php parley_print_findings( parley_site_findings() ); ?></tbody></table>
		<h2><?php esc_html_e( 'What your browser sees', 'parley' ); ?></h2>
		<p><?php esc_html_e( 'Who answers the addresses that members’ browsers ask for.', 'parley' ); ?></p>
		<table class="widefat striped" id="parley-routes" aria-live="polite"><tbody></tbody></table>
		<h2><?php esc_html_e( 'What Parley sees', 'parley' ); ?></h2>
		<p><?php esc_html_e( 'The same as "parley doctor" says on the server.', 'parley' ); ?></p>
		<table class="widefat striped" id="parley-doctor" aria-live="polite"><tbody></tbody></table>
		<noscript><p><?php esc_html_e( 'The last two need JavaScript. On the server, "parley doctor" tells the last.', 'parley' ); ?></p></noscript>
		<?php // Read by status.js. JSON without < > &. ?>
		<script type="application/json" id="parley-status-data"><?php echo wp_json_encode( parley_status_data(), JSON_HEX_TAG | JSON_HEX_AMP ); // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped ?></script>
	</div>
	<?php
}

/**
 * What the page's script must know.
 *
 * @return array
 */
function parley_status_data() {
	$settings = parley_settings();
	$routes   = array(
		array( __( 'Jetonomy’s interface', 'parley' ), 'jetonomy/v1/conversations/unread-count', true ),
		array( __( 'Recipient suggestions', 'parley' ), 'jetonomy/v1/messaging/recipient-suggestions?q=parley', true ),
		array( __( 'Parley’s own interface', 'parley' ), 'parley/v1/me', true ),
		array( __( 'Scripts of the inbox', 'parley' ), 'parley/v1/assets/inbox.js', true ),
	);
	if ( function_exists( 'buddypress' ) || ! empty( $settings['forward_buddypress'] ) ) {
		$routes[] = array( __( 'BuddyPress’s interface', 'parley' ), 'buddypress/v1/messages?per_page=1', ! empty( $settings['forward_buddypress'] ) );
	}
	foreach ( $routes as $i => $route ) {
		$routes[ $i ][1] = wp_make_link_relative( parley_route_url( $route[1] ) );
	}
	return array(
		'nonce'  => wp_create_nonce( 'wp_rest' ),
		'doctor' => wp_make_link_relative( rest_url( 'parley/v1/admin/doctor' ) ),
		'routes' => $routes,
		'inbox'  => wp_make_link_relative( parley_inbox_url() ),
		'words'  => parley_verdicts() + array(
			'proxy'      => __( 'Parley answers; the web server sends it these requests.', 'parley' ),
			'plugin'     => __( 'Parley answers; this plugin forwards these requests.', 'parley' ),
			'wordpress'  => __( 'WordPress answers and knows no such address.', 'parley' ),
			/* translators: %s: HTTP status. */
			'other'      => __( 'The answer is %s.', 'parley' ),
			'silent'     => __( 'There is no answer.', 'parley' ),
			'mend'       => __( 'Set the rules of Parley’s folder "deploy" in the web server, or switch forwarding on under Settings.', 'parley' ),
			'optional'   => __( 'It stays with BuddyPress, unless you send it to Parley.', 'parley' ),
			'theme'      => __( 'The inbox is a page of the theme.', 'parley' ),
			'own'        => __( 'It is Parley’s own page, not the theme’s.', 'parley' ),
			'ownMend'    => __( 'Both work. To have the inbox inside the theme, take the rules for the inbox out of the web server, keep those for the REST interface, and choose the theme’s page under Settings.', 'parley' ),
			'inbox'      => __( 'Page of the inbox', 'parley' ),
			'noDoctor'   => __( 'Parley could not be asked.', 'parley' ),
			'doctor'     => __( 'Doctor', 'parley' ),
			/* translators: %s: version. */
			'version'    => __( 'Parley %s answers.', 'parley' ),
			'doctorMend' => __( 'Run "parley doctor" on the server.', 'parley' ),
		),
	);
}

/**
 * Address of a route that has a query; with plain permalinks it is part of one itself.
 *
 * @param string $route Route and query.
 * @return string
 */
function parley_route_url( $route ) {
	$both = explode( '?', $route, 2 );
	$url  = rest_url( $both[0] );
	return isset( $both[1] ) ? $url . ( false === strpos( $url, '?' ) ? '?' : '&' ) . $both[1] : $url;
}
