package api

import (
	"errors"
	"time"
)

func formatTime(t time.Time, _ string) string { return t.Format("3:04 pm") }

var errInvalidNonce = errors.New("nonce")
