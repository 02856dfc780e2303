package api

import "errors"

var errInvalidNonce = errors.New("nonce")
