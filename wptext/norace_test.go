//go:build !race

package wptext_test

const slowdown = 1
