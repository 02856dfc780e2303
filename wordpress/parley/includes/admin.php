<?php
/**
 * Parley in wp-admin: menu, conversations, settings.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;

/**
 * Adds the menu for administrators.
 */
function parley_menu() {
	$pages = array(
		add_menu_page( __( 'Conversations', 'parley' ), __( 'Parley', 'parley' ), 'manage_options', 'parley', 'parley_conversations_page', 'dashicons-format-chat', 58 ),
		add_submenu_page( 'parley', __( 'Conversations', 'parley' ), __( 'Conversations', 'parley' ), 'manage_options', 'parley', 'parley_conversations_page' ),
		add_submenu_page( 'parley', __( 'Parley status', 'parley' ), __( 'Status', 'parley' ), 'manage_options', 'parley-status', 'parley_status_page' ),
		add_submenu_page( 'parley', __( 'Parley settings', 'parley' ), __( 'Settings', 'parley' ), parley_settings_capability(), 'parley-settings', 'parley_settings_page' ),
	);
	foreach ( array_unique( array_filter( $pages ) ) as $page ) {
		add_action( 'load-' . $page, 'parley_forbid_frames' );
	}
}
add_action( 'admin_menu', 'parley_menu' );

/**
 * No other page, not even of the site, may show other people's messages in a frame.
 */
function parley_forbid_frames() {
	header( 'X-Frame-Options: DENY' );
	header( "Content-Security-Policy: frame-ancestors 'none'" );
}

/**
 * Loads what a page of ours needs.
 *
 * @param string $page Hook of the page shown.
 */
function parley_admin_scripts( $page ) {
	if ( false === strpos( $page, 'parley' ) ) {
		return;
	}
	wp_enqueue_style( 'parley-admin', plugins_url( 'assets/admin.css', PARLEY_FILE ), array(), PARLEY_VERSION );
	if ( 'toplevel_page_parley' === $page ) {
		wp_enqueue_script( 'parley-oversight' );
	} elseif ( '_page_parley-status' === substr( $page, -strlen( '_page_parley-status' ) ) ) {
		wp_enqueue_script( 'parley-status', plugins_url( 'assets/status.js', PARLEY_FILE ), array(), PARLEY_VERSION, true );
	}
}
add_action( 'admin_enqueue_scripts', 'parley_admin_scripts' );

/**
 * The page of all conversations.
 */
function parley_conversations_page() {
	$status = '<p>' . sprintf(
		/* translators: %s: link "Status". */
		esc_html__( 'The conversations cannot be shown yet. %s says what is wrong.', 'parley' ),
		'<a href="' . esc_url( admin_url( 'admin.php?page=parley-status' ) ) . '">' . esc_html__( 'Status', 'parley' ) . '</a>'
	) . '</p>';
	$attributes = parley_rest_attributes() + array(
		'base'   => admin_url( 'admin.php?page=parley', 'relative' ),
		'scheme' => 'light',
	);
	echo '<div class="wrap"><h1 class="parley-hide-when-live">' . esc_html__( 'Conversations', 'parley' ) . '</h1>';
	echo parley_element( 'parley-oversight', $attributes, $status ); // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped where it is made.
	echo '</div>';
}

/**
 * Who may change the settings. Members' login cookies are sent to the address that is
 * set: on a network, administrators of one site must not choose it.
 *
 * @return string A capability.
 */
function parley_settings_capability() {
	return is_multisite() ? 'manage_network_options' : 'manage_options';
}
add_filter( 'option_page_capability_parley', 'parley_settings_capability' );

/**
 * Registers the settings with WordPress, which checks nonce and right when they are saved.
 */
function parley_register_settings() {
	register_setting( 'parley', PARLEY_OPTION, array( 'sanitize_callback' => 'parley_clean_settings' ) );
}
add_action( 'admin_init', 'parley_register_settings' );

/**
 * Makes settings of what a form sent.
 *
 * @param mixed $sent What was sent.
 * @return array
 */
