<?php
define('DB_NAME', 'n'); define('DB_USER', 'n'); define('DB_PASSWORD', ''); define('DB_HOST', 'db.internal');
$table_prefix = 'wp_';
define( 'WP_ALLOW_MULTISITE', true );
define( 'MULTISITE', true );
define( 'SUBDOMAIN_INSTALL', false );
define( 'DOMAIN_CURRENT_SITE', 'example.org' );
define( 'PATH_CURRENT_SITE', '/' );
define( 'SITE_ID_CURRENT_SITE', 1 );
define( 'BLOG_ID_CURRENT_SITE', 3 );
define( 'COOKIEHASH', md5( 'example.org' ) );
define( 'LOGGED_IN_COOKIE', 'wordpress_logged_in_' . COOKIEHASH );
define( 'CUSTOM_USER_TABLE', $table_prefix . 'people' );
