package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// distFiles is what scripts/assets.sh builds out of app/; a fresh clone has nothing
// in it but a .gitignore.
//
//go:embed all:dist
var distFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Assets are the scripts, catalogues and style sheets of the pages. They hold nothing
// of anybody's: whoever asks gets them.
type Assets struct {
	files map[string]*asset
	// current are the stable names and the names with a hash they stand for now,
	// "inbox.js" → "inbox-1a2b3c4d.js".
	current map[string]string
}

// asset is one file in its encodings.
type asset struct {
	contentType     string
	etag            string // without quotes
	plain, gzip, br []byte // gzip and br are nil where they save nothing
}

// manifestFile tells the names of what was built.
const manifestFile = "manifest.json"

// contentTypes of the files there are, by extension.
var contentTypes = map[string]string{
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".json": "application/json; charset=utf-8",
}

// loadAssets reads the built files and the style sheet of the plain page.
func loadAssets(dist, sheets fs.FS) (*Assets, error) {
	a := &Assets{files: map[string]*asset{}, current: map[string]string{}}
	manifest, err := fs.ReadFile(dist, path.Join("dist", manifestFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		if err := json.Unmarshal(manifest, &a.current); err != nil {
			return nil, err
		}
	}
	for _, name := range a.current {
		f := newAsset(name)
		if f.plain, err = fs.ReadFile(dist, path.Join("dist", name)); err != nil {
			return nil, err
		}
		// Which encodings there are is the build's business.
		f.gzip, _ = fs.ReadFile(dist, path.Join("dist", name+".gz"))
		f.br, _ = fs.ReadFile(dist, path.Join("dist", name+".br"))
		a.add(name, f)
	}
	for _, stable := range []string{"parley.css"} {
		f := newAsset(stable)
		if f.plain, err = fs.ReadFile(sheets, path.Join("assets", stable)); err != nil {
			return nil, err
		}
		if f.gzip, err = gzipped(f.plain); err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(stable, path.Ext(stable)) + "-" + sumOf(f.plain) + path.Ext(stable)
		a.current[stable] = name
		a.add(name, f)
	}
	return a, nil
}

func newAsset(name string) *asset { return &asset{contentType: contentTypes[path.Ext(name)]} }

func (a *Assets) add(name string, f *asset) {
	f.etag = sumOf(f.plain)
	a.files[name] = f
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}

func gzipped(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// has reports whether a script was built.
func (a *Assets) has(stable string) bool { return a.current[stable] != "" }

// path is where a file is below the inbox, "" for one that was not built.
func (a *Assets) path(stable string) string {
	if name := a.current[stable]; name != "" {
		return "assets/" + name
	}
	return ""
}

// Serve answers a file by its name below the assets. One with a hash in its name may be
// kept for a year; a stable name says each time whether it still means the same.
func (a *Assets) Serve(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "These files are only read.", http.StatusMethodNotAllowed)
		return
	}
	cache := "public, max-age=31536000, immutable"
	if hashed := a.current[name]; hashed != "" {
		name, cache = hashed, "public, no-cache"
	}
	f := a.files[name]
	if f == nil {
		h.Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	encoding, body := f.choose(r.Header.Values("Accept-Encoding"))
	etag := `"` + f.etag + `"`
	if encoding != "" {
		// Not "-gzip", which Apache puts behind tags by itself and rules for it take off.
		etag = `"` + f.etag + "." + encoding + `"`
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Cache-Control", cache)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", etag)
	if matches(r.Header.Values("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK) // the engine around us starts from 404
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// choose picks the smallest form a client takes.
func (f *asset) choose(accept []string) (string, []byte) {
	taken := map[string]bool{}
	for _, list := range accept {
		for entry := range strings.SplitSeq(list, ",") {
			name, parameters, _ := strings.Cut(strings.TrimSpace(entry), ";")
			q := strings.TrimSpace(parameters)
			taken[strings.ToLower(strings.TrimSpace(name))] = !noQuality.MatchString(q)
		}
	}
	switch {
	case f.br != nil && taken["br"]:
		return "br", f.br
	case f.gzip != nil && taken["gzip"]:
		return "gzip", f.gzip
	}
	return "", f.plain
}

// noQuality is how an encoding is refused.
var noQuality = regexp.MustCompile(`^(?i)q\s*=\s*0(\.0*)?$`)

// matches reports whether one of the tags of If-None-Match is this one; * is any.
func matches(sent []string, etag string) bool {
	for _, list := range sent {
		for tag := range strings.SplitSeq(list, ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if tag == etag || tag == "*" {
				return true
			}
		}
	}
	return false
}
