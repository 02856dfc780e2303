// Package bound ties programs and folders to the life of this process, so that a
// test or a demo that is killed leaves neither behind.
package bound

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// Start starts a command to which the kernel sends a signal when this process
// ends, however it does. Use SIGKILL, or what a program with children of its own
// needs to take them down. The command gets a process group of its own: Ctrl-C on
// the terminal is for this process to handle.
//
// The kernel means the thread that started the command, so one is kept for that.
func Start(cmd *exec.Cmd, atEnd syscall.Signal) error {
	starterOnce.Do(func() {
		go func() {
			runtime.LockOSThread()
			for f := range starter {
				f()
			}
		}()
	})
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig, cmd.SysProcAttr.Setpgid = atEnd, true
	result := make(chan error)
	starter <- func() { result <- cmd.Start() }
	return <-result
}

var (
	starterOnce sync.Once
	starter     = make(chan func())
)

// Remove has a folder removed when this process ends, however it does: a shell
// waits for the other end of its standard input to close. A server may still be
// dying in the folder then, so it tries a few times.
func Remove(dir string) error {
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
		w.Close()
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
