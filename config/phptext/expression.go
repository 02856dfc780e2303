package phptext

import (
	"path/filepath"
	"strings"
)

// expression reads one expression and returns what it means. From loose to tight:
// or/xor/and, assignment, ?:, ??, ||, &&, the binary operators, unary ones.
func (p *parser) expression() Value {
	defer p.leave()
	if !p.enter() {
		return unknown("an expression that is nested too deeply")
	}
	left := p.assignment()
	for p.isWord("or", "xor", "and") {
		op := strings.ToLower(p.take().text)
		if op == "xor" {
			op = "?"
		} else {
			op = map[string]string{"or": "||", "and": "&&"}[op]
		}
		left = p.logical(op, left, p.assignment)
	}
	return left
}

// assignment reads $name = …, $name .= …, or anything tighter.
func (p *parser) assignment() Value {
	if p.peek().kind == tokVar && p.toks[p.pos+1].kind == tokOp {
		name, op := p.peek().text, p.toks[p.pos+1].text
		switch op {
		case "=", ".=", "??=":
			p.pos += 2
			old := p.variable(name)
			var v Value
			if op == "??=" && old.Known() && old.Type != Null {
				p.with(skipping, func() { p.nested() })
				return old
			}
			p.takeOp("&")
			v = p.nested()
			if op == ".=" {
				v = concat(old, v)
			}
			v.Line, v.Path = p.peek().line, p.path
			p.in.assign(name, v, p.mode)
			return v
		case "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", "&=", "|=", "^=", "++", "--":
			p.pos += 2
			if op != "++" && op != "--" {
				p.nested()
			}
			v := unknown("a calculation")
			p.in.assign(name, v, p.mode)
			return v
		}
	}
	return p.ternary()
}

// nested is assignment on a new level.
func (p *parser) nested() Value {
	defer p.leave()
	if !p.enter() {
		return unknown("an expression that is nested too deeply")
	}
	return p.assignment()
}

func (p *parser) ternary() Value {
	cond := p.coalesce()
	for p.isOp("?") {
		p.take()
		yes, no := cond, Value{}
		m := [2]mode{running, skipping}
		if !cond.Known() {
			m = [2]mode{maybe, maybe}
		} else if !cond.Truthy() {
			m = [2]mode{skipping, running}
		}
		if !p.isOp(":") {
			p.with(m[0], func() { yes = p.nested() })
		}
		if !p.takeOp(":") {
			return unknown("an expression that is not understood")
		}
		p.with(m[1], func() { no = p.nested() })
		switch {
		case cond.Known() && cond.Truthy():
			cond = yes
		case cond.Known():
			cond = no
		case yes.Known() && no.Known() && same(yes, no):
			cond = yes
		default:
			cond = unknown("a choice that depends on %s", cond.Reason)
		}
	}
	return cond
}

func (p *parser) coalesce() Value {
	left := p.binary(0)
	if !p.takeOp("??") {
		return left
	}
	m := skipping
	switch left.Type {
	case Unknown:
		m = maybe
	case Null:
		m = running
	}
	var right Value
	p.with(m, func() {
		defer p.leave()
		if p.enter() {
			right = p.coalesce()
		}
	})
	if left.Type == Null {
		return right
	}
	return left
}

// precedence of the binary operators, higher binds tighter.
var precedence = map[string]int{
	"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5,
	"==": 6, "!=": 6, "<>": 6, "===": 6, "!==": 6, "<=>": 6,
	"<": 7, "<=": 7, ">": 7, ">=": 7,
	".": 8, "<<": 9, ">>": 9, "+": 10, "-": 10, "*": 11, "/": 11, "%": 11, "**": 12,
}

// binary reads operators that bind tighter than min.
func (p *parser) binary(min int) Value {
	left := p.unary()
	for {
		t := p.peek()
		prec := precedence[t.text]
		if t.kind == tokName && strings.EqualFold(t.text, "instanceof") {
			p.take()
			p.unary()
			left = unknown("a comparison of classes")
			continue
		}
		if t.kind != tokOp || prec <= min {
			return left
		}
		p.take()
		right := func() Value {
			defer p.leave()
			if !p.enter() {
				return unknown("an expression that is nested too deeply")
			}
			return p.binary(prec)
		}
		switch t.text {
		case "||", "&&":
			left = p.logical(t.text, left, right)
		default:
			left = operate(t.text, left, right())
		}
	}
}

