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

func TestWhatHeadersTellCanBeReadBack(t *testing.T) {
	o := deadletter.Origin{
		Topic: "calls.insights", Partition: 3, Offset: 42, Time: time.Unix(100, 5).UTC(), Group: "crm-writer", Attempts: 2,
		FirstFailure: time.Unix(200, 0).UTC(), FailedAt: time.Unix(300, 0).UTC(),
	}
	cause := &retry.Error{Class: retry.Permanent, Code: "c", Field: "f", Dependency: "d:x", Err: &invalid{"words"}}
	id := deadletter.ID{Partition: 3, Offset: 9}
	once := deadletter.Headers([]kafka.Header{{Key: "event-id", Value: []byte("e1")}}, o, cause)
	want := deadletter.Letter{Origin: o, Class: "permanent", Code: "c", Field: "f", Dependency: "d:x", Reason: "words", Omitted: -1}
	if got := deadletter.Read(once); got != want {
		t.Errorf("got %+v", got)
	}
	back := deadletter.Returned(once, id)
	if deadletter.Get(back, "event-id") != "e1" || len(back) != 3 {
		t.Errorf("what goes back has the headers %v", back)
	}
	again := deadletter.Headers(back, o, cause)
	want.Redrives, want.Redriven = 1, "3-9"
	if got := deadletter.Read(again); got != want {
		t.Errorf("got %+v", got)
	}
	if got := deadletter.Read(nil); got.Partition != -1 || got.Offset != -1 || got.Omitted != -1 || !got.Time.IsZero() {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestIDs(t *testing.T) {
	if id, err := deadletter.ParseID("3-1042"); err != nil || id != (deadletter.ID{Partition: 3, Offset: 1042}) || id.String() != "3-1042" {
		t.Errorf("%v, %v", id, err)
	}
	for _, text := range []string{"", "3", "3-", "-3", "3--1", "a-1", "3-1-2", "3-99999999999999999999"} {
		if id, err := deadletter.ParseID(text); err == nil {
			t.Errorf("%q is %v", text, id)
		}
	}
}

func TestMarksAreNoDeadLetters(t *testing.T) {
	m := deadletter.Mark{What: deadletter.Dropped, About: "3-9", By: "ops@host", At: time.Unix(5, 0).UTC(), Why: "a test"}
	if h := m.Headers(); !deadletter.IsMark(h) || deadletter.ReadMark(h) != m {
		t.Errorf("%+v", deadletter.ReadMark(h))
	}
	if deadletter.IsMark(deadletter.Headers(nil, deadletter.Origin{}, errors.New("x"))) {
		t.Error("a dead letter is taken for a mark")
	}
}
