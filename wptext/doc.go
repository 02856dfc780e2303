// Package wptext holds everything that is done to the text of messages.
//
// For the Jetonomy surface: what a reader sees (Plain), how it is shown as safe
// HTML (Render), how it is shortened (Preview) and made comparable for searching
// (Fold).
//
// For the BuddyPress surface: the form in which BuddyPress stores a subject and
// a message (StoreSubject, StoreMessage), how a site shows stored text (Style)
// and shortens it (Excerpt). These follow WordPress byte for byte where clients
// compare; testdata/messages.json holds recordings of the original,
// testdata/exceptions.json what is done differently and why.
//
// ToBuddyPress, FromBuddyPress and SubjectFromTitle turn the text of one surface
// into that of the other.
//
// The functions are pure, never panic, accept any bytes (invalid UTF-8 becomes
// U+FFFD) and take time linear in their input. The package knows neither HTTP
// nor SQL.
package wptext
