package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// Error is what Salesforce answered. Its text holds the operation and the code, never the message, which may
// quote a value of somebody's record.
type Error struct {
	// Operation in our words.
	Operation string
	// Status of HTTP.
	Status int
	// Code is Salesforce's errorCode (or statusCode, or OAuth's error); "HTTP_502" if it gave none.
	Code string
	// Foreign tells that the answer is not in Salesforce's form: it is a proxy's page, or that of a site down for
	// maintenance, and says nothing of what was asked.
	Foreign bool
	// Message in Salesforce's words: for people who may see the record, never for logs.
	Message string
	// Fields that it is about.
	Fields []string
	// Matches are the records that a duplicate rule names, as far as the server told.
	Matches []Match
}

// Match is a record that a duplicate rule takes for the same.
type Match struct {
	Object, ID string
}

// Error is operation, status and code.
func (e *Error) Error() string {
	return fmt.Sprintf("salesforce %s: %s (HTTP %d)", e.Operation, e.Code, e.Status)
}

// Code is the code of the [Error] in err's chain: "" for nil, "transport" if there was no answer.
func Code(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return "transport"
}

// The codes that callers act on. Everything else is only classified.
const (
	CodeDuplicateValue     = "DUPLICATE_VALUE"
	CodeDuplicatesDetected = "DUPLICATES_DETECTED"
	CodeConvertedLead      = "CANNOT_UPDATE_CONVERTED_LEAD"
	CodeProcessingHalted   = "PROCESSING_HALTED"
	CodeRolledBack         = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
	CodeLockedRow          = "UNABLE_TO_LOCK_ROW"
	CodeLimitExceeded      = "REQUEST_LIMIT_EXCEEDED"
	codeConcurrent         = "REQUEST_LIMIT_EXCEEDED.concurrent"
)

// How long the dependency asks to be left alone, where Salesforce's documentation or the nature of the error says so.
const (
	// dailyPause: the daily allowance frees itself as old hours leave its 24 h window.
	dailyPause = 5 * time.Minute
	// concurrentPause: one of the 25 long requests has to end.
	concurrentPause = time.Second
	// credentialPause: somebody has to mend a key or a permission.
	credentialPause = time.Minute
	// hourlyPause: events an hour.
	hourlyPause = time.Minute
)

// class of one code.
type class struct {
	class retry.Class
	after time.Duration
}

// classOf is the one table of what a code means. Codes that it does not name are permanent when Salesforce
// refused the request (4xx) and retryable when it failed (5xx).
func classOf(code string, status int) class {
	switch code {
	case CodeLimitExceeded:
		return class{retry.Retryable, dailyPause}
	case codeConcurrent:
		return class{retry.Retryable, concurrentPause}
	case "LIMIT_EXCEEDED": // platform events an hour
		return class{retry.Retryable, hourlyPause}
	case "INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "API_DISABLED_FOR_ORG", "INVALID_LOGIN",
		"LOGIN_RATE_EXCEEDED", "API_CURRENTLY_DISABLED":
		// The org's state, not the call's: every call of the org waits until somebody has mended it.
		return class{retry.Retryable, credentialPause}
	case CodeLockedRow, "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG",
		"PLATFORM_EVENT_PUBLISHING_UNAVAILABLE", "PLATFORM_EVENT_PUBLISH_FAILED",
		// The caller has better answers to these than the same again at once, but the same again is right, too.
		CodeDuplicateValue, CodeConvertedLead,
		// Innocent: somebody else's failure took this one along.
		CodeProcessingHalted, CodeRolledBack:
		return class{class: retry.Retryable}
	}
	if status >= http.StatusInternalServerError || status == http.StatusTooManyRequests ||
		status == http.StatusRequestTimeout || status == http.StatusUnauthorized {
		return class{class: retry.Retryable}
	}
	return class{class: retry.Permanent}
}

// tooLarge tells statuses by which a proxy, too, says that it will never take the request; in parts it may.
func tooLarge(status int) bool {
	switch status {
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge:
		return true
	}
	return false
}

// classified wraps e once, here; everybody above only asks for its class.
func (c *Client) classified(e *Error) error {
	code := e.Code
	if code == CodeLimitExceeded && strings.Contains(e.Message, "ConcurrentRequests") {
		code = codeConcurrent
	}
	k := classOf(code, e.Status)
	if e.Foreign && !tooLarge(e.Status) {
		k.class = retry.Retryable
	}
	out := &retry.Error{Class: k.class, Code: "salesforce." + e.Code, Dependency: c.Dependency(), After: k.after, Err: e}
	if len(e.Fields) > 0 {
		out.Field = strings.Join(e.Fields, ",")
	}
	if k.class == retry.Permanent {
		out.Dependency = "" // the call is at fault, not the org: no breaker opens for it
	}
	return out
}

