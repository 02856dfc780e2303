// Package realtime tells connected members what happened, the moment it is committed,
// and everything they missed when they come back: docs/realtime.md is its protocol.
//
// A Hub is given the committed events of the site in their order (messaging.Feed), finds
// out whom each is for, and puts one shared frame into the queues of their connections.
// It never waits for a reader: a queue that is full ends its connection, and the client
// resumes behind the last position it got. How frames reach a client is the business of
// its Sink (package wire); the Hub knows no HTTP.
package realtime
