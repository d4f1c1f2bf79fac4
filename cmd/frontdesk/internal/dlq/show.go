package dlq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// Detail is all that can be told of one dead letter.
type Detail struct {
	ID    deadletter.ID `json:"id"`
	State State         `json:"state"`
	Cause
	Reason string `json:"reason"`
	// Topic, Partition and Offset are where the original was read from; −1 where that is not known.
	Topic        string     `json:"topic"`
	Partition    int        `json:"partition"`
	Offset       int64      `json:"offset"`
	WrittenAt    *time.Time `json:"written_at"`
	Attempts     int        `json:"attempts"`
	FirstFailure *time.Time `json:"first_failure"`
	GivenUp      time.Time  `json:"given_up"`
	// Redrives is how often it had come back before, RedrivenFrom the dead letter that it was then.
	Redrives     int    `json:"redrives"`
	RedrivenFrom string `json:"redriven_from"`
	// Became are the dead letters that came of sending this one back.
	Became []deadletter.ID `json:"became"`
	// CallID is the message's key, unless that is no call's id: then it may be anything, and is shown when revealed.
	CallID  string `json:"call_id"`
	Tenant  string `json:"tenant"`
	Kind    string `json:"kind"`
	EventID string `json:"event_id"`
	// Bytes of the original; Omitted tells that they were too many to go along.
	Bytes   int    `json:"bytes"`
	Omitted bool   `json:"omitted"`
	Advice  string `json:"advice"`
	// Marks are what was done with it.
	Marks []Mark `json:"marks"`
	// Event is what it holds, personal data masked unless Revealed; or EventError says why nothing can be shown.
	Event      json.RawMessage `json:"event"`
	EventError string          `json:"event_error,omitempty"`
	Revealed   bool            `json:"revealed"`
	// Raw are its bytes, if they were asked for.
	Raw []byte `json:"raw,omitempty"`
}

// Mark is what somebody did with a dead letter.
type Mark struct {
	What string    `json:"what"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Why  string    `json:"why"`
}

// Reveal says how much is shown.
type Reveal int

// How much is shown.
const (
	Masked   Reveal = iota // personal data is masked
	Personal               // it is shown
	Raw                    // and the bytes, too
)

// Show tells all of a letter. What reveals personal data is noted as a mark first, and refused if that can't be written.
func (q *Queue) Show(ctx context.Context, b *Book, l *Letter, reveal Reveal) (*Detail, error) {
	r, err := q.record(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	if reveal > Masked {
		if err := q.mark(ctx, l, deadletter.Revealed, ""); err != nil {
			return nil, fmt.Errorf("nothing is revealed, since it can't be noted who has seen it: %w", err)
		}
		if err := b.refresh(ctx); err != nil {
			return nil, err
		}
	}
	d := describe(b, l, reveal > Masked)
	value, err := q.value(ctx, l, r)
	switch {
	case errors.Is(err, errGone):
		d.EventError = errGone.Error()
		return d, nil
	case err != nil:
		return nil, err
	}
	if reveal == Raw {
		d.Raw = value
	}
	e, err := events.Unmarshal(value)
	if err != nil {
		d.EventError = err.Error()
		return d, nil //nolint:nilerr // that it is no event is shown
	}
	if !d.Revealed {
		e = events.Masked(e)
	}
	if d.Event, err = protojson.Marshal(e); err != nil {
		d.Event, d.EventError = nil, "its fields can't be printed as JSON"
	}
	return d, nil
}

// callID is what the ids of calls look like: Twilio's, and those of carriers that number by UUID.
var callID = regexp.MustCompile(`^(CA[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$`)

const hidden = "***"

func describe(b *Book, l *Letter, revealed bool) *Detail {
	d := &Detail{
		ID: l.ID, State: l.State, Cause: CauseOf(l), Reason: l.Reason, Topic: l.Topic, Partition: l.Partition, Offset: l.Offset,
		WrittenAt: known(l.Time), Attempts: l.Attempts, FirstFailure: known(l.FirstFailure), GivenUp: l.At,
		Redrives: l.Redrives, RedrivenFrom: l.Letter.Redriven, Became: []deadletter.ID{},
		CallID: l.key, Tenant: l.Tenant, Kind: l.Kind, EventID: l.EventID, Bytes: l.Bytes, Omitted: l.Omitted >= 0,
		Advice: Advice(CauseOf(l)), Marks: []Mark{}, Revealed: revealed,
	}
	if !revealed && l.key != "" && !callID.MatchString(l.key) {
		d.CallID = hidden
	}
	for _, c := range b.children[l.ID.String()] {
		d.Became = append(d.Became, c.ID)
	}
	for _, m := range l.Marks {
		d.Marks = append(d.Marks, Mark{What: m.What, By: m.By, At: m.At, Why: m.Why})
	}
	return d
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
