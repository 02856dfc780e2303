package wpsite

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Program returns the parley that end-to-end tests run: the one PARLEY_E2E_BINARY
// names, for several packages and web servers share one, else one built into dir with
// the race detector and the pages in it.
func Program(root, dir string) (string, error) {
	if binary := os.Getenv("PARLEY_E2E_BINARY"); binary != "" {
		return binary, nil
	}
	binary := filepath.Join(dir, "parley")
	for _, step := range []*exec.Cmd{
		exec.Command(filepath.Join(root, "scripts", "assets.sh")),
		exec.Command("go", "build", "-race", "-o", binary, "./cmd/parley"),
	} {
		step.Dir = root
		if out, err := step.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v: %w\n%s", step.Args, err, out)
		}
	}
	return binary, nil
}
