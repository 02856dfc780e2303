package history

import "fmt"

// Rule names what was promised.
type Rule string

// The promises that can be broken.
const (
	Lost      Rule = "lost"      // an acknowledged message is not there, or a member who was there was not told
	Doubled   Rule = "doubled"   // a message is there, or was told, twice
	Reordered Rule = "reordered" // orders differ, or go against what was acknowledged before
	Foreign   Rule = "foreign"   // somebody was told, or can read, what nobody wrote there
	Stranger  Rule = "stranger"  // somebody was told what is not for them
	ReadBack  Rule = "read back" // a read position moved back, or is behind what was acknowledged
	Unjust    Rule = "unjust"    // somebody was refused without a reason
)

// Violation is one broken promise.
type Violation struct {
	Rule Rule
	What string
}

func (v Violation) String() string { return string(v.Rule) + ": " + v.What }

// most bounds how many violations are told: the first say enough.
const most = 200

type findings struct{ list []Violation }

func (f *findings) add(r Rule, format string, args ...any) {
	if len(f.list) < most {
		f.list = append(f.list, Violation{r, fmt.Sprintf(format, args...)})
	}
}
