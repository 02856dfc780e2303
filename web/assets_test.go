package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

func someAssets(t *testing.T) *Assets {
	t.Helper()
	a, err := loadAssets(fstest.MapFS{
		"dist/manifest.json":        {Data: []byte(`{"inbox.js":"inbox-1a2b.js","lang/de.json":"lang/de-3c4d.json"}`)},
		"dist/inbox-1a2b.js":        {Data: []byte("plain")},
		"dist/inbox-1a2b.js.gz":     {Data: []byte("as gzip")},
		"dist/inbox-1a2b.js.br":     {Data: []byte("as brotli")},
		"dist/lang/de-3c4d.json":    {Data: []byte(`{}`)},
		"dist/unlisted-99.js":       {Data: []byte("nobody's")},
		"dist/.gitignore":           {Data: []byte("*")},
		"dist/lang/de-3c4d.json.gz": {Data: []byte("as gzip")},
	}, assetFiles)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func get(a *Assets, name string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/x", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.Serve(w, r, name)
	return w
}

func TestAnAssetComesInTheSmallestFormTheClientTakes(t *testing.T) {
	a := someAssets(t)
	tags := map[string]bool{}
	for accept, want := range map[string]string{
		"": "plain", "gzip": "as gzip", "gzip, deflate, br": "as brotli", "br;q=0, gzip;q=0.5": "as gzip",
		"BR": "as brotli", "identity, zstd": "plain", "gzip;q=0.0": "plain", "gzip ; q=1": "as gzip",
	} {
		w := get(a, "inbox-1a2b.js", "Accept-Encoding", accept)
		if got := w.Body.String(); w.Code != 200 || got != want {
			t.Errorf("%q: %d %q, want %q", accept, w.Code, got, want)
		}
		encoding := map[string]string{"plain": "", "as gzip": "gzip", "as brotli": "br"}[want]
		h := w.Header()
		if h.Get("Content-Encoding") != encoding || h.Get("Vary") != "Accept-Encoding" || h.Get("Content-Type") != "text/javascript; charset=utf-8" ||
			h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: %v", accept, h)
		}
		tags[h.Get("ETag")] = true
	}
	if len(tags) != 3 {
		t.Errorf("three forms, tags %v", tags)
	}
}

func TestAStableNameIsAskedForAgain(t *testing.T) {
	a := someAssets(t)
	w := get(a, "inbox.js", "Accept-Encoding", "br")
	if w.Code != 200 || w.Body.String() != "as brotli" || w.Header().Get("Cache-Control") != "public, no-cache" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	etag := w.Header().Get("ETag")
	if again := get(a, "inbox.js", "Accept-Encoding", "br", "If-None-Match", `"x", W/`+etag); again.Code != 304 || again.Body.Len() != 0 || again.Header().Get("Content-Encoding") != "" {
		t.Errorf("%d %v", again.Code, again.Header())
	}
	if other := get(a, "inbox.js", "If-None-Match", etag); other.Code != 200 {
		t.Errorf("another form: %d", other.Code)
	}
	if w := get(a, "lang/de.json"); w.Code != 200 || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestNothingElseIsServed(t *testing.T) {
	a := someAssets(t)
	for _, name := range []string{"", "manifest.json", "unlisted-99.js", ".gitignore", "../web.go", "inbox-1a2b.js.gz", "lang/", "lang/en.json"} {
		if w := get(a, name); w.Code != 404 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%q: %d %v", name, w.Code, w.Header())
		}
	}
}

func TestWithoutABuildTheStyleSheetIsThere(t *testing.T) {
	a, err := loadAssets(fstest.MapFS{"dist/.gitignore": {}}, assetFiles)
	if err != nil {
		t.Fatal(err)
	}
	if a.has("inbox.js") || a.path("inbox.js") != "" || a.path("parley.css") == "" {
		t.Errorf("%v", a.current)
	}
	w := get(a, "parley.css", "Accept-Encoding", "gzip")
	r, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(r)
	if plain := get(a, "parley.css").Body.Bytes(); err != nil || !bytes.Equal(plain, unpacked) || len(plain) == 0 {
		t.Errorf("%d bytes, %d unpacked, %v", len(plain), len(unpacked), err)
	}
	if _, err := loadAssets(fstest.MapFS{"dist/manifest.json": {Data: []byte(`{"inbox.js":"gone.js"}`)}}, assetFiles); err == nil {
		t.Error("a file the manifest names is missing, and nobody says so")
	}
}
