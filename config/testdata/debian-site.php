<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'wordpress');
define('DB_PASSWORD', 'password');
define('DB_HOST', 'localhost');
define('SECRET_KEY', 'old-key');
define('WP_CONTENT_DIR', '/var/lib/wordpress/wp-content');
?>
