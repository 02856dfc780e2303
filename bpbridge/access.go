package bpbridge

import (
	"math"
	"strconv"

	"parley/messaging"
	"parley/wpauth"
	"parley/wprest"
)

// outcome is what the handler found out about access, for the Allow header.
type outcome uint8

const (
	unknown outcome = iota
	granted
	refused
)

func noted(c *wprest.Call) outcome {
	o, _ := c.State.(outcome)
	return o
}

// settle notes how access to what the path names came out.
func settle(c *wprest.Call, err error) {
	switch messaging.ReasonOf(err) {
	case "":
		if err == nil {
			c.State = granted
		}
	case messaging.NotFound, messaging.NotParticipant, messaging.Left:
		c.State = refused
	}
}

// magnitude is absint(): what becomes of ids after the check of their type.
func magnitude(n int64) int64 {
	if n == math.MinInt64 {
		return math.MaxInt64
	}
	if n < 0 {
		return -n
	}
	return n
}

// caller is the member who calls; 0 for nobody.
func (d *dialect) caller(c *wprest.Call) wpauth.UserID { return d.Identity(c).UserID }

// actor is the caller as use cases want them.
func (d *dialect) actor(c *wprest.Call) messaging.Actor { return d.Actor(c) }

// viewer is the member whose state is meant: user_id, else the caller. Version 2
// puts the caller in the place of whomever a member names.
func (d *dialect) viewer(c *wprest.Call) wpauth.UserID {
	if c.Args.Sent("user_id") && (!d.second || d.actor(c).Moderator) {
		if n := magnitude(c.Args.Int("user_id")); n != 0 {
			return wpauth.UserID(n)
		}
	}
	return d.caller(c)
}

// rawViewer is viewer for requests whose arguments were not checked; ok is false for
// what is no member id.
func (d *dialect) rawViewer(c *wprest.Call) (id wpauth.UserID, ok bool) {
	v, sent := c.Param("user_id")
	if !sent || d.second && !d.actor(c).Moderator {
		return d.caller(c), true
	}
	n, ok := v.Int()
	if n == 0 {
		return d.caller(c), ok || v.Kind == wprest.String && v.Text == ""
	}
	return wpauth.UserID(magnitude(n)), ok
}

