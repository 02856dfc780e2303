package wpsite

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// Member is an account of the site.
type Member struct {
	ID       int64  `json:"id"`
	Login    string `json:"login"`
	Password string `json:"password"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	// Role is a WordPress role.
	Role string `json:"role"`
	// Trust is Jetonomy's trust level, 0-5.
	Trust int `json:"-"`
	// Spaces are slugs of the spaces the member is in.
	Spaces []string `json:"-"`
}

// cast returns the eight members of the site, with fresh passwords. erin shares a
// space with greta only; dave's trust level lets him answer but not begin.
func cast() []Member {
	members := []Member{
		{Login: "admin", Name: "Ada Keller", Role: "administrator", Trust: 0, Spaces: []string{"general", "garden"}},
		{Login: "mona", Name: "Mona Haddad", Role: "editor", Trust: 0, Spaces: []string{"general"}},
		{Login: "alice", Name: "Alice Moreau", Role: "subscriber", Trust: 1, Spaces: []string{"general"}},
		{Login: "bob", Name: "Bob Martinez", Role: "subscriber", Trust: 2, Spaces: []string{"general"}},
		{Login: "carol", Name: "Carol Okafor", Role: "subscriber", Trust: 3, Spaces: []string{"general"}},
		{Login: "dave", Name: "Dave Lindqvist", Role: "subscriber", Trust: 0, Spaces: []string{"general"}},
		{Login: "erin", Name: "Erin Walsh", Role: "subscriber", Trust: 1, Spaces: []string{"garden"}},
		{Login: "greta", Name: "Greta Novak", Role: "subscriber", Trust: 4, Spaces: []string{"general", "garden"}},
	}
	for i := range members {
		members[i].Email = members[i].Login + "@example.org"
		members[i].Password = members[i].Login + "-" + secret(8)
	}
	return members
}

// secret returns n random letters and digits.
func secret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return strings.ToLower(base32.StdEncoding.EncodeToString(b))[:n]
}
