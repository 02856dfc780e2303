package bpbridge

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"parley/internal/cache"
	"parley/wpauth"
)

// A picture may be this old: it decides nothing, and looking is a read of a folder.
const (
	picturesTTL = time.Minute
	picturesMax = 20000
)

// picture holds the names of the files a member uploaded through BuddyPress; "" for
// none of that size.
type picture struct{ full, thumb string }

// pictures finds uploaded avatars as bp_core_fetch_avatar does: a folder for each
// member, in it a file with -bpfull and one with -bpthumb in its name. nil finds none.
type pictures struct {
	dir   string
	known *cache.Cache[wpauth.UserID, picture]
}

func newPictures(dir string) *pictures {
	if dir == "" {
		return nil
	}
	return &pictures{dir: dir, known: cache.New[wpauth.UserID, picture](cache.Options{TTL: picturesTTL, MaxItems: picturesMax})}
}

// of returns a member's uploaded pictures. A folder that is not there, or cannot be
// read, holds none.
func (p *pictures) of(id wpauth.UserID) picture {
	if p == nil || id <= 0 {
		return picture{}
	}
	if found, ok := p.known.Get(id); ok {
		return found
	}
	var found picture
	entries, _ := os.ReadDir(filepath.Join(p.dir, strconv.FormatInt(int64(id), 10)))
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !plainName(name) {
			continue
		}
		switch {
		case strings.Contains(name, "-bpfull."):
			found.full = name
		case strings.Contains(name, "-bpthumb."):
			found.thumb = name
		}
	}
	p.known.Set(id, found)
	return found
}

// plainName admits the names BuddyPress gives its files, which need no escaping in an
// address or an attribute.
func plainName(name string) bool {
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