// pathID is the number in the path; 0 for what names nothing.
func pathID(c *wprest.Call) int64 {
	n, err := strconv.ParseInt(c.Path("id"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// mayList is the permission of List (contract 1.4). Whose lists a member may see is
// messaging's to say.
func (d *dialect) mayList(c *wprest.Call) error {
	if !c.Caller.LoggedIn() {
		return unauthorized(sayNotAllowed)
	}
	d.touch(c)
	if !d.second && c.Args.Int("user_id") == 0 {
		return listWords.missing
	}
	return nil
}

// memberExists answers version 2's look at user_id, which a moderator may name.
func (d *dialect) memberExists(c *wprest.Call, id wpauth.UserID) error {
	if !d.second || id == d.caller(c) {
		return nil
	}
	cards, err := d.Directory.Members(c.Ctx, []wpauth.UserID{id})
	if err == nil && !cards[id].Exists {
		err = listWords.missing
	}
	return err
}

// mayCreate is the permission of Create that needs no thread (contract 1.5).
func (d *dialect) mayCreate(c *wprest.Call) error {
	if !c.Caller.LoggedIn() {
		return unauthorized(sayLoginCreate)
	}
	return d.admit(c, messaging.GateWrite)
}

// maySee is the permission of Get, Update and Delete that needs no thread.
func (d *dialect) maySee(c *wprest.Call) error {
	if !c.Caller.LoggedIn() {
		return unauthorized(d.see.refused)
	}
	if pathID(c) == 0 {
		c.State = refused
		if d.second {
			return forbidden(d.see.refused)
		}
		return d.see.missing
	}
	if err := d.memberExists(c, d.viewer(c)); err != nil {
		return err
	}
	if c.Method != "GET" && c.Method != "HEAD" {
		return d.admit(c, messaging.GateSettings)
	}
	d.touch(c)
	return nil
}

// mayStar is the permission of Star that needs no message (contract 1.9).
func (d *dialect) mayStar(c *wprest.Call) error {
	if !c.Caller.LoggedIn() {
		return unauthorized(sayLoginStar)
	}
	if pathID(c) == 0 {
		c.State = refused
		return starWords.missing
	}
	return d.admit(c, messaging.GateSettings)
}

// admit refuses members whose account is restricted (D12).
func (d *dialect) admit(c *wprest.Call, g messaging.Gate) error {
	d.touch(c)
	if err := d.Admit(c.Ctx, d.actor(c), g); err != nil {
		return d.refuse(createWords, err)
	}
	id := d.Identity(c)
	if !id.Can("read") {
		return forbidden(sayNotAllowed)
	}
	return nil
}

// touch records presence; that is no reason to fail.
func (d *dialect) touch(c *wprest.Call) { _ = d.Seen(c.Ctx, messaging.Actor{ID: d.caller(c)}) }

// allowCollection is the Allow header of the collection: what the caller could do
// with this request's parameters (contract 1.12).
func (d *dialect) allowCollection(c *wprest.Call) []string {
	if !c.Caller.LoggedIn() {
		return nil
	}
	var methods []string
	if d.couldList(c) {
		methods = append(methods, "GET")
	}
	if d.couldCreate(c) {
		methods = append(methods, "POST")
	}
	return methods
}

func (d *dialect) couldList(c *wprest.Call) bool {
	v, sent := c.Param("user_id")
	if d.second && !d.actor(c).Moderator {
		return true
	}
	if !sent {
		// In version 1 only List has the caller as its default.
		return d.second || c.Method == "GET" || c.Method == "HEAD"
	}
	n, ok := v.Int()
	if d.second && (n == 0 && ok || v.Kind == wprest.String && v.Text == "") {
		return true // as if nobody were named
	}
	if !ok || n == 0 {
		return false
	}
	id := wpauth.UserID(magnitude(n))
	if id == d.caller(c) {
		return true
	}
	if !d.actor(c).Moderator {
		return false
	}
	cards, err := d.Directory.Members(c.Ctx, []wpauth.UserID{id})
	return err == nil && cards[id].Exists
}

func (d *dialect) couldCreate(c *wprest.Call) bool {
	if !isReply(c) {
		return true
	}
	switch noted(c) {
	case granted:
		return true
	case refused:
		return false
	}
	v, _ := c.Param("id")
	n, _ := v.Int()
	a := d.actor(c)
	return a.Moderator || d.couldSee(c, messaging.ConversationID(n), a.ID)
}

// allowItem is the Allow header of a thread.
func (d *dialect) allowItem(c *wprest.Call) []string {
	methods := c.Route.Methods()
	if !c.Caller.LoggedIn() {
		return nil
	}
	switch noted(c) {
	case granted:
		return methods
	case refused:
		return nil
	}
	if viewer, ok := d.rawViewer(c); ok && d.couldSee(c, messaging.ConversationID(pathID(c)), viewer) {
		return methods
	}
	return nil
}

// couldSee asks for as little of a thread as can be asked for.
func (d *dialect) couldSee(c *wprest.Call, id messaging.ConversationID, viewer wpauth.UserID) bool {
	if id <= 0 {
		return false
	}
	one := messaging.Slice{Page: 1, PerPage: 1}
	_, err := d.Threads.GetThread(c.Ctx, d.actor(c), id,
		messaging.ThreadQuery{Viewer: viewer, Messages: one, Recipients: one, ViewerTakesPart: d.second})
	return err == nil
}

// allowStar is the Allow header of Star.
func (d *dialect) allowStar(c *wprest.Call) []string {
	if !c.Caller.LoggedIn() || noted(c) == refused {
		return nil
	}
	if noted(c) == unknown {
		ok, err := d.Threads.MayStar(c.Ctx, d.actor(c), messaging.MessageID(pathID(c)))
		if err != nil || !ok {
			return nil
		}
	}
	return c.Route.Methods()
}