// logical joins by || or && (any other op is unknown), reading the right side in
// the mode that short-circuiting gives it.
func (p *parser) logical(op string, left Value, right func() Value) Value {
	m := running
	if op == "||" || op == "&&" {
		decisive := op == "||"
		switch {
		case !left.Known():
			m = maybe
		case left.Truthy() == decisive:
			p.with(skipping, func() { right() })
			return boolean(decisive)
		}
	}
	var r Value
	p.with(m, func() { r = right() })
	if op != "||" && op != "&&" {
		return unknown("a condition that is not understood")
	}
	if !left.Known() {
		if r.Known() && r.Truthy() == (op == "||") {
			return boolean(op == "||") // whatever the left side is
		}
		return left
	}
	if !r.Known() {
		return r
	}
	return boolean(r.Truthy())
}

func operate(op string, a, b Value) Value {
	if op == "." {
		return concat(a, b)
	}
	if !a.Known() {
		return a
	}
	if !b.Known() {
		return b
	}
	switch op {
	case "===":
		return boolean(same(a, b))
	case "!==":
		return boolean(!same(a, b))
	case "==", "!=", "<>":
		if eq, ok := loose(a, b); ok {
			return boolean(eq == (op == "=="))
		}
	}
	return unknown("a calculation")
}

func concat(a, b Value) Value {
	if !a.Known() {
		return a
	}
	if !b.Known() {
		return b
	}
	if len(a.s)+len(b.s) > maxString {
		return unknown("a text longer than %d bytes", maxString)
	}
	return text(a.s + b.s)
}

func (p *parser) unary() Value {
	defer p.leave()
	if !p.enter() {
		return unknown("an expression that is nested too deeply")
	}
	t := p.peek()
	if t.kind == tokOp {
		switch t.text {
		case "!":
			p.take()
			v := p.unary()
			if !v.Known() {
				return v
			}
			return boolean(!v.Truthy())
		case "-", "+":
			p.take()
			v := p.unary()
			if v.Type != Int && v.Type != Float {
				return unknown("a calculation")
			}
			if t.text == "-" {
				v = number("-" + v.s)
			}
			return v
		case "@", "&", "...":
			p.take()
			return p.unary()
		case "~", "++", "--":
			p.take()
			p.unary()
			return unknown("a calculation")
		case "(":
			if v, ok := p.cast(); ok {
				return v
			}
		}
	}
	switch {
	case p.takeWord("include", "include_once"):
		return p.includes(false)
	case p.takeWord("require", "require_once"):
		return p.includes(true)
	case p.takeWord("print", "clone", "throw", "yield"):
		p.expression()
		return unknown("an expression that is not understood")
	case p.takeWord("new"):
		p.unary()
		return unknown("an object")
	}
	return p.postfix(p.primary())
}

// cast reads (string) and its like.
func (p *parser) cast() (Value, bool) {
	if p.pos+2 >= len(p.toks) || p.toks[p.pos+1].kind != tokName || p.toks[p.pos+2].text != ")" || p.toks[p.pos+2].kind != tokOp {
		return Value{}, false
	}
	to := strings.ToLower(p.toks[p.pos+1].text)
	switch to {
	case "string", "bool", "boolean", "int", "integer", "float", "double", "array", "object":
	default:
		return Value{}, false
	}
	p.pos += 3
	v := p.unary()
	switch {
	case !v.Known():
		return v, true
	case to == "string":
		return text(v.s), true
	case to == "bool" || to == "boolean":
		return boolean(v.Truthy()), true
	case to == "int" || to == "integer":
		if v.Type == Int || v.Type == String && number(v.s).Type == Int {
			return number(v.s), true
		}
		if v.Type == Bool || v.Type == Null {
			return number("0" + v.s), true
		}
	}
	return unknown("a calculation"), true
}

