package bpseed

import (
	"slices"
	"strconv"
)

// happen writes one message and moves the state of everybody in its thread as
// BuddyPress does (contract 2.1).
func (w *world) happen(e event) {
	t := &w.threads[e.thread]
	w.id++
	id, threadID := w.id, int64(e.thread)+1
	first := !t.begun
	sender, subject := t.creator, t.subject
	if !first {
		sender = w.speaker(t)
		subject = cut("Re: "+subject, 200)
	}
	old := e.at < w.Begin.Unix()+(w.End.Unix()-w.Begin.Unix())*2/3
	date := stamp(e.at)
	if t.odd == zeroDate && !first && w.rnd.IntN(2) == 0 {
		date = "0000-00-00 00:00:00"
		w.sum.ZeroDates++
	}
	w.messages.row(id, threadID, sender, subject, w.text.message(old), date)
	note := e.at > w.End.Unix()-(w.End.Unix()-w.Begin.Unix())/20 && t.odd == ordinary
	for i := range t.people {
		r := &t.people[i]
		if r.left || r.user == sender && !(first && len(t.people) == 1) {
			continue
		}
		// Whoever reads at all has mostly read what came before.
		reads := w.rnd.IntN(10) < 8
		if reads {
			r.unread = 0
		}
		r.unread++
		r.senderOnly, r.deleted = false, false
		if note && w.rnd.IntN(4) == 0 {
			w.notifications.row(r.user, id, sender, "messages", "new_message", date, !reads)
		}
		if w.rnd.IntN(400) == 0 && t.odd == ordinary {
			w.meta.row(id, "starred_by_user", strconv.FormatInt(r.user, 10))
		}
	}
	if w.rnd.IntN(2000) == 0 && t.odd == ordinary {
		w.meta.row(id, "_oembed_"+strconv.FormatInt(id, 16), "<iframe></iframe>")
		w.meta.row(id, "priority", "high")
	}
	if t.odd == foreignStar && first {
		w.meta.row(id, "starred_by_user", strconv.FormatInt(w.FirstMember+int64(w.Members)+7, 10))
		w.sum.ForeignStars++
	}
	t.begun = true
	// Now and then somebody deletes the thread, or leaves a group for good.
	if k := w.rnd.IntN(300); k < 3 && len(t.people) > 1 {
		t.people[w.rnd.IntN(len(t.people))].deleted = true
	} else if k == 3 && len(t.people) > 3 {
		t.people[w.rnd.IntN(len(t.people))].left = true
	}
}

// speaker picks who answers: somebody who still has the thread.
func (w *world) speaker(t *thread) int64 {
	for range 20 {
		if r := &t.people[w.rnd.IntN(len(t.people))]; !r.left && !r.deleted {
			return r.user
		}
	}
	i := slices.IndexFunc(t.people, func(r recipient) bool { return !r.left })
	t.people[max(i, 0)].deleted = false
	return t.people[max(i, 0)].user
}

// finish writes the recipient rows as they are in the end. Half of the members have
// read everything meanwhile; the rows' ids are in the order of the threads.
func (w *world) finish() {
	for i := range w.threads {
		t, threadID := &w.threads[i], int64(i)+1
		if t.odd == withoutRecipients {
			w.sum.WithoutRecipients++
			continue
		}
		if !slices.ContainsFunc(t.people, func(r recipient) bool { return !r.deleted && !r.left }) {
			// BuddyPress removes what all have deleted; here the first one kept it.
			t.people[0].deleted, t.people[0].left = false, false
		}
		for j := range t.people {
			r := &t.people[j]
			w.rowID++
			if r.left {
				continue
			}
			if w.rnd.IntN(2) == 0 {
				r.unread = 0
			}
			w.recipients.row(w.rowID, r.user, threadID, r.unread, r.senderOnly, r.deleted)
		}
		if t.odd == duplicated {
			r := t.people[0]
			w.rowID++
			w.recipients.row(w.rowID, r.user, threadID, r.unread, r.senderOnly, r.deleted)
			w.sum.Duplicates++
		}
		if t.odd == withoutMessages { // of a thread that is not there
			w.rowID++
			w.recipients.row(w.rowID, t.people[0].user, int64(w.Threads)+threadID, 0, false, false)
			w.sum.WithoutMessages++
		}
	}
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n]
}
