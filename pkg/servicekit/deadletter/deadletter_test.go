package deadletter_test

import (
	"errors"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

func TestHeadersTellWhyWithoutQuoting(t *testing.T) {
	original := []kafka.Header{{Key: "event-id", Value: []byte("e1")}, {Key: "dl-code", Value: []byte("old")}}
	cause := &retry.Error{Class: retry.Permanent, Code: "salesforce.STRING_TOO_LONG", Field: "LastName", Err: errors.New("Okonkwo")}
	o := deadletter.Origin{Topic: "calls.insights", Partition: 3, Offset: 42, Group: "crm-writer", Attempts: 2, FailedAt: time.Unix(0, 0)}
	h := deadletter.Headers(original, o, cause)
	for key, want := range map[string]string{
		"event-id": "e1", "dl-topic": "calls.insights", "dl-partition": "3", "dl-offset": "42", "dl-group": "crm-writer",
		"dl-attempts": "2", "dl-code": "salesforce.STRING_TOO_LONG", "dl-field": "LastName",
		"dl-failed-at": "1970-01-01T00:00:00Z", "dl-first-failure": "",
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
