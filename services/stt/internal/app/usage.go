package app

import (
	"log/slog"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// unit of what recognisers bill.
const unit = "speech_second"

// used publishes what one request to the recogniser has cost. It does not wait in the outbox: nothing
// depends on it, and it is told even when the call is already another process's.
func (s *stream) used(u *recogniser.Usage) {
	app := s.call.app
	app.met.billed(s, u)
	e := s.meta.Event(time.Now(), s.usage(u))
	app.hearing.Add(1)
	var publish func(failures int)
	publish = func(failures int) {
		app.pub.Publish(s.ctx, e, func(err error) {
			switch {
			case err == nil:
				app.hearing.Done()
			case retry.IsPermanent(err) || app.ctx.Err() != nil:
				app.tel.Log.ErrorContext(s.ctx, "usage of a recogniser could not be published", slog.String("code", retry.Code(err)))
				app.hearing.Done()
			default:
				time.AfterFunc(backOff(failures+1), func() { publish(failures + 1) })
			}
		})
	}
	go publish(0)
}

func (s *stream) usage(u *recogniser.Usage) *events.UsageRecorded {
	speech := s.tenant.Speech
	q := &events.Quantity{Unit: unit, Amount: u.Billed.Seconds()}
	m := &events.UsageRecorded{
		Provider: speech.Provider, Model: speech.Model, RequestId: u.RequestID, Quantities: []*events.Quantity{q},
		Payer: s.tenant.PayerOf(s.meta.LineOfBusiness), Estimated: u.Estimated, Outcome: u.Outcome,
		At: timestamppb.New(u.At), Service: "stt",
	}
	if nanos, per, known := s.tenant.PriceOf(speech.Provider, speech.Model, unit); known {
		q.Price = &events.Price{Amount: &events.Money{Currency: s.tenant.Prices.Currency, Nanos: nanos}, Per: per}
		q.Cost = &events.Money{Currency: s.tenant.Prices.Currency, Nanos: int64(math.Round(q.GetAmount() / per * float64(nanos)))}
		m.PriceVersion = s.tenant.Prices.Version
	}
	return m
}
