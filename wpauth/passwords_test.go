package wpauth_test

import (
	"strings"
	"testing"

	"parley/wpauth"
)

// TestCheckPassword_Argon2AsPHP has hashes that password_hash() of PHP 8.2 made;
// the recorded vectors have only broken ones.
func TestCheckPassword_Argon2AsPHP(t *testing.T) {
	for _, tt := range []struct{ password, stored string }{
		{"žofie pass", "$argon2id$v=19$m=1024,t=2,p=1$Q044QjFtLmxFcWNaUlpqWg$H4ozSKojFpgdpbn3ghjiAjo4RBd49fSccFG/TfAhJRE"},
		{"žofie pass", "$argon2i$v=19$m=1024,t=3,p=1$RDJQa1FscHRMVkZOUzN6Qw$0ICP675wycaCJm3F5DED4/ocD6cKb3YT6Q06YXF/Cec"},
		{"x", "$argon2id$v=19$m=1024,t=2,p=1$QVpsUGtLZURzU3BNYjlRWA$pHY37TQi8giyjA5thBeLKnUhsTzxi88u0J/g0zfm86Q"},
	} {
		if !wpauth.CheckPassword(tt.password, tt.stored) {
			t.Errorf("%s: not the password of %s", tt.password, tt.stored)
		}
		if wpauth.CheckPassword(tt.password+" ", tt.stored) {
			t.Errorf("%s: a wrong password is good", tt.stored)
		}
	}
}

// TestCheckPassword_RefusesHashesMadeToCost: somebody who can write a hash must not
// be able to keep the process busy with it.
func TestCheckPassword_RefusesHashesMadeToCost(t *testing.T) {
	const salt = "$Q044QjFtLmxFcWNaUlpqWg$H4ozSKojFpgdpbn3ghjiAjo4RBd49fSccFG/TfAhJRE"
	for _, stored := range []string{
		"$2y$31$JSTEJzAkU6HwMpxPS8yyTeYqMev7IeDdqplaq6IJQvQ/rh0yym2tW",
		"$argon2id$v=19$m=4294967295,t=1,p=1" + salt,
		"$argon2id$v=19$m=65536,t=4294967295,p=1" + salt,
		"$argon2id$v=19$m=65536,t=0,p=1" + salt,
		"$argon2id$v=19$m=65536,t=1,p=0" + salt,
		"$argon2d$v=19$m=65536,t=1,p=1" + salt,
		"$P$zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
		"$P$S" + strings.Repeat("a", 30),
		"$wp$2y$31$JSTEJzAkU6HwMpxPS8yyTeYqMev7IeDdqplaq6IJQvQ/rh0yym2tW",
		"$6$" + strings.Repeat("a", 90),
	} {
		if wpauth.CheckPassword("x", stored) {
			t.Errorf("%s: accepted", stored)
		}
	}
}
