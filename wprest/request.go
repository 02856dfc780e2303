package wprest

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// MaxBody is the largest request body in bytes.
const MaxBody = 256 << 10

// maxMultipartFields bounds the parts of a multipart body.
const maxMultipartFields = 200

// Request is one REST request. Parameters are taken from, in this order: a JSON
// body, a form body (POST, PUT, PATCH, DELETE), the query. What the path says is
// kept apart and cannot be overridden.
type Request struct {
	HTTP *http.Request
	// Method is the effective one: _method of the query, else X-HTTP-Method-Override,
	// else the real one; upper case.
	Method string
	// Route is the decoded path below the REST root, "/namespace/…", without
	// trailing and repeated slashes.
	Route string

	path  [][2]string
	query Value
	form  Value
	json  Value

	media    string // media type without parameters, lower case
	boundary string
	body     []byte
	bodyRead bool
	tooLarge bool
	broken   bool // the body ended before its time or is no multipart
}

// newRequest reads the outside of a request, not its body.
func newRequest(h *http.Request, route string) *Request {
	r := &Request{HTTP: h, Route: route, Method: h.Method}
	if h.URL.RawQuery != "" {
		r.query = ParseForm(h.URL.RawQuery)
	}
	if m, ok := r.query.Get("_method"); ok {
		r.Method = strings.ToUpper(m.Text)
	} else if m := h.Header["X-Http-Method-Override"]; len(m) > 0 {
		r.Method = strings.ToUpper(m[0])
	}
	if ct := h.Header["Content-Type"]; len(ct) > 0 {
		media, params, err := mime.ParseMediaType(ct[0])
		if err != nil {
			media, _, _ = strings.Cut(ct[0], ";")
			media = strings.ToLower(strings.TrimSpace(media))
		}
		r.media, r.boundary = media, params["boundary"]
	}
	return r
}

// Query returns a parameter of the query alone.
func (r *Request) Query(name string) (Value, bool) { return r.query.Get(name) }

// Path returns a variable of the route.
func (r *Request) Path(name string) string {
	for _, kv := range r.path {
		if kv[0] == name {
			return kv[1]
		}
	}
	return ""
}

// isJSON reports whether the body claims to be JSON (wp_is_json_media_type).
func (r *Request) isJSON() bool {
	return r.media == "application/json" ||
		strings.HasPrefix(r.media, "application/") && strings.HasSuffix(r.media, "+json")
}

func (r *Request) isForm() bool {
	return r.media == "application/x-www-form-urlencoded"
}

// isPosted reports whether PHP would have filled $_POST: a real POST with a form.
func (r *Request) isPosted() bool {
	return r.HTTP.Method == http.MethodPost && (r.isForm() || r.media == "multipart/form-data")
}

// NonceParam is the nonce a request carries as a parameter, nil when it carries
// none: `_wpnonce` of a posted form before that of the query, as in PHP's
// $_REQUEST. It reads the body of a posted form.
func (r *Request) NonceParam() *string {
	if r.isPosted() {
		r.readForm()
	}
	for _, source := range []*Value{&r.form, &r.query} {
		if v, ok := source.Get("_wpnonce"); ok {
			if v.Kind != String {
				return &notANonce
			}
			return &v.Text
		}
	}
	return nil
}

// notANonce stands for a nonce sent as a list: it is there, and it is wrong.
var notANonce = "Array"

// Load reads and parses the body. It fails with 413 or rest_invalid_json.
func (r *Request) Load() *Error {
	if r.HTTP.Body == nil || r.HTTP.Body == http.NoBody {
		return nil
	}
	switch {
	case r.isJSON():
		r.readBody()
		// PHP's empty() holds for "" and "0".
		if r.tooLarge || r.broken || len(r.body) == 0 || string(r.body) == "0" {
			break
		}
		v, err := ParseJSON(r.body)
		if err != nil {
			return invalidJSON(err.(*JSONError))
		}
		if v.Kind == Map {
			r.json = v
		}
	default:
		r.readForm()
	}
	switch {
	case r.tooLarge:
		return BodyTooLarge(MaxBody)
	case r.broken:
		return &Error{Status: http.StatusBadRequest, Code: "parley_body_incomplete",
			Message: "The request body is incomplete."}
	}
	return nil
}

