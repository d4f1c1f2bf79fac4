package deadletter_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

func TestHeadersTellWhyWithoutQuoting(t *testing.T) {
	original := []kafka.Header{
		{Key: "event-id", Value: []byte("e1")}, {Key: "dl-code", Value: []byte("old")}, {Key: "dl-dependency", Value: []byte("old")},
		{Key: "dl-omitted", Value: []byte("7")}, {Key: "dl-redrives", Value: []byte("2")},
	}
	cause := &retry.Error{Class: retry.Permanent, Code: "salesforce.STRING_TOO_LONG", Field: "LastName", Err: errors.New("Okonkwo")}
	o := deadletter.Origin{Topic: "calls.insights", Partition: 3, Offset: 42, Group: "crm-writer", Attempts: 2, FailedAt: time.Unix(0, 0)}
	h := deadletter.Headers(original, o, cause)
	for key, want := range map[string]string{
		"event-id": "e1", "dl-topic": "calls.insights", "dl-partition": "3", "dl-offset": "42", "dl-group": "crm-writer",
		"dl-attempts": "2", "dl-code": "salesforce.STRING_TOO_LONG", "dl-field": "LastName",
		"dl-failed-at": "1970-01-01T00:00:00Z", "dl-first-failure": "", "dl-class": "permanent", "dl-redrives": "2",
		// What an earlier failure had to say is none of this one's.
		"dl-dependency": "", "dl-omitted": "",
	} {
		if got := deadletter.Get(h, key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	seen := map[string]bool{}
	for _, x := range h {
		if seen[x.Key] {
			t.Errorf("%s stands twice", x.Key)
		}
		seen[x.Key] = true
		if string(x.Value) == "Okonkwo" {
			t.Errorf("%s quotes the cause", x.Key)
		}
	}
	if original[1].Value[0] != 'o' {
		t.Error("the original's headers were changed")
	}
}

// invalid is an error with words of its own beside what it quotes.
type invalid struct{ words string }

func (e *invalid) Error() string     { return "Okonkwo" }
func (e *invalid) SafeWords() string { return e.words }

func TestHeadersHoldTheWordsThatAnErrorHasForEverybody(t *testing.T) {
	cause := fmt.Errorf("decoding Okonkwo: %w", &retry.Error{Code: "undecodable", Err: fmt.Errorf("Okonkwo: %w", &invalid{"call_id is empty"})})
	h := deadletter.Headers(nil, deadletter.Origin{}, cause)
	if got := deadletter.Get(h, "dl-reason"); got != "call_id is empty" {
		t.Errorf("reason %q", got)
	}
	if got := deadletter.Get(h, "dl-class"); got != "retryable" {
		t.Errorf("class %q", got)
	}
	for _, x := range h {
		if strings.Contains(string(x.Value), "Okonkwo") {
			t.Errorf("%s quotes a value", x.Key)
		}
	}
	long := deadletter.Headers(nil, deadletter.Origin{}, &invalid{strings.Repeat("x", 5000)})
	if got := deadletter.Get(long, "dl-reason"); len(got) != 1000 {
		t.Errorf("%d bytes of reason", len(got))
	}
}
