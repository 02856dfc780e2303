package api

import "parley/wprest"

// field is a member of an object for OPTIONS answers: its name and JSON types.
type field struct {
	name  string
	types []string
}

var (
	anInt      = []string{"integer"}
	aString    = []string{"string"}
	aBool      = []string{"boolean"}
	anArray    = []string{"array"}
	maybeText  = []string{"string", "null"}
	maybeThing = []string{"object", "null"}
)

// The objects of contract 1.2, in the order in which they are written.
var (
	conversationFields = []field{
		{"id", anInt}, {"title", aString}, {"type", aString}, {"created_by", anInt}, {"participants", anArray},
		{"last_message_at", maybeText}, {"last_message_preview", maybeText}, {"message_count", anInt}, {"unread", aBool},
		{"is_muted", aBool}, {"is_archived", aBool}, {"left_at", maybeText}, {"is_blocked", aBool}, {"created_at", aString},
		{"last_message", maybeText}, {"unread_count", anInt}, {"muted", aBool}, {"archived", aBool},
		{"updated_at", aString}, {"participant_count", anInt}, {"can_reply", aBool},
	}
	messageFields = []field{
		{"id", anInt}, {"conversation_id", anInt}, {"sender_id", anInt}, {"sender_name", aString}, {"sender_avatar", aString},
		{"content", aString}, {"content_plain", aString}, {"is_system", aBool}, {"created_at", aString},
		{"created_at_human", aString}, {"sender", maybeThing}, {"body", aString}, {"cursor", aString},
	}
)

func conversationSchema(j *wprest.JSON) { itemSchema(j, "conversation", conversationFields) }
func messageSchema(j *wprest.JSON)      { itemSchema(j, "message", messageFields) }

func itemSchema(j *wprest.JSON, title string, fields []field) {
	j.Open()
	j.Key("$schema").Str("http://json-schema.org/draft-04/schema#")
	j.Key("title").Str(title)
	j.Key("type").Str("object")
	j.Key("properties").Open()
	for _, f := range fields {
		j.Key(f.name).Open().Key("type")
		if len(f.types) == 1 {
			j.Str(f.types[0])
		} else {
			j.OpenList()
			for _, t := range f.types {
				j.Str(t)
			}
			j.CloseList()
		}
		j.Close()
	}
	j.Close()
	j.Close()
}
