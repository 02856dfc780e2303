<?php
use Roots\WPConfig\Config;
use function Env\env;
$root_dir = dirname(__DIR__);
Config::define('DB_NAME', env('DB_NAME'));
$table_prefix = env('DB_PREFIX') ?: 'wp_';
Config::apply();
