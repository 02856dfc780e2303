package wptext

// allowlist names the attributes each permitted element may have.
type allowlist map[string]map[string]bool

// subjectTags is what BuddyPress lets subjects and excerpts hold, messageTags
// what it lets messages hold (BuddyPress contract 3.1, lists A and B).
var (
	subjectTags = newAllowlist(map[string][]string{
		"a": {"href", "title"}, "abbr": {"title"}, "acronym": {"title"}, "b": nil,
		"blockquote": {"cite"}, "q": {"cite"}, "cite": nil, "code": nil, "del": {"datetime"},
		"em": nil, "i": nil, "s": nil, "strike": nil, "strong": nil,
	}, nil)
	messageTags = newAllowlist(map[string][]string{
		"a":    {"aria-label", "class", "data-bp-tooltip", "id", "rel"},
		"img":  {"src", "alt", "width", "height", "class", "id"},
		"span": {"class", "data-livestamp"},
		"ul":   nil, "ol": nil, "li": nil, "p": nil,
	}, subjectTags)
)

func newAllowlist(elements map[string][]string, base allowlist) allowlist {
	l := allowlist{}
	for name, attributes := range base {
		l[name] = map[string]bool{}
		for a := range attributes {
			l[name][a] = true
		}
	}
	for name, attributes := range elements {
		if l[name] == nil {
			l[name] = map[string]bool{}
		}
		for _, a := range attributes {
			l[name][a] = true
		}
	}
	return l
}

// urlAttributes are the permitted attributes whose value is a URL.
var urlAttributes = set("href", "src", "cite")

// protocols are the schemes a URL may have.
var protocols = set(
	"http", "https", "ftp", "ftps", "mailto", "news", "irc", "irc6", "ircs", "gopher", "nntp",
	"feed", "telnet", "mms", "rtsp", "sms", "svn", "tel", "fax", "xmpp", "webcal", "urn")

// entityNames are the named character references of HTML 4, and &apos;. An
// ampersand before any other name is only an ampersand.
var entityNames = set(
	"quot", "amp", "lt", "gt", "apos",
	"nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf",
	"laquo", "not", "shy", "reg", "macr", "deg", "plusmn", "sup1", "sup2", "sup3", "acute",
	"micro", "para", "middot", "cedil", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest",
	"Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute",
	"Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute",
	"Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute",
	"THORN", "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil",
	"egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde",
	"ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave", "uacute", "ucirc",
	"uuml", "yacute", "thorn", "yuml",
	"OElig", "oelig", "Scaron", "scaron", "Yuml", "fnof", "circ", "tilde",
	"Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta", "Theta", "Iota", "Kappa", "Lambda",
	"Mu", "Nu", "Xi", "Omicron", "Pi", "Rho", "Sigma", "Tau", "Upsilon", "Phi", "Chi", "Psi", "Omega",
	"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
	"mu", "nu", "xi", "omicron", "pi", "rho", "sigmaf", "sigma", "tau", "upsilon", "phi", "chi",
	"psi", "omega", "thetasym", "upsih", "piv",
	"ensp", "emsp", "thinsp", "zwnj", "zwj", "lrm", "rlm", "ndash", "mdash", "lsquo", "rsquo",
	"sbquo", "ldquo", "rdquo", "bdquo", "dagger", "Dagger", "bull", "hellip", "permil", "prime",
	"Prime", "lsaquo", "rsaquo", "oline", "frasl", "euro", "image", "weierp", "real", "trade",
	"alefsym", "larr", "uarr", "rarr", "darr", "harr", "crarr", "lArr", "uArr", "rArr", "dArr",
	"hArr", "forall", "part", "exist", "empty", "nabla", "isin", "notin", "ni", "prod", "sum",
	"minus", "lowast", "radic", "prop", "infin", "ang", "and", "or", "cap", "cup", "int", "there4",
	"sim", "cong", "asymp", "ne", "equiv", "le", "ge", "sub", "sup", "nsub", "sube", "supe",
	"oplus", "otimes", "perp", "sdot", "lceil", "rceil", "lfloor", "rfloor", "lang", "rang", "loz",
	"spades", "clubs", "hearts", "diams")

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}
