// Package wprest is what WordPress's REST server does around every route: how a
// request is read (JSON, form, query, in that order), how parameters are checked
// and what is said about wrong ones, how errors, envelopes, HEAD and OPTIONS look,
// and which headers every answer carries. It knows nothing of messages.
package wprest
