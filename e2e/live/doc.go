// Package live holds the end-to-end tests of realtime: two Parleys behind one nginx that
// gives each request to the next of them, a real WordPress, and members in Chromium whose
// nodes die, whose networks go down and whose proxies stand in the way. They run once,
// for no other web server changes what they show.
package live
