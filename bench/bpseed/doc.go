// Package bpseed writes a BuddyPress database of any size, as years of private
// messages would have left it: a few huge threads and very many short ones, message
// ids in the order of time and therefore scattered over the threads, and states of
// recipients as BuddyPress's own rules make them (contract 2.1). The same options
// give the same rows every time.
package bpseed

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Options say what is written. Zero values take the defaults named beside them.
type Options struct {
	// Prefix of the tables, up to 40 letters, digits and underscores; "wp_".
	Prefix string
	// Threads and Messages are how many there will be; 100,000 and 1,000,000. A thread
	// has at least one message.
	Threads, Messages int
	// Members is how many people talk; a tenth of the threads, at least 20. They have
	// the ids from FirstMember on; one in 200 of them has no account any more.
	Members int
	// FirstMember is the smallest user id; 1001.
	FirstMember int64
	// Seed of everything random; 1.
	Seed uint64
	// Begin and End bound the dates; ten years up to 2026-11-01.
	Begin, End time.Time
	// Accounts writes {prefix}users rows for the members as well; rows that are there stay.
	Accounts bool
	// Clean leaves out what goes wrong on a real site in ten years: duplicate recipient
	// rows, threads without recipients, recipients without messages, zero dates, stars
	// of strangers. One thread in 2,000 has such an oddity otherwise.
	Clean bool
}

// Summary is what was written, by table, and what of it is out of order.
type Summary struct {
	Threads, Messages, Recipients, Meta, Notifications int
	// Largest is the number of messages of the longest thread.
	Largest int
	// Duplicates, WithoutRecipients, WithoutMessages, ZeroDates and ForeignStars are
	// the oddities: recipient rows, threads, recipient rows, messages, stars.
	Duplicates, WithoutRecipients, WithoutMessages, ZeroDates, ForeignStars int
}

var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`)

// fill puts the defaults in and refuses what cannot be.
func (o *Options) fill() error {
	if o.Prefix == "" {
		o.Prefix = "wp_"
	}
	if o.Threads == 0 {
		o.Threads = 100_000
	}
	if o.Messages == 0 {
		o.Messages = 10 * o.Threads
	}
	if o.Members == 0 {
		o.Members = max(20, o.Threads/10)
	}
	if o.FirstMember == 0 {
		o.FirstMember = 1001
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.End.IsZero() {
		o.End = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Begin.IsZero() {
		o.Begin = o.End.AddDate(-10, 0, 0)
	}
	switch {
	case !prefixPattern.MatchString(o.Prefix):
		return fmt.Errorf("bpseed: the prefix %q is not made of letters, digits and underscores", o.Prefix)
	case o.Threads < 1 || o.Messages < o.Threads:
		return errors.New("bpseed: there must be threads, and at least one message for each")
	case o.Members < 5 || o.FirstMember < 1:
		return errors.New("bpseed: there must be at least five members, with ids above 0")
	case !o.Begin.Before(o.End):
		return errors.New("bpseed: the end is not after the beginning")
	}
	return nil
}