// postfix reads what may follow a value: an index, a call, a member.
func (p *parser) postfix(v Value) Value {
	for {
		switch {
		case p.isOp("["):
			p.balanced()
			v = unknown("an element of an array")
		case p.isOp("("):
			p.arguments()
			v = unknown("the result of a call")
		case p.isOp("->"), p.isOp("?->"), p.isOp("::"):
			p.take()
			if p.isOp("{") {
				p.balanced()
			} else {
				p.take()
			}
			v = unknown("a member of an object")
		case p.isOp("++"), p.isOp("--"):
			p.take()
			v = unknown("a calculation")
		case p.isOp("=") || p.isOp(".=") || p.isOp("??="):
			// An assignment to something else than a plain variable.
			p.take()
			v = p.nested()
		default:
			return v
		}
	}
}

// parenthesized reads ( expression ).
func (p *parser) parenthesized() Value {
	if !p.takeOp("(") {
		return unknown("an expression that is not understood")
	}
	v := p.expression()
	for !p.isOp(")") && !p.isOp(";") && p.peek().kind != tokEnd {
		v = unknown("an expression that is not understood")
		p.passedOver()
		p.take()
	}
	p.takeOp(")")
	return v
}

func (p *parser) primary() Value {
	t := p.peek()
	switch t.kind {
	case tokString:
		p.take()
		return text(t.text)
	case tokOpaque:
		p.take()
		return unknown("%s", t.text)
	case tokNumber:
		p.take()
		return number(t.text)
	case tokVar:
		p.take()
		if p.isOp("[") {
			return p.element(t.text)
		}
		return p.variable(t.text)
	case tokName:
		return p.named()
	case tokOp:
		switch t.text {
		case "(":
			return p.parenthesized()
		case "[":
			p.balanced()
			return unknown("an array")
		}
	}
	return unknown("an expression that is not understood")
}

func (p *parser) variable(name string) Value {
	if v, ok := p.in.res.variables[name]; ok {
		return v
	}
	return Value{Type: Null, Reason: "the variable $" + name + " is not set"}
}

// element reads $name[…]; only the environment is known.
func (p *parser) element(name string) Value {
	p.take()
	key := p.expression()
	if !p.takeOp("]") {
		return unknown("an expression that is not understood")
	}
	if name != "_ENV" && name != "_SERVER" || !key.Known() {
		return unknown("an element of $%s", name)
	}
	if name == "_SERVER" && requestVariable(key.s) {
		return unknown("$_SERVER['%.60s'], which differs between requests", key.s)
	}
	if v, ok := p.in.src.Env(key.s); ok {
		return text(v)
	}
	return Value{Type: Null, Reason: envUnset(key.s)}
}

func envUnset(name string) string {
	return "the environment variable " + name + " is not set"
}

// requestVariable tells the elements of $_SERVER that come from the web server.
func requestVariable(name string) bool {
	for _, prefix := range []string{"HTTP_", "SERVER_", "REMOTE_", "REQUEST_", "SCRIPT_", "PATH_", "PHP_", "QUERY_", "DOCUMENT_", "ORIG_", "REDIRECT_", "CONTENT_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "HTTPS" || name == "argv" || name == "argc" || name == "GATEWAY_INTERFACE"
}

// named reads a keyword, a constant, or a call of a function.
func (p *parser) named() Value {
	t := p.take()
	name := strings.ToLower(t.text)
	switch name {
	case "true":
		return boolean(true)
	case "false":
		return boolean(false)
	case "null":
		return Value{Type: Null}
	case "__dir__":
		return text(filepath.Dir(p.path))
	case "__file__":
		return text(p.path)
	case "php_eol":
		return text("\n")
	case "directory_separator":
		return text("/")
	case "isset", "empty", "array", "list", "eval", "exit", "die":
		return p.construct(name, t.line)
	case "function", "fn", "static", "match":
		p.closure()
		return unknown("a function")
	}
	if p.isOp("(") {
		return p.call(name, t)
	}
	if p.isOp("::") {
		return unknown("a member of a class")
	}
	if v, ok := p.in.res.constants[t.text]; ok {
		return v
	}
	return unknown("the constant %.60s", t.text)
}

// closure passes over a function without a name, or a match.
func (p *parser) closure() {
	for p.peek().kind != tokEnd && !p.isOp(";") && !p.isOp(",") && !p.isOp(")") {
		switch {
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
