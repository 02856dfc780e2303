package web

import (
	"embed"
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/wpauth"
)

// catalogueFiles are the wordings of all pages and elements, one file a language. What
// only the server says has keys "page.…", which the build keeps out of the scripts.
//
//go:embed app/lang/*.json
var catalogueFiles embed.FS

// words is the wording of one language; what it lacks is English.
type words struct {
	// Lang and Dir are attributes of the page: a BCP 47 tag and ltr or rtl.
	Lang, Dir string
	own       map[string]string
	english   map[string]string
	plural    func(int64) string
}

// catalogues are the wordings by language.
type catalogues map[string]map[string]string

func loadCatalogues() (catalogues, error) {
	entries, err := catalogueFiles.ReadDir("app/lang")
	if err != nil {
		return nil, err
	}
	all := catalogues{}
	for _, e := range entries {
		raw, err := catalogueFiles.ReadFile(path.Join("app/lang", e.Name()))
		if err != nil {
			return nil, err
		}
		texts := map[string]string{}
		if err := json.Unmarshal(raw, &texts); err != nil {
			return nil, err
		}
		all[strings.TrimSuffix(e.Name(), ".json")] = texts
	}
	return all, nil
}

// rightToLeft are the languages written that way among those WordPress is in.
var rightToLeft = []string{"ar", "arq", "ary", "azb", "ckb", "dv", "fa", "haz", "he", "ps", "sd", "skr", "snd", "ug", "ur", "yi"}

// in is the wording for a locale as WordPress writes it, "de_DE_formal". A language
// there is no catalogue of is English altogether, direction included.
func (c catalogues) in(locale string) *words {
	language, _, _ := strings.Cut(locale, "_")
	w := &words{Lang: "en", Dir: "ltr", own: c["en"], english: c["en"], plural: oneOrOther}
	if own, ok := c[language]; ok {
		w.Lang, w.own = languageTag(locale), own
		if slices.Contains(rightToLeft, language) {
			w.Dir = "rtl"
		}
		if language == "ar" {
			w.plural = arabicForm
		}
	}
	return w
}

// languageTag is the BCP 47 tag of a locale; WordPress's variants are none of its.
func languageTag(locale string) string {
	parts := strings.Split(locale, "_")
	return strings.Join(parts[:min(len(parts), 2)], "-")
}

func (w *words) isEnglish() bool { return w.Lang == "en" || strings.HasPrefix(w.Lang, "en-") }

// T is the wording of a key; pairs are names and values for its {placeholders}.
func (w *words) T(key string, pairs ...string) string {
	text, ok := w.own[key]
	if !ok {
		if text, ok = w.english[key]; !ok {
			return key
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}

// N is the wording of a key with the plural form of n.
func (w *words) N(key string, n int64) string {
	form := key + "#" + w.plural(n)
	if _, ok := w.own[form]; !ok {
		form = key + "#other"
	}
	return w.T(form, "n", strconv.FormatInt(n, 10))
}

// oneOrOther is the rule of English, German, and most languages of Europe.
func oneOrOther(n int64) string {
	if n == 1 {
		return "one"
	}
	return "other"
}

// arabicForm is CLDR's rule for Arabic.
func arabicForm(n int64) string {
	switch {
	case n == 0:
		return "zero"
	case n == 1:
		return "one"
	case n == 2:
		return "two"
	case n%100 >= 3 && n%100 <= 10:
		return "few"
	case n%100 >= 11:
		return "many"
	}
	return "other"
}

// ago says how long ago something was, as roughly as people do.
func (w *words) ago(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{365 * 24 * time.Hour, "year"}, {30 * 24 * time.Hour, "month"}, {7 * 24 * time.Hour, "week"},
		{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int64(d / unit.size); n > 0 {
			return w.N("page.ago."+unit.name, n)
		}
	}
	return w.T("time.now")
}

// date is a day: in English as the site's settings want it, elsewhere as the language does.
func (w *words) date(site wpauth.Options, t time.Time) string {
	if w.isEnglish() {
		return wpauth.FormatDate(site, t)
	}
	t = t.In(zone(site))
	return w.T("page.date", "day", strconv.Itoa(t.Day()), "year", strconv.Itoa(t.Year()),
		"month", w.T("page.month."+strconv.Itoa(int(t.Month()))))
}

func zone(site wpauth.Options) *time.Location {
	if site.Location == nil {
		return time.UTC
	}
	return site.Location
}
