package testdb

import (
	"os"
	"sync"
	"syscall"
)

// sharedMemory is Linux's file system in memory; making tables there takes a tenth
// of the time. A small container may have only a few megabytes of it.
const (
	sharedMemory     = "/dev/shm"
	sharedMemoryFree = 4 << 30 // bytes that must be free to use it
)

// tempDir is where servers live: TMPDIR if set, else memory if there is plenty, else
// the system's temporary folder.
var tempDir = sync.OnceValue(func() string {
	var fs syscall.Statfs_t
	if os.Getenv("TMPDIR") == "" && syscall.Statfs(sharedMemory, &fs) == nil &&
		fs.Bavail*uint64(fs.Bsize) >= sharedMemoryFree && syscall.Access(sharedMemory, 0o2) == nil {
		return sharedMemory
	}
	return os.TempDir()
})
