// Package companion tests the companion plugin in a real WordPress, in front of which
// no web server knows of Parley: what reaches Parley, the plugin has forwarded.
package companion