// readForm reads a form body: URL-encoded (also when no type is given) with every
// method that may have one, multipart with a real POST. Other types are ignored.
func (r *Request) readForm() {
	if r.form.Kind == Map {
		return
	}
	r.form = Value{Kind: Map}
	if r.isJSON() {
		return
	}
	// A body of an ignored type is still measured.
	r.readBody()
	if r.tooLarge || r.broken {
		return
	}
	switch {
	case r.media == "multipart/form-data":
		if r.HTTP.Method == http.MethodPost {
			r.form, r.broken = parseMultipart(r.body, r.boundary)
		}
	case r.isForm(), r.media == "" && r.Method != http.MethodPost:
		// WordPress itself reads a body without a type, but PHP reads that of a POST.
		r.form = ParseForm(string(r.body))
	}
}

func (r *Request) readBody() {
	if r.bodyRead || r.HTTP.Body == nil {
		return
	}
	r.bodyRead = true
	if r.HTTP.ContentLength > MaxBody {
		r.tooLarge = true
		return
	}
	var buf bytes.Buffer
	if r.HTTP.ContentLength > 0 {
		buf.Grow(int(r.HTTP.ContentLength) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(io.LimitReader(r.HTTP.Body, MaxBody+1))
	r.body = buf.Bytes()
	switch {
	case len(r.body) > MaxBody:
		r.body, r.tooLarge = nil, true
	case err != nil:
		// Half a form could pass for a whole one.
		r.body, r.broken = nil, true
	}
}

// parseMultipart reads the plain fields of a multipart body; files are left out.
// broken is true when it does not end as it should; then there are no fields.
func parseMultipart(body []byte, boundary string) (form Value, broken bool) {
	form = Value{Kind: Map}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for n := 0; n < maxMultipartFields; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		var text []byte
		if err == nil {
			text, err = io.ReadAll(part)
		}
		if err != nil {
			return Value{Kind: Map}, true
		}
		if part.FileName() == "" {
			addFormVar(&form, part.FormName(), string(text))
		}
	}
	for i := range form.Items {
		settleLists(&form.Items[i])
	}
	return form, false
}

// first finds a parameter under the first spelling that is sent and not null.
func (r *Request) first(arg *Arg) (spelling string, v Value, ok bool) {
	if v, ok := r.param(arg.Name); ok {
		return arg.Name, v, true
	}
	for _, name := range arg.Aliases {
		if v, ok := r.param(name); ok {
			return name, v, true
		}
	}
	return arg.Name, Value{}, false
}

// Param is a parameter as it was sent, in the body or the query; ok is false when
// it was not, or as null.
func (r *Request) Param(name string) (Value, bool) { return r.param(name) }

// IsNull reports whether a parameter was sent as null, which most take for absent.
func (r *Request) IsNull(name string) bool {
	v, ok := r.json.Get(name)
	return ok && v.Kind == Null
}

func (r *Request) param(name string) (Value, bool) {
	if v, ok := r.json.Get(name); ok && v.Kind != Null {
		return v, true
	}
	if r.form.Kind == Map && bodyMethod(r.Method) {
		if v, ok := r.form.Get(name); ok {
			return v, true
		}
	}
	return r.query.Get(name)
}

// bodyMethod reports whether WordPress looks at a form body.
func bodyMethod(m string) bool {
	switch m {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return true
	}
	return false
}

// RouteOf finds the REST route a URL asks for, below base, the path of the site's
// home ("" or "/blog"): /wp-json/…, /index.php/wp-json/…, and ?rest_route= on the
// front page or index.php. list is true when rest_route was sent as a list.
func RouteOf(u *url.URL, base string) (route string, list, ok bool) {
	path := u.Path
	if base != "" {
		rest, found := strings.CutPrefix(path, base)
		if !found || rest != "" && rest[0] != '/' {
			return "", false, false
		}
		path = rest
	}
	path = "/" + strings.TrimLeft(path, "/")
	path = strings.TrimPrefix(path, "/index.php")
	if rest, found := strings.CutPrefix(strings.TrimLeft(path, "/"), "wp-json"); found && (rest == "" || rest[0] == '/') {
		return cleanRoute(rest), false, true
	}
	if path != "" && path != "/" || !strings.Contains(u.RawQuery, "rest_route") {
		return "", false, false
	}
	query := ParseForm(u.RawQuery)
	v, found := query.Get("rest_route")
	if !found || v.Kind == String && v.Text == "" {
		return "", false, false
	}
	if v.Kind != String {
		return "", true, true
	}
	return cleanRoute(v.Text), false, true
}

// cleanRoute makes one leading slash, no trailing and no repeated ones.
func cleanRoute(s string) string {
	clean := len(s) > 1 && s[0] == '/' && s[len(s)-1] != '/' && !strings.Contains(s, "//")
	if clean {
		return s
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '/' })
	return "/" + strings.Join(parts, "/")
}
