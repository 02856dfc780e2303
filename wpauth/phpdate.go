package wpauth

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// FormatTime writes the time of day of t as the site's members read it: in its
// time zone and time_format, e.g. "6:49 pm".
func FormatTime(o Options, t time.Time) string { return FormatPHPDate(t.In(o.zone()), o.TimeFormat) }

// FormatDate writes the day of t in the site's time zone and date_format, e.g.
// "March 2, 2026".
func FormatDate(o Options, t time.Time) string { return FormatPHPDate(t.In(o.zone()), o.DateFormat) }

func (o Options) zone() *time.Location {
	if o.Location == nil {
		return time.UTC
	}
	return o.Location
}

// FormatPHPDate formats t, in the zone it carries, by a format of PHP's date():
// every letter of it, with a backslash before a letter that stands for itself.
// Names of days and months are English.
func FormatPHPDate(t time.Time, format string) string {
	b := make([]byte, 0, 32)
	literal := false
	for i, c := range format {
		switch {
		case literal:
			b, literal = utf8.AppendRune(b, c), false
		case c == '\\' && i+1 < len(format):
			literal = true
		default:
			b = append(b, phpDateLetter(t, c)...)
		}
	}
	return string(b)
}

func phpDateLetter(t time.Time, c rune) string {
	switch c {
	case 'd':
		return pad(t.Day(), 2)
	case 'D':
		return t.Format("Mon")
	case 'j':
		return strconv.Itoa(t.Day())
	case 'l':
		return t.Weekday().String()
	case 'N':
		return strconv.Itoa((int(t.Weekday())+6)%7 + 1)
	case 'S':
		return ordinalSuffix(t.Day())
	case 'w':
		return strconv.Itoa(int(t.Weekday()))
	case 'z':
		return strconv.Itoa(t.YearDay() - 1)
	case 'W':
		_, week := t.ISOWeek()
		return pad(week, 2)
	case 'F':
		return t.Month().String()
	case 'm':
		return pad(int(t.Month()), 2)
	case 'M':
		return t.Format("Jan")
	case 'n':
		return strconv.Itoa(int(t.Month()))
	case 't':
		return strconv.Itoa(time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day())
	case 'L':
		if time.Date(t.Year(), time.December, 31, 0, 0, 0, 0, time.UTC).YearDay() == 366 {
			return "1"
		}
		return "0"
	case 'o':
		year, _ := t.ISOWeek()
		return strconv.Itoa(year)
	case 'Y':
		return pad(t.Year(), 4)
	case 'y':
		return pad(t.Year()%100, 2)
	}
	return phpTimeLetter(t, c)
}

func phpTimeLetter(t time.Time, c rune) string {
	switch c {
	case 'a':
		if t.Hour() < 12 {
			return "am"
		}
		return "pm"
	case 'A':
		return t.Format("PM")
	case 'B':
		// Swatch beats count thousandths of the day in Central European winter time.
		seconds := (t.UTC().Hour()+1)*3600 + t.UTC().Minute()*60 + t.UTC().Second()
		return pad(seconds%86400*10/864, 3)
	case 'g':
		return strconv.Itoa((t.Hour()+11)%12 + 1)
	case 'G':
		return strconv.Itoa(t.Hour())
	case 'h':
		return pad((t.Hour()+11)%12+1, 2)
	case 'H':
		return pad(t.Hour(), 2)
	case 'i':
		return pad(t.Minute(), 2)
	case 's':
		return pad(t.Second(), 2)
	case 'u':
		return pad(t.Nanosecond()/1000, 6)
	case 'v':
		return pad(t.Nanosecond()/1_000_000, 3)
	case 'e':
		return t.Location().String()
	case 'I':
		if t.IsDST() {
			return "1"
		}
		return "0"
	case 'O':
		return t.Format("-0700")
	case 'P':
		return t.Format("-07:00")
	case 'p':
		if t.Location() == time.UTC || t.Location().String() == "UTC" {
			return "Z"
		}
		return t.Format("-07:00")
	case 'T':
		name, _ := t.Zone()
		return name
	case 'Z':
		_, offset := t.Zone()
		return strconv.Itoa(offset)
	case 'c':
		return t.Format("2006-01-02T15:04:05-07:00")
	case 'r':
		return t.Format("Mon, 02 Jan 2006 15:04:05 -0700")
	case 'U':
		return strconv.FormatInt(t.Unix(), 10)
	}
	return string(c)
}

func ordinalSuffix(day int) string {
	if day >= 11 && day <= 13 {
		return "th"
	}
	switch day % 10 {
	case 1:
		return "st"
	case 2:
		return "nd"
	case 3:
		return "rd"
	}
	return "th"
}

// pad writes n with leading zeros to at least width digits.
// twoDigits are 00 to 99: times of day are made for every message that is shown.
var twoDigits = func() string {
	var b strings.Builder
	for n := range 100 {
		b.WriteByte(byte('0' + n/10))
		b.WriteByte(byte('0' + n%10))
	}
	return b.String()
}()

func pad(n, width int) string {
	if width == 2 && n >= 0 && n < 100 {
		return twoDigits[2*n : 2*n+2]
	}
	s := strconv.Itoa(n)
	if len(s) < width {
		s = strings.Repeat("0", width-len(s)) + s
	}
	return s
}
