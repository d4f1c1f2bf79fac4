package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

// hourly calls of one of two tenants, in the peak hour of a day of 50,000: the hour has 15 % of them.
const hourly = 50_000 * 15 / 100 / 2

// Outage lets one org be down while an hour's calls of it arrive, and measures what another tenant notices, and how soon the
// org has all of them when it is back.
func Outage(ctx context.Context, o Options) ([]Figure, error) {
	return on(ctx, o, func(ctx context.Context, p *parts) ([]Figure, error) {
		run := &outage{writing{parts: p, line: eventsLine}}
		if err := run.stage(ctx, ""); err != nil {
			return nil, err
		}
		return run.measure(ctx)
	})
}

// outage is a writer with two tenants: the one of the events pattern is well, that of the direct one is not.
type outage struct{ writing }

// down is an org that answers no request for records; the other tenant makes none.
var down = fault.Settings{
	Latency: fault.Latency{Median: busTakes},
	Errors:  []fault.Share{{Operation: "composite", Code: "SERVER_UNAVAILABLE", Share: 1}, {Operation: "graph", Code: "SERVER_UNAVAILABLE", Share: 1}},
}

func (w *outage) measure(ctx context.Context) (figures []Figure, err error) {
	if w.svc, err = w.start(ctx, "crm-writer", nil); err != nil {
		return nil, err
	}
	sick, calls := w.writing, w.share(hourly)
	sick.line = directLine
	org := w.crm.Salesforce()
	org.Faults().Set(fault.Settings{Latency: down.Latency})
	// The same load twice, so that what is compared differs in the outage alone.
	w.Tell(fmt.Sprintf("outage: %d calls each of two tenants, both well", calls))
	well, err := w.both(ctx, &sick, calls)
	if err != nil {
		return nil, err
	}
	if err := w.written(ctx, calls); err != nil {
		return nil, err
	}
	w.Tell(fmt.Sprintf("outage: %d calls each, the org of one is down", calls))
	org.Faults().Set(down)
	before, _ := w.requests()
	ill, err := w.both(ctx, &sick, calls)
	if err != nil {
		return nil, err
	}
	after, _ := w.requests()
	if n := w.records(); n != calls {
		return nil, fmt.Errorf("an org that is down has written %d calls", n-calls)
	}
	w.Tell("outage: the org is back")
	org.Faults().Set(fault.Settings{Latency: down.Latency})
	back := time.Now()
	if err := w.written(ctx, 2*calls); err != nil {
		return nil, err
	}
	caughtUp := time.Since(back)
	letters, err := w.letters(ctx)
	p99 := ms(quantile(well, 0.99))
	return []Figure{
		figure("outage: the neighbour's p50, both well", ms(quantile(well, 0.5)), "ms"),
		figure("outage: the neighbour's p99, both well", p99, "ms"),
		figure("outage: the neighbour's p50, one org down", ms(quantile(ill, 0.5)), "ms"),
		figure("outage: the neighbour's p99, one org down", ms(quantile(ill, 0.99)), "ms").atMost(1.25*p99 + 5),
		figure("outage: requests to the org that is down", after-before, "requests").atMost(60),
		figure("outage: until the org has all its calls", caughtUp.Seconds(), "s").atMost(60),
		figure("outage: dead letters", float64(letters), "calls").atMost(0),
	}, err
}

// both sends n calls of each tenant within the window, and returns in order how long each of the healthy one's took.
func (w *outage) both(ctx context.Context, sick *writing, n int) ([]time.Duration, error) {
	began, rate := time.Now(), float64(n)/w.Window.Seconds()
	sent := make(chan error, 1)
	go func() { sent <- sick.send(ctx, n, rate) }()
	err := w.send(ctx, n, rate)
	if serr := <-sent; err == nil {
		err = serr
	}
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	err = await(ctx, 200*time.Millisecond, func() (bool, error) {
		took, err = w.took(ctx, began)
		return len(took) >= n, err
	})
	slices.Sort(took)
	return took, err
}

// took is how long the healthy tenant's calls took since then, from the insight's being sent to its being told as accepted.
func (w *outage) took(ctx context.Context, began time.Time) ([]time.Duration, error) {
	sent, err := w.sent(ctx, began)
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	err = w.accepted(ctx, began, func(e *events.CallEvent, at time.Time) {
		if from, here := sent[e.GetCallId()]; here && e.GetTenant() == w.line.tenant {
			took = append(took, at.Sub(from))
		}
	})
	return took, err
}

// records are the calls that the org of the direct pattern has a record of.
func (w *outage) records() int {
	has := map[string]bool{}
	for _, c := range w.crm.Salesforce().ChangeLog(salesforce.Filter{Object: "Task", Op: "create"}) {
		id, _ := c.After["Call_Id__c"].(string)
		id, _, _ = strings.Cut(id, ":")
		has[id] = true
	}
	return len(has)
}

// written waits until the org has so many calls.
func (w *outage) written(ctx context.Context, calls int) error {
	err := await(ctx, 100*time.Millisecond, func() (bool, error) { return w.records() >= calls, nil })
	if err != nil {
		return fmt.Errorf("waiting for %d calls in the org, which has %d: %w", calls, w.records(), err)
	}
	return nil
}

// letters are the dead letters of this bench.
func (w *outage) letters(ctx context.Context) (n int, err error) {
	err = w.since(ctx, events.DeadLetters, time.Now().Add(-time.Hour), func(broker.Record) error { n++; return nil })
	return n, err
}
