package wprest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is an answer in WordPress's error form:
// {"code","message","data":{"status",…}}.
type Error struct {
	Status  int
	Code    string
	Message string
	// Params of rest_missing_callback_param.
	Params []string
	// Faults of rest_invalid_param, in the order of the schema.
	Faults []Fault
	// JSON is set with rest_invalid_json.
	JSON *JSONError
	// RetryAfter goes into the Retry-After header and data.retry_after, in whole
	// seconds, at least 1; 0 leaves both out.
	RetryAfter time.Duration
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Fault is what is wrong with one parameter.
type Fault struct {
	Param   string // as the client spelled it
	Code    string // rest_invalid_type, rest_not_in_enum, …
	Message string
	// TypeOf is the name in the fault's data; "" for null.
	TypeOf string
}

// NoRoute is the answer for a path or verb that is not served.
func NoRoute() *Error {
	return &Error{Status: http.StatusNotFound, Code: "rest_no_route",
		Message: "No route was found matching the URL and request method."}
}

// CookieCheckFailed is the answer to a nonce that is wrong or empty.
func CookieCheckFailed() *Error {
	return &Error{Status: http.StatusForbidden, Code: "rest_cookie_invalid_nonce", Message: "Cookie check failed"}
}

// BodyTooLarge is the answer to a body of more than limit bytes.
func BodyTooLarge(limit int64) *Error {
	return &Error{Status: http.StatusRequestEntityTooLarge, Code: "parley_body_too_large",
		Message: "The request body is larger than " + strconv.FormatInt(limit/1024, 10) + " KiB."}
}

func invalidJSON(cause *JSONError) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "rest_invalid_json",
		Message: "Invalid JSON body passed.", JSON: cause}
}

func missingParams(names []string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "rest_missing_callback_param",
		Message: "Missing parameter(s): " + strings.Join(names, ", "), Params: names}
}

// InvalidParams is rest_invalid_param with every fault found.
func InvalidParams(faults ...Fault) *Error {
	names := make([]string, len(faults))
	for i := range faults {
		names[i] = faults[i].Param
	}
	return &Error{Status: http.StatusBadRequest, Code: "rest_invalid_param",
		Message: "Invalid parameter(s): " + strings.Join(names, ", "), Faults: faults}
}

// retrySeconds is RetryAfter in whole seconds, rounded up.
func (e *Error) retrySeconds() int64 {
	if e.RetryAfter <= 0 {
		return 0
	}
	return int64((e.RetryAfter + time.Second - 1) / time.Second)
}

// write appends the error's body.
func (e *Error) write(j *JSON) {
	j.Open()
	j.Key("code").Str(e.Code)
	j.Key("message").Str(e.Message)
	j.Key("data").Open()
	j.Key("status").Int(int64(e.Status))
	if e.Params != nil {
		j.Key("params").OpenList()
		for _, p := range e.Params {
			j.Str(p)
		}
		j.CloseList()
	}
	if e.Faults != nil {
		j.Key("params").Open()
		for _, f := range e.Faults {
			j.name(f.Param).Str(f.Message)
		}
		j.Close()
		j.Key("details").Open()
		for _, f := range e.Faults {
			j.name(f.Param).Open()
			j.Key("code").Str(f.Code)
			j.Key("message").Str(f.Message)
			j.Key("data")
			if f.TypeOf == "" {
				j.Null()
			} else {
				j.Open().Key("param").Str(f.TypeOf).Close()
			}
			j.Close()
		}
		j.Close()
	}
	if e.JSON != nil {
		j.Key("json_error_code").Int(int64(e.JSON.Code))
		j.Key("json_error_message").Str(e.JSON.Message)
	}
	if s := e.retrySeconds(); s > 0 {
		j.Key("retry_after").Int(s)
	}
	j.Close()
	j.Close()
}