// refused reads an HTTP answer of 300 and above. The body is an array of errors, or, from a proxy on the way,
// HTML or nothing.
func (c *Client) refused(operation string, res *http.Response, body []byte) error {
	if res.StatusCode == http.StatusMultipleChoices {
		// An array of record URLs: the external id is not unique, which no repeat will mend.
		return c.classified(&Error{Operation: operation, Status: res.StatusCode, Code: "MULTIPLE_CHOICES"})
	}
	e := parseErrors(body)
	if e == nil {
		e = &Error{Code: "HTTP_" + strconv.Itoa(res.StatusCode), Foreign: true}
	}
	e.Operation, e.Status = operation, res.StatusCode
	err := c.classified(e)
	var r *retry.Error
	if after := retry.AfterHeader(res.Header); after > 0 && errors.As(err, &r) {
		r.After = after
	}
	return err
}

// wireError is an entry of Salesforce's error arrays: errorCode in REST answers, statusCode in collections.
type wireError struct {
	ErrorCode       string           `json:"errorCode"`
	StatusCode      string           `json:"statusCode"`
	Message         string           `json:"message"`
	Fields          []string         `json:"fields"`
	DuplicateResult *duplicateResult `json:"duplicateResult"`
	DuplicateResut  *duplicateResult `json:"duplicateResut"` // so spelt by several versions of the API
}

type duplicateResult struct {
	MatchResults []struct {
		EntityType   string `json:"entityType"`
		MatchRecords []struct {
			Record struct {
				ID         string `json:"Id"`
				Attributes struct {
					Type string `json:"type"`
				} `json:"attributes"`
			} `json:"record"`
		} `json:"matchRecords"`
	} `json:"matchResults"`
}

// parseErrors reads an array of errors and returns the real culprit. Nil if body is no such array.
func parseErrors(body []byte) *Error {
	var list []wireError
	_ = json.Unmarshal(body, &list) // what is no array, a proxy's page, has no culprit
	return culprit(list)
}

// culprit is the entry that is not merely the victim of another's failure; nil for no entries.
func culprit(list []wireError) *Error {
	if len(list) == 0 {
		return nil
	}
	i := max(0, slices.IndexFunc(list, func(w wireError) bool { return !victim(w.code()) }))
	return list[i].toError()
}

func (w wireError) code() string {
	if w.ErrorCode != "" {
		return w.ErrorCode
	}
	return w.StatusCode
}

func (w wireError) toError() *Error {
	e := &Error{Code: w.code(), Message: w.Message, Fields: w.Fields}
	if e.Code == "" {
		e.Code = "UNKNOWN_EXCEPTION"
	}
	d := w.DuplicateResult
	if d == nil {
		d = w.DuplicateResut
	}
	if d == nil {
		return e
	}
	for _, m := range d.MatchResults {
		for _, r := range m.MatchRecords {
			object := r.Record.Attributes.Type
			if object == "" {
				object = m.EntityType
			}
			if r.Record.ID != "" {
				e.Matches = append(e.Matches, Match{Object: object, ID: r.Record.ID})
			}
		}
	}
	return e
}

// victim tells codes that only say that something else failed.
func victim(code string) bool { return code == CodeProcessingHalted || code == CodeRolledBack }

// transport is a failure without a whole answer: what was asked may have happened, so only idempotent
// requests may be repeated, and this package's callers make no others.
func (c *Client) transport(ctx context.Context, operation string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("salesforce %s: %w", operation, ctx.Err())
	}
	return &retry.Error{
		Class: retry.Retryable, Code: "salesforce.transport", Dependency: c.Dependency(),
		Err: fmt.Errorf("salesforce %s: %w", operation, err),
	}
}

// odd is an answer that makes no sense: a proxy's page with status 200, a cut body.
func (c *Client) odd(operation string, err error) error {
	return &retry.Error{
		Class: retry.Retryable, Code: "salesforce.odd_answer", Dependency: c.Dependency(),
		Err: fmt.Errorf("reading the answer to a salesforce %s: %w", operation, err),
	}
}
