package wpsite

import (
	"context"
	"fmt"
)

// line is one message of a sample conversation.
type line struct{ login, text string }

// sample is a conversation to begin with; the first line starts it.
type sample struct {
	title string
	with  []string
	lines []line
}

func samples() []sample {
	return []sample{
		{with: []string{"greta"}, lines: []line{
			{"erin", "Greta, are the tomatoes in the garden yours? They want water."},
			{"greta", "They are! I am away until Sunday. Would you?"},
			{"erin", "Done, and I took two. They are very good."},
		}},
		{with: []string{"dave"}, lines: []line{
			{"carol", "Welcome, Dave! If anything is unclear, ask me."},
			{"dave", "Thank you. How do I get a picture on my profile?"},
		}},
		{with: []string{"alice"}, lines: []line{
			{"mona", "Hello Alice, your post about the library was moved to General, where more people read it."},
		}},
		{title: "Summer picnic", with: []string{"alice", "bob", "carol"}, lines: []line{
			{"greta", "Picnic on the 14th, by the lake. Who brings what?"},
			{"alice", "Bread and cheese from me."},
			{"bob", "I can bring a <b>big</b> salad & lemonade.\n\nDoes anybody have a blanket?"},
			{"carol", "Two blankets. The way is at https://example.org/lake"},
			{"greta", "Perfect. See you there!"},
		}},
		{with: []string{"bob"}, lines: []line{
			{"alice", "Hi Bob, did you get my note about Thursday?"},
			{"bob", "Yes! Thursday is fine. Shall we say six o'clock?"},
			{"alice", "Six it is. I will book a table."},
			{"bob", "Great. The place by the river?"},
			{"alice", "The very one. Bring the photos you promised."},
			{"bob", "All 214 of them. You have been warned."},
		}},
	}
}

// Seed lets the members hold a few conversations through Parley's REST interface,
// logged in through WordPress.
func (s *Site) Seed(ctx context.Context) error {
	sessions := map[string]*Session{}
	as := func(login string) (*Session, error) {
		if c := sessions[login]; c != nil {
			return c, nil
		}
		c, err := s.LogIn(ctx, login, s.Member(login).Password, false)
		if err == nil {
			sessions[login] = c
		}
		return c, err
	}
	for _, talk := range samples() {
		var id int64
		for i, l := range talk.lines {
			c, err := as(l.login)
			if err != nil {
				return err
			}
			if i > 0 {
				path := fmt.Sprintf("%s/%d/messages", Conversations, id)
				// Who answers has read.
				if err := c.Want(ctx, 200, "GET", path, nil, nil); err != nil {
					return err
				}
				if err := c.Want(ctx, 201, "POST", path, map[string]string{"content": l.text}, nil); err != nil {
					return err
				}
				continue
			}
			var to []int64
			for _, login := range talk.with {
				to = append(to, s.Member(login).ID)
			}
			var started struct {
				ID int64 `json:"conversation_id"`
			}
			if err := c.Want(ctx, 201, "POST", Conversations,
				map[string]any{"recipient_ids": to, "title": talk.title, "message": l.text}, &started); err != nil {
				return err
			}
			id = started.ID
		}
	}
	return nil
}
