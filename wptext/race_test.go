//go:build race

package wptext_test

// slowdown allows for the race detector.
const slowdown = 20
