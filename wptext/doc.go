// Package wptext holds everything that is done to the text of messages: what a
// reader sees of it, how it is shown as safe HTML, how it is shortened and how
// it is made comparable for searching.
//
// The functions are pure, never panic, accept any bytes (invalid UTF-8 becomes
// U+FFFD) and take time linear in their input. The package knows neither HTTP
// nor SQL.
package wptext
