package messaging

import (
	"strings"
	"unicode/utf8"

	"parley/messaging/store"
	"parley/wpauth"
	"parley/wptext"
)

const (
	// threadRunes is how long a text on the BuddyPress surface may be. BuddyPress has
	// no limit; this one keeps a thread readable by machines of any size.
	threadRunes = 60_000
	// noSubject is BuddyPress's subject of a thread without one.
	noSubject = "No Subject"
	// replyTo begins the subject of a reply that has none of its own.
	replyTo = "Re: "
)

// checkThreadText refuses what cannot be a message of a thread: text the tables do not
// take, too long a text, or nothing left of it (D5). White space alone is text here.
func checkThreadText(content string) (text, error) {
	switch {
	case !utf8.ValidString(content):
		return text{}, Refuse(Invalid, "The message is not valid UTF-8 text.")
	case len(content) > threadRunes && utf8.RuneCountInString(content) > threadRunes:
		return text{}, Refuse(TooLarge, "The message is too long.")
	}
	stored := wptext.StoreMessage(content)
	if stored == "" {
		return text{}, Refuse(Invalid, "Please write a message.")
	}
	t := text{content: stored, plain: wptext.Plain(wptext.FromBuddyPress(stored)), format: FormatBuddyPress}
	t.preview = wptext.Preview(t.plain, previewRunes)
	return t, nil
}

// subjectOf is the stored form of a subject that was sent, or of the given default.
func subjectOf(sent, otherwise string) (string, error) {
	if sent == "" {
		sent = otherwise
	}
	if !utf8.ValidString(sent) {
		return "", Refuse(Invalid, "The subject is not valid UTF-8 text.")
	}
	return wptext.StoreSubject(sent), nil
}

// firstSubject is the stored subject of a conversation's first message. One that was
// started on the other surface has its title for a subject (2.10).
func firstSubject(title string, first store.First) string {
	switch {
	case Format(first.Format) == FormatBuddyPress:
		return first.Subject
	case title != "":
		return wptext.SubjectFromTitle(title)
	}
	return noSubject
}

// subjects are what the messages of a conversation have for subjects that were written
// without one (2.10), in stored form: the first message's, and the others' once asked for.
type subjects struct{ first, answer string }

func subjectsOf(title string, first store.First) *subjects {
	return &subjects{first: firstSubject(title, first)}
}

// at is the subject of the message of a number.
func (u *subjects) at(seq int64) string {
	if seq == 1 {
		return u.first
	}
	if u.answer == "" {
		u.answer = wptext.StoreSubject(replyTo + u.first)
	}
	return u.answer
}

// threadMessage shows a message the way BuddyPress stores it, with the subjects of its
// conversation.
func threadMessage(m *store.ThreadMessage, u *subjects) ThreadMessage {
	t := ThreadMessage{ID: MessageID(m.ID), Thread: ConversationID(m.Conversation), Sender: wpauth.UserID(m.Sender),
		At: m.CreatedAt, Starred: m.Starred}
	t.Subject, t.Content = u.form(&m.Message)
	return t
}

// form is the subject and the text BuddyPress stores for a message: those of a message
// written through it as they are, another's text in its form.
func (u *subjects) form(m *store.Message) (subject, content string) {
	if Format(m.Format) == FormatBuddyPress {
		return m.Subject, m.Content
	}
	return u.at(m.Seq), wptext.ToBuddyPress(m.Content)
}

// BuddyPressForms is how BuddyPress stores subjects and texts of the messages of a
// conversation, whose title and first message are given.
func BuddyPressForms(title string, first store.First) func(m *store.Message) (subject, content string) {
	return subjectsOf(title, first).form
}

// threadTitle is the title a group gets that is started with a subject.
func threadTitle(stored string, runes int) string {
	return strings.TrimSpace(wptext.Preview(wptext.Plain(wptext.FromBuddyPress(stored)), runes))
}
