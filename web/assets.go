package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strconv"
)

// assets are the embedded files, each under a name that changes with its content.
type assets struct {
	css   string // path below the inbox, "assets/parley-1a2b3c4d.css"
	files map[string][]byte
}

func loadAssets(files fs.FS) (*assets, error) {
	css, err := fs.ReadFile(files, "assets/parley.css")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(css)
	name := "parley-" + hex.EncodeToString(sum[:4]) + ".css"
	return &assets{css: "assets/" + name, files: map[string][]byte{name: css}}, nil
}

// serve answers a file; anybody may have it, and keep it for ever.
func (a *assets) serve(w http.ResponseWriter, r *http.Request, name string) {
	file, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(file)))
	w.WriteHeader(http.StatusOK) // the engine around us starts from 404
	if r.Method != http.MethodHead {
		_, _ = w.Write(file)
	}
}
