// Package config holds the settings of Parley and reads what the site's
// wp-config.php already says. A setting comes from, the later one winning: the
// built-in default, the configuration file, the environment, a flag. The package
// never touches the database.
package config
