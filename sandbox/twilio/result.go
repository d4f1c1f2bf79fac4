package twilio

import (
	"fmt"
	"time"
)

// Call statuses, as Twilio writes them.
const (
	StatusInitiated  = "initiated"
	StatusRinging    = "ringing"
	StatusInProgress = "in-progress"
	StatusCompleted  = "completed"
	StatusBusy       = "busy"
	StatusFailed     = "failed"
	StatusNoAnswer   = "no-answer"
	StatusCanceled   = "canceled"
)

// Result is what became of one call. As JSON it carries neither numbers nor tokens.
type Result struct {
	// Name of the sample call.
	Name string `json:"name"`
	// CallSid and AccountSid of the root leg.
	CallSid    string `json:"call_sid"`
	AccountSid string `json:"account_sid"`
	// Status that the call ended with.
	Status string `json:"status"`
	// Call is when things happened in call time, Wall when they did on the wall clock.
	Call Times `json:"call"`
	Wall Times `json:"wall"`
	// Legs that were dialled, in order.
	Legs []Leg `json:"legs,omitempty"`
	// Streams and Recordings, in the order of their start.
	Streams    []StreamResult    `json:"streams,omitempty"`
	Recordings []RecordingResult `json:"recordings,omitempty"`
	// TwiML that was answered, in order. It carries numbers and tokens, so it stays out of JSON.
	TwiML []TwiML `json:"-"`
	// Studio tells whether the call was handed back to a Studio flow; Flow are the parameters that it got, which may
	// be tokens.
	Studio bool              `json:"studio,omitempty"`
	Flow   map[string]string `json:"-"`
	// Faults in the order they were met.
	Faults []Fault `json:"faults,omitempty"`
}

// Duration is CallDuration: answer to end, in call time; 0 for a call that was never answered.
func (r *Result) Duration() time.Duration {
	if r.Call.Answer.IsZero() {
		return 0
	}
	return r.Call.End.Sub(r.Call.Answer)
}

// Times of a call; a zero time never came.
type Times struct {
	Ring   time.Time `json:"ring"`
	Answer time.Time `json:"answer,omitzero"`
	End    time.Time `json:"end,omitzero"`
}

// Leg is a call that the call made.
type Leg struct {
	Sid    string    `json:"sid"`
	Status string    `json:"status"`
	Answer time.Time `json:"answer,omitzero"`
	End    time.Time `json:"end,omitzero"`
}

// StreamResult is what became of one media stream.
type StreamResult struct {
	Sid  string `json:"sid"`
	Name string `json:"name,omitempty"`
	// ByREST: started through the API, not by TwiML.
	ByREST bool `json:"by_rest,omitempty"`
	// From is where in the call's sound it began.
	From time.Duration `json:"from"`
	// Messages of media sent; frames discarded for a slow reader; frames dropped on purpose.
	Messages  int `json:"messages"`
	Discarded int `json:"discarded,omitempty"`
	Dropped   int `json:"dropped,omitempty"`
	// CloseCode and CloseReason of the server's close frame, if it closed.
	CloseCode   int    `json:"close_code,omitempty"`
	CloseReason string `json:"close_reason,omitempty"`
	// Error ended the stream; nil if it was stopped.
	Error *Fault `json:"error,omitempty"`
}

// RecordingResult is one recording.
type RecordingResult struct {
	Sid      string        `json:"sid"`
	Status   string        `json:"status"`
	Source   string        `json:"source"`
	Channels int           `json:"channels"`
	Duration time.Duration `json:"duration"`
}

// TwiML is one document that the customer answered with.
type TwiML struct {
	// Body as it came.
	Body string
	// Took is the time until it was there, all tries together, wall time.
	Took time.Duration
}

// Fault is something that Twilio's debugger would show.
type Fault struct {
	// Code in Twilio's error dictionary, https://www.twilio.com/docs/api/errors.
	Code int `json:"code"`
	// Message in Twilio's words as far as they are known; it quotes no URL and no number.
	Message string `json:"message"`
}

// Error implements error.
func (f *Fault) Error() string { return fmt.Sprintf("%d: %s", f.Code, f.Message) }
