package personal

import (
	"bufio"
	_ "embed"
	"html/template"
	"io"

	"parley/messaging"
)

//go:embed page.gohtml
var pageText string

// page has one template for each piece. Everything in it is text to html/template, so
// nothing a member wrote can become markup.
var page = template.Must(template.New("page").Funcs(template.FuncMap{"stamp": stamp, "state": state, "choice": choice}).Parse(pageText))

// HTML writes the data as one page that needs nothing else and runs nothing.
type HTML struct {
	w    *bufio.Writer
	open bool // a conversation
}

// NewHTML makes a writer of HTML.
func NewHTML(w io.Writer) *HTML { return &HTML{w: bufio.NewWriterSize(w, 1<<16)} }

// Begin implements messaging.PersonalWriter.
func (h *HTML) Begin(p *messaging.Personal) error { return page.ExecuteTemplate(h.w, "begin", p) }

// Conversation implements messaging.PersonalWriter.
func (h *HTML) Conversation(c *messaging.PersonalConversation) error {
	if err := h.close(); err != nil {
		return err
	}
	h.open = true
	return page.ExecuteTemplate(h.w, "conversation", c)
}

// Message implements messaging.PersonalWriter.
func (h *HTML) Message(m *messaging.PersonalMessage) error {
	return page.ExecuteTemplate(h.w, "message", m)
}

// End implements messaging.PersonalWriter.
func (h *HTML) End() error {
	if err := h.close(); err != nil {
		return err
	}
	if err := page.ExecuteTemplate(h.w, "end", nil); err != nil {
		return err
	}
	return h.w.Flush()
}

func (h *HTML) close() error {
	if !h.open {
		return nil
	}
	return page.ExecuteTemplate(h.w, "close", nil)
}

// choice is what a member chose in words.
func choice(on *bool) string {
	switch {
	case on == nil:
		return "as the site has it"
	case *on:
		return "on"
	}
	return "off"
}
