package phptext

import (
	"path/filepath"
	"strings"
)

// parser walks the tokens of one file once, from front to back, and does what
// the statements say to the interpreter as far as it can be told.
type parser struct {
	in   *interpreter
	path string
	mode mode
	toks []token
	pos  int
	done bool // exit, return or wp-settings.php was reached
}

func (p *parser) peek() token { return p.toks[p.pos] }

func (p *parser) take() token {
	t := p.toks[p.pos]
	if t.kind != tokEnd {
		p.pos++
	}
	return t
}

func (p *parser) isOp(s string) bool {
	t := p.toks[p.pos]
	return t.kind == tokOp && t.text == s
}

func (p *parser) takeOp(s string) bool {
	if p.isOp(s) {
		p.pos++
		return true
	}
	return false
}

// isWord reports whether the next token is one of the keywords.
func (p *parser) isWord(words ...string) bool {
	t := p.toks[p.pos]
	if t.kind != tokName {
		return false
	}
	for _, w := range words {
		if strings.EqualFold(t.text, w) {
			return true
		}
	}
	return false
}

func (p *parser) takeWord(words ...string) bool {
	if p.isWord(words...) {
		p.pos++
		return true
	}
	return false
}

// with runs f in mode m; nothing becomes surer by being nested.
func (p *parser) with(m mode, f func()) {
	old := p.mode
	p.mode = max(old, m)
	f()
	p.mode = old
}

// enter guards the depth of recursion; a file nested deeper is given up on.
func (p *parser) enter() bool {
	if p.in.depth++; p.in.depth > maxDepth {
		p.in.note("%s is not read behind line %d: it is nested too deeply", p.path, p.peek().line)
		p.pos = len(p.toks) - 1
		p.done = true
		return false
	}
	return true
}

func (p *parser) leave() { p.in.depth-- }

func (p *parser) program() {
	for p.peek().kind != tokEnd && !p.done {
		p.statement()
	}
}

// statement reads one statement. It always takes at least one token, unless at the end.
func (p *parser) statement() {
	defer p.leave()
	if !p.enter() || p.done {
		return
	}
	switch {
	case p.peek().kind == tokHTML:
		p.take()
	case p.isOp("{"):
		p.block()
	case p.takeOp(";"), p.takeOp("}"):
	case p.isOp("#["):
		p.balanced()
	case p.takeWord("if"):
		p.conditional()
	case p.isWord("function", "class", "abstract", "final", "interface", "trait", "enum"):
		p.declaration()
	case p.takeWord("const"):
		p.constants()
	case p.takeWord("while", "for", "foreach", "switch", "declare", "try", "catch", "finally", "do", "else", "elseif"):
		// A body that may run never, once or often.
		p.with(maybe, func() {
			if p.isOp("(") {
				p.balanced()
			}
			if !p.takeOp(":") {
				p.statement()
			}
		})
	case p.isWord("return", "exit", "die"):
		p.take()
		p.toSemicolon()
		if p.mode == running {
			p.done = true
		}
	case p.isWord("namespace", "use", "global", "static", "unset", "echo", "print", "goto"):
		p.toSemicolon()
	case p.takeWord("endif", "endwhile", "endfor", "endforeach", "endswitch"):
	default:
		p.expression()
		if !p.takeOp(";") && p.peek().kind != tokHTML {
			p.toSemicolon()
		}
	}
}

func (p *parser) block() {
	p.takeOp("{")
	for p.peek().kind != tokEnd && !p.done {
		if p.takeOp("}") {
			return
		}
		p.statement()
	}
}

// conditional reads an if statement, with braces or in the form with colons.
func (p *parser) conditional() {
	decided := false // a branch before was surely taken
	open := running  // how sure it is that the next branch is reached
	for {
		var cond Value
		p.with(open, func() { cond = p.parenthesized() })
		branch := open
		switch {
		case decided || cond.Known() && !cond.Truthy():
			branch = skipping
		case !cond.Known():
			branch = max(open, maybe)
			open = max(open, maybe)
		default:
			decided = true
		}
		p.branch(branch)
		if decided {
			open = skipping
		}
		if p.takeWord("elseif") {
			continue
		}
		if p.isWord("else") {
			p.take()
			if p.takeWord("if") {
				continue
			}
			p.branch(open)
		}
		if p.takeWord("endif") {
			p.takeOp(";")
		}
		return
	}
}

// branch reads one branch of an if statement.
func (p *parser) branch(m mode) {
	p.with(m, func() {
		if !p.takeOp(":") {
			p.statement()
			return
		}
		for p.peek().kind != tokEnd && !p.done && !p.isWord("elseif", "else", "endif") {
			p.statement()
		}
	})
}

// constants reads what follows the keyword const.
func (p *parser) constants() {
	for p.peek().kind == tokName {
		name := p.take()
		if !p.takeOp("=") {
			break
		}
		v := p.expression()
		p.define(name.text, v, name.line)
		if !p.takeOp(",") {
			break
		}
	}
	p.toSemicolon()
}

func (p *parser) define(name string, v Value, line int) {
	v.Line, v.Path = line, p.path
	p.in.define(name, v, p.mode)
}

// declaration passes over a function or class: nothing in it runs by itself.
func (p *parser) declaration() {
	for p.peek().kind != tokEnd {
		switch {
		case p.takeOp(";"):
			return
		case p.isOp("("):
			p.balanced()
		case p.isOp("{"):
			p.balanced()
			return
		default:
			p.take()
		}
	}
}

// balanced passes over a bracketed run of tokens, the brackets included.
func (p *parser) balanced() {
	depth := 0
	for p.peek().kind != tokEnd {
		t := p.take()
		if t.kind != tokOp {
			continue
		}
		switch t.text {
		case "(", "[", "{", "#[":
			depth++
		case ")", "]", "}":
			if depth--; depth <= 0 {
				return
			}
		}
	}
}

// toSemicolon passes over the rest of a statement. Constants defined in what is
// passed over are remembered as unreadable rather than as absent.
func (p *parser) toSemicolon() {
	depth := 0
	for p.peek().kind != tokEnd {
		if p.peek().kind == tokHTML && depth == 0 {
			return
		}
		if p.isOp("}") && depth == 0 {
			return
		}
		p.passedOver()
		t := p.take()
		if t.kind != tokOp {
			continue
		}
		switch t.text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth = max(depth-1, 0)
		case ";":
			if depth == 0 {
				return
			}
		}
	}
}

// passedOver marks the constant that a define() at this place names.
func (p *parser) passedOver() {
	if !p.isWord("define") || p.pos+3 >= len(p.toks) {
		return
	}
	open, name := p.toks[p.pos+1], p.toks[p.pos+2]
	if open.kind == tokOp && open.text == "(" && name.kind == tokString {
		p.define(name.text, unknown("a definition inside a statement that is not understood"), name.line)
	}
}

// includes handles include, require and their _once forms; the keyword is taken.
func (p *parser) includes(required bool) Value {
	line := p.peek().line
	v := p.expression()
	if p.mode == skipping {
		return unknown("an include")
	}
	if v.Known() && filepath.Base(v.Text()) == "wp-settings.php" {
		if p.mode == running {
			p.done = true // WordPress itself starts here; configuration ends
		}
		return unknown("an include")
	}
	p.in.include(v, p.path, line, required, p.mode)
	return unknown("an include")
}
