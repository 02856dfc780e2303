package bpbridge

import "parley/wprest"

// Contexts of the item schema's properties.
var (
	both     = []string{"view", "edit"}
	editOnly = []string{"edit"}
)

// property is one property of the item schema as OPTIONS tells it.
type property struct {
	name, description, kind string
	readonly, required      bool
	// nullable dates have the format date-time.
	date bool
	// items is the type of a list's elements.
	items string
	// raw and rendered describe the two forms of a text; "" where there are none.
	raw, rendered string
	// flags are BuddyPress's inconsistencies between its three texts.
	defaults, renderedReadonly, emptyDefault bool
	// shape describes the elements of a list of objects, as JSON; "" for not at all.
	shape string
}

// second is the property as version 2 tells it.
func (p *property) second() *property {
	q := *p
	switch p.name {
	case "id":
		q.readonly = true
	case "date":
		q.description = "Date of the latest message of the Thread, in the site's timezone."
	case "recipients":
		q.description = "The list of Avatar URLs for the recipient involved into the Thread."
		q.shape = `{"avatar_urls":{"description":"Avatar URLs for the recipient.","type":"object","context":["view","edit"],"readonly":true,` +
			`"properties":{"full":{"description":"Avatar URL with full image size (150 x 150 pixels).","type":"string","format":"uri","context":["view","edit"]},` +
			`"thumb":{"description":"Avatar URL with thumb image size (50 x 50 pixels).","type":"string","format":"uri","context":["view","edit"]}}}}`
	case "messages":
		q.shape = `{` + member("id", "ID of the recipient.", "integer") + `,` + member("thread_id", "Thread ID.", "integer") + `,` +
			member("user_id", "The user ID of the recipient.", "integer") + `,` +
			member("unread_count", "The unread count for the recipient.", "integer") + `,` +
			member("is_deleted", "Status of the recipient.", "boolean") + `,` +
			member("sender_only", "If recipient is the only sender.", "boolean") + `,` +
			member("name", "Name of the recipient.", "string") + `,` +
			member("user_link", "The link of the recipient.", "string") + `}`
	}
	return &q
}

func member(name, description, kind string) string {
	return `"` + name + `":{"description":"` + description + `","type":"` + kind + `","context":["view","edit"],"readonly":true}`
}

var properties = []property{
	{name: "id", description: "A unique numeric ID for the Thread.", kind: "integer"},
	{name: "message_id", description: "The ID of the latest message of the Thread.", kind: "integer", readonly: true},
	{name: "last_sender_id", description: "The ID of latest sender of the Thread.", kind: "integer", readonly: true},
	{name: "subject", description: "Title of the latest message of the Thread.", kind: "object",
		raw:      "Title of the latest message of the Thread, as it exists in the database.",
		rendered: "Title of the latest message of the Thread, transformed for display.",
		defaults: true, renderedReadonly: true},
	{name: "excerpt", description: "Summary of the latest message of the Thread.", kind: "object", readonly: true,
		raw:      "Summary for the latest message of the Thread, as it exists in the database.",
		rendered: "HTML summary for the latest message of the Thread, transformed for display."},
	{name: "message", description: "Content of the latest message of the Thread.", kind: "object", required: true,
		raw:              "Content for the latest message of the Thread, as it exists in the database.",
		rendered:         "HTML content for the latest message of the Thread, transformed for display.",
		renderedReadonly: true},
	{name: "date", description: "Dat of the latest message of the Thread, in the site's timezone.", date: true, readonly: true},
	{name: "date_gmt", description: "Date of the latest message of the Thread, as GMT.", date: true, readonly: true},
	{name: "unread_count", description: "Total count of unread messages into the Thread for the requested user.", kind: "integer", readonly: true},
	{name: "sender_ids", description: "The list of user IDs for all messages in the Thread.", kind: "array", items: "integer", readonly: true},
	{name: "recipients", description: "The list of recipient User Objects involved into the Thread.", kind: "array", items: "object"},
	{name: "messages", description: "List of message objects for the thread.", kind: "array", items: "object", readonly: true},
	{name: "starred_message_ids", description: "List of starred message IDs.", kind: "array", items: "integer", readonly: true, emptyDefault: true},
}

func propertyNamed(name string) *property {
	for i := range properties {
		if properties[i].name == name {
			return &properties[i]
		}
	}
	panic("bpbridge: no property " + name)
}

// writeSchema writes the item schema of OPTIONS answers (contract 5.5).
func (d *dialect) writeSchema(j *wprest.JSON) {
	j.Open()
	j.Key("$schema").Str("http://json-schema.org/draft-04/schema#")
	j.Key("title").Str("bp_messages")
	j.Key("type").Str("object")
	j.Key("properties").Open()
	for i := range properties {
		p := &properties[i]
		if p.name == "starred_message_ids" && !d.stars() {
			continue
		}
		j.Key(p.name).Open()
		if d.second {
			p = p.second()
		}
		p.write(j)
		j.Close()
	}
	for _, f := range d.Fields {
		j.Key(f.Name).Open()
		j.Key("context")
		texts(j, f.contexts())
		j.Key("description").Str(f.Description)
		j.Key("type").Str(f.Type)
		j.Close()
	}
	j.Close()
	j.Close()
}

func (p *property) write(j *wprest.JSON) {
	j.Key("context")
	texts(j, both)
	j.Key("description").Str(p.description)
	if p.date {
		j.Key("readonly").Bool(true)
		j.Key("type")
		texts(j, []string{"string", "null"})
		j.Key("format").Str("date-time")
		return
	}
	if p.raw == "" && p.readonly {
		j.Key("readonly").Bool(true)
	}
	j.Key("type").Str(p.kind)
	switch {
	case p.raw != "":
		if p.readonly {
			j.Key("readonly").Bool(true)
		}
		if p.required {
			j.Key("required").Bool(true)
		}
		j.Key("arg_options").Open()
		j.Key("sanitize_callback").Null()
		j.Key("validate_callback").Null()
		j.Close()
		p.writeForms(j)
	case p.items != "":
		j.Key("items").Open().Key("type").Str(p.items)
		if p.shape != "" {
			j.Key("properties").Raw([]byte(p.shape))
		}
		j.Close()
		if p.emptyDefault {
			j.Key("default").OpenList().CloseList()
		}
	}
}

// writeForms describes raw and rendered, here and among the arguments of Update.
func (p *property) writeForms(j *wprest.JSON) {
	j.Key("properties").Open()
	j.Key("raw").Open()
	j.Key("description").Str(p.raw)
	j.Key("type").Str("string")
	j.Key("context")
	texts(j, editOnly)
	if p.defaults {
		j.Key("default").Bool(false)
	}
	j.Close()
	j.Key("rendered").Open()
	j.Key("description").Str(p.rendered)
	j.Key("type").Str("string")
	j.Key("context")
	texts(j, both)
	if p.renderedReadonly {
		j.Key("readonly").Bool(true)
	}
	if p.defaults {
		j.Key("default").Bool(false)
	}
	j.Close()
	j.Close()
}

func texts(j *wprest.JSON, list []string) {
	j.OpenList()
	for _, s := range list {
		j.Str(s)
	}
	j.CloseList()
}
