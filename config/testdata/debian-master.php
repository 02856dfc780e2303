<?php
$debian_server = preg_replace('/:.*/', "", $_SERVER['HTTP_HOST']);
$debian_file = '/etc/wordpress/config-'.strtolower($debian_server).'.php';
if (file_exists($debian_file)) {
    require_once($debian_file);
    define('DEBIAN_FILE', $debian_file);
} else {
    header("HTTP/1.0 404 Not Found");
    exit(1);
}
if (!defined('DB_NAME'))
    define('DB_NAME', 'wordpress');
if (!isset($table_prefix)) {
    $table_prefix = 'wp_';
}
require_once(ABSPATH . 'wp-settings.php');
