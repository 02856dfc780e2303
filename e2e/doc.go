// Package e2e holds the end-to-end tests: a real WordPress under php-fpm, nginx
// with the snippet site owners get, Parley built with the race detector, and members
// who log in through wp-login.php, by HTTP and in Chromium.
package e2e
