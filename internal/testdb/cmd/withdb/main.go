// Command withdb runs a command beside a throw-away MariaDB, whose DSN the command
// finds in the environment (testdb.DSNVariable), and ends with the command's exit
// code. A server that the variable already names is used instead.
//
//	withdb go test ./...
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"

	"parley/internal/testdb"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withdb:", err)
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	if len(args) == 0 {
		return 2, errors.New("which command?")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv(testdb.DSNVariable) == "" {
		server, err := testdb.Launch()
		if err != nil {
			return 1, err
		}
		defer server.Close()
		dsn := "root@tcp(127.0.0.1:" + strconv.Itoa(server.Port()) + ")/"
		cmd.Env = append(os.Environ(), testdb.DSNVariable+"="+dsn)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	err := cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
