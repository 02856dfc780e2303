// Package testdb gives tests a real MariaDB.
//
// The first test of a process that asks for a database starts a server of its own
// in a temporary folder; it ends with the process, however that ends. Set
// PARLEY_TEST_DSN (user:password@tcp(host:3306)/) to use a server that is there
// already, for example a MySQL 8.0; its user must be allowed to create databases.
//
//	db := testdb.Open(t)       // a fresh, empty database; gone after the test
//	dsn := testdb.DSN(t)       // the same, as a DSN for mysql.Open
//	db := testdb.Site(t)       // the WordPress site of the recorded conversations
//	db := testdb.CastSite(t)   // the people of the contract's acceptance scenarios; who they are: Cast
//	s := testdb.NewServer(t)   // a server of the test's own to stop, kill, pause, start
//
// Explain and CountStatements hold hot statements to their indexes and their
// number.
package testdb
