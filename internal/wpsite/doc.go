// Package wpsite brings up a whole site on this machine: a throw-away MariaDB, a
// real WordPress under php-fpm, Jetonomy's tables with sample rows, Parley, and in
// front nginx, Apache or Caddy with the snippet site owners get. The demo and the
// end-to-end tests use it. All of it runs on free ports or sockets out of temporary folders, beside
// the machine's own services, and ends with the process.
package wpsite
