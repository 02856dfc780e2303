package bpbridge

// SearchTerm is for tests.
var SearchTerm = searchTerm
