package bpbridge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/wpauth"
	"parley/wprest"
)

func TestUploadedAvatarsGoBeforeGravatars(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"7/5f2-bpfull.jpg", "7/5f2-bpthumb.png", "7/notes.txt", "8/9aa-bpthumb.jpg", "9/x\"onerror=-bpfull.jpg"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	site := wpauth.Options{SiteURL: "https://x.test/blog/", ShowAvatars: true, AvatarRating: "g"}
	const ours, gravatar = "https://x.test/blog/wp-content/uploads/avatars/", "//www.gravatar.com/avatar/"
	for _, c := range []struct {
		about       string
		dir, url    string
		member      wpauth.Member
		full, thumb string
	}{
		{"both files", dir, "", wpauth.Member{ID: 7, Exists: true}, ours + "7/5f2-bpfull.jpg", ours + "7/5f2-bpthumb.png"},
		{"one file", dir, "", wpauth.Member{ID: 8, Exists: true}, gravatar, ours + "8/9aa-bpthumb.jpg"},
		{"a name BuddyPress never gives", dir, "", wpauth.Member{ID: 9, Exists: true}, gravatar, gravatar},
		{"no folder", dir, "", wpauth.Member{ID: 10, Exists: true}, gravatar, gravatar},
		{"an account that is gone", dir, "", wpauth.Member{ID: 7}, gravatar, gravatar},
		{"another address", dir, "https://cdn.test/a/", wpauth.Member{ID: 7, Exists: true}, "https://cdn.test/a/7/5f2-bpfull.jpg", "https://cdn.test/a/7/5f2-bpthumb.png"},
		{"not looked for", "", "", wpauth.Member{ID: 7, Exists: true}, gravatar, gravatar},
	} {
		d := &dialect{pictures: newPictures(c.dir)}
		d.AvatarsURL = c.url
		var j wprest.JSON
		j.Open()
		(&view{d: d, site: site}).writeAvatars(&j, c.member)
		j.Close()
		v, err := wprest.ParseJSON(j.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		sizes := v.Items[0]
		for i, want := range []string{c.full, c.thumb} {
			if got := sizes.Items[i].Text; !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q, want it to begin with %q", c.about, sizes.Keys[i], got, want)
			}
		}
	}
}
