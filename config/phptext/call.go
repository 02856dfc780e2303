package phptext

import (
	"crypto/md5" // md5() of PHP: COOKIEHASH is made with it
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// arguments reads ( a, b, … ). Arguments after the first eight are read and dropped.
func (p *parser) arguments() []Value {
	var args []Value
	p.takeOp("(")
	for p.peek().kind != tokEnd && !p.isOp(")") {
		before := p.pos
		v := p.expression()
		if len(args) < 8 {
			args = append(args, v)
		}
		if p.takeOp(",") {
			continue
		}
		if p.isOp(")") {
			break
		}
		if p.isOp(";") || p.isOp("}") {
			return args // unbalanced; the statement ends here
		}
		if len(args) > 0 {
			args[len(args)-1] = unknown("an expression that is not understood")
		}
		if p.pos == before {
			p.passedOver()
			p.take()
		}
	}
	p.takeOp(")")
	return args
}

// construct reads what looks like a call but is part of the language.
func (p *parser) construct(name string, line int) Value {
	if !p.isOp("(") {
		if name == "exit" || name == "die" {
			if p.mode == running {
				p.done = true
			}
			return unknown("the end of the program")
		}
		return unknown("an expression that is not understood")
	}
	args := p.arguments()
	switch name {
	case "isset":
		all := boolean(true)
		for _, v := range args {
			if v.Type == Null {
				return boolean(false)
			}
			if !v.Known() {
				all = v
			}
		}
		return all
	case "empty":
		if len(args) == 1 {
			if !args[0].Known() {
				return args[0]
			}
			return boolean(!args[0].Truthy())
		}
	case "eval":
		// The text is read like the file itself; nothing runs. The official
		// WordPress image passes WORDPRESS_CONFIG_EXTRA this way.
		if len(args) == 1 && args[0].Type == String && p.mode != skipping {
			p.in.file(p.path, []byte(args[0].s), true, p.mode)
		} else if len(args) == 1 && !args[0].Known() && p.mode != skipping {
			p.in.note("%s line %d evaluates a text that is %s", p.path, line, args[0].Reason)
		}
		return unknown("the result of eval()")
	case "exit", "die":
		if p.mode == running {
			p.done = true
		}
	}
	return unknown("the result of %s()", name)
}

// call reads the arguments of a function and answers for the few that
// configuration files use. name is lower case.
func (p *parser) call(name string, t token) Value {
	args := p.arguments()
	if p.mode == skipping {
		return unknown("code that is not reached")
	}
	arg := func(i int) Value {
		if i < len(args) {
			return args[i]
		}
		return unknown("an argument that is missing")
	}
	switch name {
	case "define":
		if arg(0).Type == String {
			v := arg(1)
			if len(args) < 2 {
				v = unknown("a definition that is not understood")
			}
			p.define(arg(0).s, v, t.line)
		}
		return boolean(true)
	case "defined":
		return p.defined(arg(0))
	case "constant":
		if v, ok := p.in.res.constants[arg(0).s]; ok && arg(0).Type == String {
			return v
		}
	case "getenv":
		return p.getenv(arg(0))
	case "getenv_docker":
		return p.getenvDocker(arg(0), arg(1))
	}
	if len(args) > 0 {
		if !args[0].Known() && name != "file_get_contents" {
			return unknown("%s() of %s", name, strings.TrimPrefix(args[0].Reason, "the result of "))
		}
		if v, ok := p.pure(name, args); ok {
			return v
		}
	}
	return unknown("the result of %.60s()", t.text)
}

// pure answers for functions of known arguments.
func (p *parser) pure(name string, args []Value) (Value, bool) {
	s := args[0].s
	switch name {
	case "dirname":
		levels := 1
		if len(args) > 1 && len(args[1].s) == 1 && args[1].Type == Int {
			levels = int(args[1].s[0] - '0')
		}
		for range levels {
			s = filepath.Dir(s)
		}
		return text(s), true
	case "trim", "rtrim", "ltrim":
		cut := " \t\n\r\x00\x0b"
		if len(args) > 1 {
			if cut = args[1].s; !args[1].Known() || strings.Contains(cut, "..") {
				return Value{}, false
			}
		}
		if name != "rtrim" {
			s = strings.TrimLeft(s, cut)
		}
		if name != "ltrim" {
			s = strings.TrimRight(s, cut)
		}
		return text(s), true
	case "strtolower":
		return text(strings.ToLower(s)), true
	case "strtoupper":
		return text(strings.ToUpper(s)), true
	case "md5":
		sum := md5.Sum([]byte(s))
		return text(hex.EncodeToString(sum[:])), true
	case "file_exists", "is_file", "is_readable":
		if _, err := p.in.src.ReadFile(s); err != nil && !errors.Is(err, os.ErrNotExist) {
			return unknown("whether %s can be read (%s)", s, cause(err)), true
		} else {
			return boolean(err == nil), true
		}
	case "file_get_contents":
		if args[0].Known() {
			return p.contents(s), true
		}
	}
	return Value{}, false
}

func (p *parser) defined(name Value) Value {
	if name.Type != String {
		return unknown("a condition that is not understood")
	}
	v, ok := p.in.res.constants[name.s]
	if ok && !v.Known() && strings.Contains(v.Reason, "inside a condition") {
		return unknown("whether %s is defined, which depends on a condition", name.s)
	}
	return boolean(ok)
}

func (p *parser) getenv(name Value) Value {
	if name.Type != String {
		return unknown("the result of getenv()")
	}
	if v, ok := p.in.src.Env(name.s); ok {
		return text(v)
	}
	return Value{Type: Bool, Reason: envUnset(name.s)}
}

// getenvDocker is the function of that name in the wp-config.php of the official
// WordPress image: the variable NAME_FILE names a file, else NAME, else the default.
func (p *parser) getenvDocker(name, fallback Value) Value {
	if name.Type != String {
		return unknown("the result of getenv_docker()")
	}
	if file, ok := p.in.src.Env(name.s + "_FILE"); ok && file != "" && file != "0" {
		v := p.contents(file)
		if v.Known() {
			v = text(strings.TrimRight(v.s, "\r\n"))
		}
		return v
	}
	if v, ok := p.in.src.Env(name.s); ok {
		return text(v)
	}
	return fallback
}

func (p *parser) contents(path string) Value {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(p.path), path)
	}
	data, err := p.in.src.ReadFile(path)
	if err != nil {
		return unknown("the content of %s, which cannot be read (%s)", path, cause(err))
	}
	return text(string(data))
}
