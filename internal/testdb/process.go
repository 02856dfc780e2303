package testdb

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// startBound starts a command that the kernel kills when this process ends. The
// kernel means the thread that started it, so one thread is kept for that.
func startBound(cmd *exec.Cmd) error {
	starterOnce.Do(func() {
		go func() {
			runtime.LockOSThread()
			for f := range starter {
				f()
			}
		}()
	})
	// A group of its own: Ctrl-C on the terminal is for the tests to handle.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	result := make(chan error)
	starter <- func() { result <- cmd.Start() }
	return <-result
}

var (
	starterOnce sync.Once
	starter     = make(chan func())
)

// removeWithProcess has a folder removed when this process ends, however it does:
// a shell waits for the other end of its standard input to close. The server may
// still be dying then, so it tries a few times.
func removeWithProcess(dir string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c",
		`read -r _; for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" 2>/dev/null && exit; sleep 0.2; done`, "sh", dir)
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	keepMu.Lock()
	keep = append(keep, w) // open until the process ends
	keepMu.Unlock()
	return cmd.Process.Release()
}

var (
	keepMu sync.Mutex
	keep   []*os.File
)
