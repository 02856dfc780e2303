package schema

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var files embed.FS

// known are the migrations of this binary, by version from 1 without gaps.
var known = must(load(files, "migrations"))

// migration is one step of the schema. Its statements may each run again after
// they ran before: MySQL and MariaDB commit every DDL statement by itself, so an
// interrupted migration is resumed by running it from its first statement.
type migration struct {
	version  int
	name     string
	up, down []string // with {{p}} for the prefix
	checksum string   // of up
}

var fileName = regexp.MustCompile(`^([0-9]{4})_([a-z0-9_]+)\.(up|down)\.sql$`)

// load reads NNNN_name.up.sql and NNNN_name.down.sql of a folder.
func load(fsys fs.FS, dir string) ([]migration, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, e := range entries { // sorted, so the down file of a version is met first
		m := fileName.FindStringSubmatch(e.Name())
		if m == nil {
			return nil, fmt.Errorf("%s is not named NNNN_name.up.sql or NNNN_name.down.sql", e.Name())
		}
		version, _ := strconv.Atoi(m[1])
		if len(out) == 0 || out[len(out)-1].version != version {
			out = append(out, migration{version: version, name: m[2]})
		}
		mig := &out[len(out)-1]
		if mig.name != m[2] {
			return nil, fmt.Errorf("version %d has two names, %s and %s", version, mig.name, m[2])
		}
		text, err := fs.ReadFile(fsys, dir+"/"+e.Name())
		if err != nil {
			return nil, err
		}
		statements, err := split(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		if m[3] == "up" {
			mig.up = statements
			sum := sha256.Sum256([]byte(strings.Join(statements, ";\n")))
			mig.checksum = hex.EncodeToString(sum[:])
		} else {
			mig.down = statements
		}
	}
	slices.SortFunc(out, func(a, b migration) int { return a.version - b.version })
	for i, m := range out {
		switch {
		case m.version != i+1:
			return nil, fmt.Errorf("version %d is missing", i+1)
		case len(m.up) == 0 || len(m.down) == 0:
			return nil, fmt.Errorf("version %d lacks its up or down file", m.version)
		}
	}
	return out, nil
}

func render(statement, prefix string) string {
	return strings.ReplaceAll(statement, "{{p}}", prefix)
}

func must(m []migration, err error) []migration {
	if err != nil {
		panic("schema: " + err.Error())
	}
	return m
}
