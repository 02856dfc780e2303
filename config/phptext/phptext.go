// Package phptext tells what constants and variables a PHP configuration file
// defines, by reading its text. Nothing is executed: literals, constants,
// simple variables, getenv() and $_ENV with their defaults, conditions on
// defined() and includes of literal paths are understood, and everything else
// has the value Unknown together with the reason. Where a condition cannot be
// decided, what is defined inside of it is Unknown too. Reading is bounded in
// time and memory whatever the file holds.
package phptext

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Bounds of one reading. Real configuration files stay far below.
const (
	maxFile   = 1 << 20  // bytes of one file
	maxFiles  = 20       // files and evaluated texts in all
	maxString = 64 << 10 // bytes of one value
	maxDepth  = 1000     // nesting of statements, expressions and includes
)

// Source is where a reading takes from what is outside of the file.
type Source struct {
	// Env looks an environment variable up. nil: there are none.
	Env func(name string) (string, bool)
	// ReadFile reads an included file, or one given to file_get_contents. nil:
	// regular files of the disk up to a megabyte.
	ReadFile func(path string) ([]byte, error)
}

// Result is what a file says.
type Result struct {
	constants map[string]Value
	variables map[string]Value
	// Notes are remarks on what was passed over, in order: includes not followed.
	Notes []string
}

// Constant returns what a constant is defined as; the first definition wins, as
// in PHP. ok is false when the file does not define it.
func (r *Result) Constant(name string) (v Value, ok bool) {
	v, ok = r.constants[name]
	return v, ok
}

// Variable returns the last value of a variable, named without the dollar.
func (r *Result) Variable(name string) (v Value, ok bool) {
	v, ok = r.variables[name]
	return v, ok
}

// Read reads the file at path and what it includes.
func Read(path string, src Source) (*Result, error) {
	if src.Env == nil {
		src.Env = func(string) (string, bool) { return "", false }
	}
	if src.ReadFile == nil {
		src.ReadFile = readRegular
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	data, err := src.ReadFile(abs)
	if err != nil {
		return nil, err
	}
	in := &interpreter{src: src, res: &Result{constants: map[string]Value{}, variables: map[string]Value{}}}
	in.file(abs, data, false, running)
	return in.res, nil
}

var errTooLarge = errors.New("is larger than a configuration file can be")

// readRegular reads a regular file of at most maxFile bytes.
func readRegular(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &os.PathError{Op: "open", Path: path, Err: errors.New("is not a file")}
	}
	if st.Size() > maxFile {
		return nil, &os.PathError{Op: "read", Path: path, Err: errTooLarge}
	}
	return os.ReadFile(path)
}

// mode tells how sure it is that the code at hand is reached.
type mode uint8

const (
	running  mode = iota // it is
	maybe                // it depends on what is not known
	skipping             // it is not
)

// interpreter holds what one reading has found so far, over all files.
type interpreter struct {
	src   Source
	res   *Result
	files int
	depth int
}

// file reads one file, or one text given to eval when inside is true.
func (in *interpreter) file(path string, data []byte, inside bool, m mode) {
	if in.files++; in.files > maxFiles {
		in.note("%s is not read: more than %d files include one another", path, maxFiles)
		return
	}
	if len(data) > maxFile {
		in.note("%s %v", path, errTooLarge)
		return
	}
	p := &parser{in: in, path: path, mode: m, toks: lex(data, inside)}
	p.program()
}

func (in *interpreter) note(format string, args ...any) {
	if len(in.res.Notes) < maxFiles {
		in.res.Notes = append(in.res.Notes, fmt.Sprintf(format, args...))
	}
}

// define records a constant as define() and const do: the first one wins.
func (in *interpreter) define(name string, v Value, m mode) {
	old, exists := in.res.constants[name]
	switch {
	case m == skipping || exists && old.Type != Unknown:
		return
	case exists:
		return // the reason met first is the one to mend first
	case m == maybe:
		v = Value{Reason: "it stands inside a condition that cannot be decided", Line: v.Line, Path: v.Path}
	}
	in.res.constants[name] = v
}

// assign records a variable.
func (in *interpreter) assign(name string, v Value, m mode) {
	switch m {
	case skipping:
		return
	case maybe:
		if old, ok := in.res.variables[name]; ok && old.Known() && same(old, v) {
			return
		}
		v = Value{Reason: "it is set inside a condition that cannot be decided", Line: v.Line, Path: v.Path}
	}
	in.res.variables[name] = v
}

// include reads the file v names, seen from the file at path.
func (in *interpreter) include(v Value, from string, line int, required bool, m mode) {
	if m == skipping {
		return
	}
	if !v.Known() {
		in.note("%s line %d includes a file whose name is %s", from, line, v.Reason)
		return
	}
	path := v.Text()
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(from), path)
	}
	data, err := in.src.ReadFile(path)
	if err != nil {
		if required || !errors.Is(err, os.ErrNotExist) {
			in.note("%s line %d includes %s, which cannot be read (%s)", from, line, path, cause(err))
		}
		return
	}
	in.file(path, data, false, m)
}

// cause is an error without the path it repeats.
func cause(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return strings.TrimSpace(err.Error())
}
