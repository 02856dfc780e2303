package messaging

import (
	"context"
	"time"

	"parley/internal/cache"
	"parley/wpauth"
	"parley/wptext"
)

// nameTTL is how old a name that search compares with may be. It decides nothing but
// whether a word is found.
const nameTTL = time.Minute

// namesPerRead bounds one reading of members.
const namesPerRead = 500

// nameCache holds folded display names.
type nameCache struct {
	dir   wpauth.Directory
	names *cache.Cache[int64, string]
}

func newNameCache(dir wpauth.Directory) *nameCache {
	return &nameCache{dir: dir, names: cache.New[int64, string](cache.Options{TTL: nameTTL, MaxItems: 50_000})}
}

// folded returns the folded names of everybody in the candidates but the viewer.
func (c *nameCache) folded(ctx context.Context, candidates []candidate, viewer int64) (map[int64]string, error) {
	out := make(map[int64]string, len(candidates))
	var absent []wpauth.UserID
	for _, candidate := range candidates {
		for _, id := range candidate.people {
			if _, seen := out[id]; seen || id == viewer {
				continue
			}
			name, ok := c.names.Get(id)
			if out[id] = name; !ok {
				absent = append(absent, wpauth.UserID(id))
			}
		}
	}
	for len(absent) > 0 {
		n := min(len(absent), namesPerRead)
		members, err := c.dir.Members(ctx, absent[:n])
		if err != nil {
			return nil, err
		}
		for _, id := range absent[:n] {
			name := wptext.Fold(members[id].Name())
			out[int64(id)] = name
			c.names.Set(int64(id), name)
		}
		absent = absent[n:]
	}
	return out, nil
}