function parley_clean_settings( $sent ) {
	$sent  = is_array( $sent ) ? $sent : array();
	$saved = get_option( PARLEY_OPTION );
	$saved = array_merge( parley_default_settings(), is_array( $saved ) ? $saved : array() );
	$url   = isset( $sent['url'] ) ? parley_clean_url( $sent['url'] ) : $saved['url'];
	if ( '' === $url ) {
		add_settings_error( PARLEY_OPTION, 'url', __( 'That is no address. It has a scheme, a host and perhaps a port: http://127.0.0.1:8070', 'parley' ) );
		$url = $saved['url'];
	}
	return array(
		'url'                => $url,
		'forward'            => ! empty( $sent['forward'] ),
		'forward_buddypress' => ! empty( $sent['forward_buddypress'] ),
		'page'               => isset( $sent['page'] ) && 'own' === $sent['page'] ? 'own' : 'theme',
	);
}

/**
 * The page of settings.
 */
function parley_settings_page() {
	$settings = parley_settings();
	$fixed    = defined( 'PARLEY_URL' );
	?>
	<div class="wrap">
		<h1><?php esc_html_e( 'Parley settings', 'parley' ); ?></h1>
		<?php settings_errors( PARLEY_OPTION ); ?>
		<form action="options.php" method="post">
			<?php settings_fields( 'parley' ); ?>
			<table class="form-table" role="presentation">
				<tr>
					<th scope="row"><label for="parley-url"><?php esc_html_e( 'Address of Parley', 'parley' ); ?></label></th>
					<td>
						<input type="text" class="regular-text code" id="parley-url" name="<?php echo esc_attr( PARLEY_OPTION ); ?>[url]" value="<?php echo esc_attr( $settings['url'] ); ?>" aria-describedby="parley-url-help"<?php disabled( $fixed ); ?>>
						<p class="description" id="parley-url-help">
							<?php
							echo $fixed
								? esc_html__( 'It is set by PARLEY_URL in wp-config.php.', 'parley' )
								: esc_html__( 'Where Parley listens (its setting "listen"), as this server reaches it. PARLEY_URL in wp-config.php goes before it.', 'parley' );
							?>
						</p>
					</td>
				</tr>
				<tr>
					<th scope="row"><?php esc_html_e( 'Forwarding', 'parley' ); ?></th>
					<td>
						<fieldset>
							<legend class="screen-reader-text"><?php esc_html_e( 'Forwarding', 'parley' ); ?></legend>
							<p><label><input type="checkbox" name="<?php echo esc_attr( PARLEY_OPTION ); ?>[forward]" value="1"<?php checked( $settings['forward'] ); ?>> <?php esc_html_e( 'Send Parley its requests when the web server has not done so', 'parley' ); ?></label></p>
							<p><label><input type="checkbox" name="<?php echo esc_attr( PARLEY_OPTION ); ?>[forward_buddypress]" value="1"<?php checked( $settings['forward_buddypress'] ); ?>> <?php esc_html_e( 'Also those of BuddyPress’s messages interface', 'parley' ); ?></label></p>
							<p class="description"><?php esc_html_e( 'A rule in the web server is faster: it does not wake WordPress for each request. Use this where you cannot set one.', 'parley' ); ?></p>
						</fieldset>
					</td>
				</tr>
				<tr>
					<th scope="row"><?php esc_html_e( 'Page of the inbox', 'parley' ); ?></th>
					<td>
						<fieldset>
							<legend class="screen-reader-text"><?php esc_html_e( 'Page of the inbox', 'parley' ); ?></legend>
							<p><label><input type="radio" name="<?php echo esc_attr( PARLEY_OPTION ); ?>[page]" value="theme"<?php checked( $settings['page'], 'theme' ); ?>> <?php esc_html_e( 'A page of the theme', 'parley' ); ?></label></p>
							<p><label><input type="radio" name="<?php echo esc_attr( PARLEY_OPTION ); ?>[page]" value="own"<?php checked( $settings['page'], 'own' ); ?>> <?php esc_html_e( 'Parley’s own page, which fills the window and needs no JavaScript', 'parley' ); ?></label></p>
							<p class="description"><?php esc_html_e( 'The second needs forwarding, or a rule in the web server; with such a rule the first is never seen.', 'parley' ); ?></p>
						</fieldset>
					</td>
				</tr>
			</table>
			<?php submit_button(); ?>
		</form>
	</div>
	<?php
}
