// Package cluster proves that several nodes of one site lose nothing: its tests start
// MariaDB, Redis, nginx and some Parleys as hosts of a network of their own, cut links,
// kill, freeze and restart hosts and step clocks while members send and read on all
// nodes, and have package history judge what the members saw.
//
// The tests need Linux, and root or the right to make user namespaces. Everything lives
// in namespaces that end with the test's process.
package cluster
