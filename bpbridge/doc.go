// Package bpbridge serves the conversations over the REST interface of
// BuddyPress's messages component, buddypress/v1/messages and
// buddypress/v2/messages, as its clients know it: arguments, checks and their
// order, shapes, headers and wording. It decides no rule: messaging does.
package bpbridge
