package wpauth

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/blake2b"
)

// maxPassword is the length in bytes above which WordPress refuses a password,
// so that nobody keeps it busy with hashing (wp_check_password).
const maxPassword = 4096

// checkFastHash is wp_verify_fast_hash(): $generic$ hashes (keyed BLAKE2b, 30
// bytes), and every kind CheckPassword knows.
func checkFastHash(password, stored string) bool {
	digest, ok := strings.CutPrefix(stored, "$generic$")
	if !ok {
		return CheckPassword(password, stored)
	}
	return equal(fastHash(password), digest)
}

// fastHash is wp_fast_hash() without its prefix.
func fastHash(password string) string {
	h, err := blake2b.New(30, []byte("wp_fast_hash_6.8+"))
	if err != nil {
		panic(err) // only lengths out of range: a mistake of this line
	}
	h.Write([]byte(password))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// isExpensive tells whether checking against a stored hash takes long on purpose.
func isExpensive(stored string) bool {
	return len(stored) > 32 && !strings.HasPrefix(stored, "$generic$")
}

// CheckPassword is wp_check_password(): MD5 (anything up to 32 characters),
// phpass ($P$, $H$), WordPress's own bcrypt ($wp$2y$, over an HMAC-SHA384 of the
// password), and PHP's bcrypt and Argon2.
func CheckPassword(password, stored string) bool {
	switch {
	case len(stored) <= 32:
		sum := md5.Sum([]byte(password))
		return equal(hex.EncodeToString(sum[:]), stored)
	case len(password) > maxPassword:
		return false
	case strings.HasPrefix(stored, "$wp"):
		mac := hmac.New(sha512.New384, []byte("wp-sha384"))
		mac.Write([]byte(password))
		return checkBcrypt(base64.StdEncoding.EncodeToString(mac.Sum(nil)), stored[3:])
	case strings.HasPrefix(stored, "$P$"), strings.HasPrefix(stored, "$H$"):
		return checkPHPass(password, stored)
	case strings.HasPrefix(stored, "$2"):
		return checkBcrypt(password, stored)
	case strings.HasPrefix(stored, "$argon2"):
		return checkArgon2(password, stored)
	}
	return false
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// checkBcrypt is password_verify(): the password ends at a zero byte, as in C,
// and what goes beyond 72 bytes does not count.
func checkBcrypt(password, stored string) bool {
	if cost, err := bcrypt.Cost([]byte(stored)); err != nil || cost > maxBcryptCost {
		return false
	}
	password, _, _ = strings.Cut(password, "\x00")
	return bcrypt.CompareHashAndPassword([]byte(stored), []byte(password[:min(72, len(password))])) == nil
}

// Hashes costlier than these are not checked: at 14, bcrypt takes a second.
const (
	maxBcryptCost   = 14
	maxArgon2Memory = 256 << 10 // KiB
	maxArgon2Work   = 1 << 20   // KiB times passes
)

// phpassAlphabet is phpass's order of base64 digits.
const phpassAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// checkPHPass is PasswordHash::CheckPassword() of phpass for its portable hashes:
// `$P$`, a digit for the logarithm of the rounds, 8 of salt, 22 of digest.
func checkPHPass(password, stored string) bool {
	if len(stored) != 34 {
		return false
	}
	log := strings.IndexByte(phpassAlphabet, stored[3])
	if log < 7 || log > 20 {
		return false
	}
	sum := md5.Sum([]byte(stored[4:12] + password))
	buf := make([]byte, md5.Size+len(password))
	copy(buf[md5.Size:], password)
	for range 1 << log {
		copy(buf, sum[:])
		sum = md5.Sum(buf)
	}
	return equal(phpassEncode(sum[:]), stored[12:])
}

// phpassEncode writes three bytes as four digits, lowest bits first.
func phpassEncode(in []byte) string {
	var out strings.Builder
	for i := 0; i < len(in); i += 3 {
		var v uint32
		n := min(3, len(in)-i)
		for j := range n {
			v |= uint32(in[i+j]) << (8 * j)
		}
		for j := range n + 1 {
			out.WriteByte(phpassAlphabet[v>>(6*j)&63])
		}
	}
	return out.String()
}

// checkArgon2 verifies `$argon2id$v=19$m=…,t=…,p=…$salt$digest`, and argon2i.
func checkArgon2(password, stored string) bool {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false
	}
	var memory, passes uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil {
		return false
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	digest, errDigest := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errDigest != nil || len(digest) < 4 || len(digest) > 64 || passes == 0 || threads == 0 ||
		memory > maxArgon2Memory || uint64(memory)*uint64(passes) > maxArgon2Work {
		return false
	}
	derive := argon2.IDKey
	switch parts[1] {
	case "argon2id":
	case "argon2i":
		derive = argon2.Key
	default:
		return false
	}
	got := derive([]byte(password), salt, passes, memory, threads, uint32(len(digest)))
	return subtle.ConstantTimeCompare(got, digest) == 1
}
