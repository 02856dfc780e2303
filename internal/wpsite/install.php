<?php
// Installs WordPress and its members, through WordPress's own functions. Reads
// {"url", "members": [{login, password, name, email, role}]} and prints {login: id}.

$want = json_decode( stream_get_contents( STDIN ), true );

define( 'WP_INSTALLING', true );
$_SERVER['HTTP_HOST']       = substr( $want['url'], strlen( 'http://' ) );
$_SERVER['REQUEST_URI']     = '/wp-admin/install.php';
$_SERVER['SCRIPT_NAME']     = '/wp-admin/install.php';
$_SERVER['PHP_SELF']        = '/wp-admin/install.php';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';

require 'wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

$admin = $want['members'][0];
wp_install( 'Parley demo', $admin['login'], $admin['email'], false, '', $admin['password'] );
update_option( 'siteurl', $want['url'] );
update_option( 'home', $want['url'] );
update_option( 'timezone_string', 'Europe/Berlin' );
update_option( 'blogdescription', 'A community that talks' );

global $wp_rewrite;
$wp_rewrite->set_permalink_structure( '/%postname%/' );
flush_rewrite_rules( false );
switch_theme( 'parley-demo' );

$ids = array();
foreach ( $want['members'] as $member ) {
	$user = get_user_by( 'login', $member['login'] );
	$id   = wp_insert_user(
		array(
			'ID'            => $user ? $user->ID : 0,
			'user_login'    => $member['login'],
			'user_pass'     => $user ? wp_hash_password( $member['password'] ) : $member['password'],
			'user_email'    => $member['email'],
			'user_nicename' => $member['login'],
			'display_name'  => $member['name'],
			'role'          => $member['role'],
		)
	);
	if ( is_wp_error( $id ) ) {
		fwrite( STDERR, $id->get_error_message() );
		exit( 1 );
	}
	$ids[ $member['login'] ] = $id;
}
echo json_encode( $ids );
