// Command testsum reads what go test -json prints and shows a line for each
// package, everything a failed test said, and at the end how many tests passed,
// failed and were skipped. It fails when one failed or nothing ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is a line of test2json (go doc test2json), or of a build that failed.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
	Elapsed    float64
}

func main() {
	if !sum(os.Stdin, os.Stdout) {
		os.Exit(1)
	}
}

func sum(in io.Reader, out io.Writer) bool {
	said := map[string]*strings.Builder{} // by package and test, until its end is known
	var passed, failed, skipped int
	broken := false
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Action == "" {
			fmt.Fprintln(out, lines.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			if e.Action == "build-output" {
				fmt.Fprint(out, e.Output)
				break
			}
			if said[key] == nil {
				said[key] = &strings.Builder{}
			}
			said[key].WriteString(e.Output)
		case "build-fail":
			broken = true
		case "pass", "fail", "skip":
			text := ""
			if said[key] != nil {
				text = said[key].String()
				delete(said, key)
			}
			if e.Test == "" {
				if e.Action == "fail" {
					broken = true
					fmt.Fprint(out, text)
				}
				if e.Action != "skip" { // a package without tests
					fmt.Fprintf(out, "%-5s %-32s %6.1fs\n", e.Action, e.Package, e.Elapsed)
				}
				break
			}
			switch e.Action {
			case "pass":
				passed++
			case "skip":
				skipped++
				fmt.Fprint(out, text)
			case "fail":
				failed++
				fmt.Fprint(out, text)
			}
		}
	}
	// What was under way when a process died has no end of its own.
	for key, text := range said {
		if strings.Contains(text.String(), "panic:") || strings.Contains(text.String(), "DATA RACE") {
			fmt.Fprintf(out, "%s:\n%s", key, text)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(out, err)
		broken = true
	}
	if broken {
		fmt.Fprintln(out, "FAIL: a package did not build or did not end well, see above")
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return !broken && failed == 0 && passed > 0
}
