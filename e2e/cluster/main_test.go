package cluster_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"parley/internal/bound"
)

var (
	seedFlag = flag.Uint64("seed", 0, "the number a run is planned with; 0: another one each time")
	soakFlag = flag.Duration("soak", 0, "how long to go on making faults; 0: each kind once")
)

// insideVariable is set in the process that lives in the namespaces.
const insideVariable = "PARLEY_CLUSTER_INSIDE"

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(insideVariable) != "" {
		if err := settleIn(); err != nil {
			fmt.Fprintln(os.Stderr, "cluster:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	code, err := goInside()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		code = 1
	}
	os.Exit(code)
}

// goInside runs this program again with a network and mounts of its own, and returns its
// exit code. Whatever happens to it, the kernel removes the network with the last process
// that lives there: nothing is left behind, and runs do not meet.
func goInside() (int, error) {
	binary, remove, err := program()
	if err != nil {
		return 1, err
	}
	defer remove()
	run := func(asUser bool) (*exec.Cmd, error) {
		cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.Env = append(os.Environ(), insideVariable+"=1", binaryVariable+"="+binary)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
		if asUser {
			// Inside, this user is called root, whose folders are not theirs.
			own := filepath.Join(os.TempDir(), fmt.Sprint("parley-cluster-of-", os.Geteuid()))
			if err := os.MkdirAll(own, 0o700); err != nil {
				return nil, err
			}
			cmd.Env = append(cmd.Env, "TMPDIR="+own)
			cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
		}
		return cmd, bound.Start(cmd, syscall.SIGKILL)
	}
	cmd, err := run(os.Geteuid() != 0)
	if errors.Is(err, syscall.EPERM) && os.Geteuid() == 0 { // root of a container without rights
		cmd, err = run(true)
	}
	if err != nil {
		return 1, fmt.Errorf("this test makes hosts of its own and needs network namespaces: run it as root with "+
			"CAP_SYS_ADMIN (docker run --privileged), or allow user namespaces (kernel.unprivileged_userns_clone, "+
			"user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns): %w", err)
	}
	if err := cmd.Wait(); err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			return max(exit.ExitCode(), 1), nil
		}
		return 1, err
	}
	return 0, nil
}

// settleIn gives this process a place for names of networks that nobody else sees.
func settleIn() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount a folder for the names of networks: %w", err)
	}
	return ip("link set lo up")
}

// binaryVariable names the Parley to run, built with the tag steppedclock.
const binaryVariable = "PARLEY_E2E_BINARY"

// program is the Parley to run: the one of the caller, or one built here.
func program() (path string, remove func(), err error) {
	if path := os.Getenv(binaryVariable); path != "" {
		return path, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "parley-cluster-")
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, "parley")
	_, file, _, _ := runtime.Caller(0)
	cmd := exec.Command("go", "build", "-race", "-tags", "steppedclock", "-o", path, "./cmd/parley")
	cmd.Dir = filepath.Join(filepath.Dir(file), "..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		_ = os.RemoveAll(dir)
		return "", nil, fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	return path, func() { _ = os.RemoveAll(dir) }, nil
}

// eventually waits until something is so; what it waits for may take as long as a busy
// machine needs.
func eventually(t testing.TB, what string, ok func() error) {
	t.Helper()
	if err := within(what, ok); err != nil {
		t.Fatal(err)
	}
}

// within is eventually for what is no reason to stop.
func within(what string, ok func() error) (err error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = ok(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("not within %v: %s: %w", patience, what, err)
}

// patience bounds every wait for something that must come.
const patience = 2 * time.Minute
