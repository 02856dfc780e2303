// Package e2e holds the end-to-end tests: a real WordPress under php-fpm, a web server
// with the snippet site owners get, Parley built with the race detector, and members
// who log in through wp-login.php, by HTTP and in Chromium. scripts/gotest.sh runs
// them once for each web server: PARLEY_E2E_FRONT names it, nginx unless it says
// otherwise.
package e2e
