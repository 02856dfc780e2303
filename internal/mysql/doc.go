// Package mysql opens the site's database, watches that it is there, and names
// its errors. It knows no table.
//
// Open makes a pool with a watcher; Guard ties a request's context to the
// database being there, so that nobody waits on a server that is gone; InTx runs
// a transaction and repeats it after a deadlock.
//
// Rows affected by an UPDATE are rows changed, not rows matched: an UPDATE that
// sets what is already there reports 0.
package mysql
