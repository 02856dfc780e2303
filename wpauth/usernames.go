package wpauth

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxUserName bounds names that are looked up, in bytes; the column holds 60 characters.
const maxUserName = 1024

var (
	octets   = regexp.MustCompile(`%[a-fA-F0-9][a-fA-F0-9]`)
	entities = regexp.MustCompile(`&.+?;`)
	spaces   = regexp.MustCompile(`\s+`)
)

// sanitizeUser is sanitize_user() as get_user_by( 'login' ) applies it before it
// looks: no accents, percent escapes or entities, white space collapsed. WordPress
// also takes tags out; a name that might have one is refused instead (""), and so
// is what no account can be called.
func sanitizeUser(name string) string {
	if len(name) > maxUserName || !utf8.ValidString(name) || strings.Contains(name, "<") {
		return ""
	}
	name = removeAccents(name)
	name = octets.ReplaceAllString(name, "")
	name = entities.ReplaceAllString(name, "")
	return spaces.ReplaceAllString(strings.Trim(name, " \t\n\r\x00\v"), " ")
}

// letters that are not a base letter with a mark, as remove_accents() spells them.
var letters = strings.NewReplacer(
	"Æ", "AE", "æ", "ae", "Ð", "D", "ð", "d", "Ø", "O", "ø", "o", "Þ", "TH", "þ", "th", "ß", "s",
	"Đ", "D", "đ", "d", "Ħ", "H", "ħ", "h", "ı", "i", "Ĳ", "IJ", "ĳ", "ij", "ĸ", "k", "Ŀ", "L", "ŀ", "l",
	"Ł", "L", "ł", "l", "ŉ", "n", "Ŋ", "N", "ŋ", "n", "Œ", "OE", "œ", "oe", "Ŧ", "T", "ŧ", "t", "ſ", "s",
	"ª", "a", "º", "o", "€", "E", "£", "",
)

// removeAccents is remove_accents(): Latin letters lose their marks, other
// scripts stay as they are.
func removeAccents(name string) string {
	ascii := true
	for i := range len(name) {
		ascii = ascii && name[i] < 0x80
	}
	if ascii {
		return name
	}
	var out strings.Builder
	for _, r := range letters.Replace(norm.NFC.String(name)) {
		if unicode.Is(unicode.Latin, r) && r >= 0x80 {
			base := []rune(norm.NFD.String(string(r)))
			if base[0] < 0x80 {
				r = base[0]
			}
		}
		out.WriteRune(r)
	}
	return out.String()
}

var (
	emailLocal  = regexp.MustCompile("^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.-]+$")
	domainLabel = regexp.MustCompile(`^[a-zA-Z0-9-]+$`)
)

// isEmail is is_email().
func isEmail(s string) bool {
	if len(s) < 6 || len(s) > maxUserName || strings.LastIndex(s, "@") < 1 {
		return false
	}
	local, domain, _ := strings.Cut(s, "@")
	if !emailLocal.MatchString(local) || strings.Contains(domain, "..") ||
		strings.Trim(domain, " \t\n\r\x00\v.") != domain {
		return false
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if strings.Trim(l, " \t\n\r\x00\v-") != l || !domainLabel.MatchString(l) {
			return false
		}
	}
	return true
}
