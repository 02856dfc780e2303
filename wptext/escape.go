package wptext

// appendEscaped appends text as HTML text.
func appendEscaped(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		var e string
		switch s[i] {
		case '&':
			e = "&amp;"
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		default:
			continue
		}
		b = append(b, s[from:i]...)
		b = append(b, e...)
		from = i + 1
	}
	return append(b, s[from:]...)
}

// appendAttribute appends text as the content of a double-quoted attribute.
func appendAttribute(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '"':
			b = append(b, "&#34;"...)
		default:
			b = append(b, s[i])
		}
	}
	return b
}
