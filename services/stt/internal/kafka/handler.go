// Package kafka feeds the app from calls.media, publishes what it hears, and reads back what it needs of the
// past.
package kafka

import (
	"context"
	"errors"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/app"
)

var (
	errSealed = errors.New("the event is sealed, and this version holds no keys")
	errKey    = errors.New("the message's key is not its call's id: the order of the call is lost")
)

// Handler turns messages into deliveries.
func Handler(a *app.App) consume.Handler {
	return func(ctx context.Context, m *consume.Message, done func(error)) {
		if !m.Parked {
			a.Saw(m.Partition, m.Offset)
		}
		e, err := events.Unmarshal(m.Value)
		switch {
		case err != nil:
			done(&retry.Error{Class: retry.Permanent, Code: "undecodable", Err: err})
		case e.GetSealed() != nil:
			done(&retry.Error{Class: retry.Permanent, Code: "sealed", Err: errSealed})
		case e.Kind() == 0:
			done(nil) // from a newer producer: not for this reader
		case e.GetCallId() != string(m.Key):
			done(&retry.Error{Class: retry.Permanent, Code: "wrong_key", Err: errKey})
		default:
			a.Take(ctx, app.Delivery{Event: e, Partition: m.Partition, Done: done})
		}
	}
}

// Hooks let the app follow its partitions.
func Hooks(a *app.App) consume.Hooks {
	return consume.Hooks{
		Assigned: func(ctx context.Context, as *consume.Assignment) error {
			next := make(map[int]int64, len(as.Partitions))
			for _, p := range as.Partitions {
				next[p] = as.Committed[events.Media.Name][p]
			}
			return a.Assigned(ctx, next, as.Do)
		},
		Revoked: func(as *consume.Assignment) { a.Revoked(as.Partitions) },
		// The fetch loop waits for this to return, and the app for nothing that the loop holds.
		Bound: a.Relieve,
	}
}
