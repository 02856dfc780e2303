package testdb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// template returns a freshly initialised data folder to copy from, made once per
// machine, user and server version, and kept under base. It appears under its name
// only when it is complete, so a process that dies half-way leaves nothing that
// looks finished.
func template(bin, base string) (string, error) {
	version, err := exec.Command(bin, "--no-defaults", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", bin, err)
	}
	sum := sha256.Sum256(version)
	base = filepath.Join(base, "parley-testdb-"+strconv.Itoa(os.Geteuid()))
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", err
	}
	dir := filepath.Join(base, "1-"+hex.EncodeToString(sum[:6]))

	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close() // and with it the lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	half := dir + ".half" // ours alone while the lock is held
	if err := os.RemoveAll(half); err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp(base, "scratch-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	args := append(serverArgs(half, scratch), "--auth-root-authentication-method=normal", "--skip-test-db",
		"--skip-name-resolve", "--force") // --force: the machine need not know its own name
	if out, err := exec.Command("mariadb-install-db", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	return dir, os.Rename(half, dir)
}
