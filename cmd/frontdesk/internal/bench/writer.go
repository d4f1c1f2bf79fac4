package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/process"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

const (
	// backlog of decided calls that is drained: by event, and directly.
	eventsBacklog, directBacklog = 100_000, 10_000
	// sinks are how long Salesforce takes for a request.
	busTakes, restTakes = 20 * time.Millisecond, 120 * time.Millisecond
)

// Writer drains a backlog of decided calls and follows a steady stream of them, by event and directly.
func Writer(ctx context.Context, o Options) ([]Figure, error) {
	var all []Figure
	for _, w := range []struct {
		name    string
		line    line
		takes   time.Duration
		backlog int
		figures func(*writing, context.Context) ([]Figure, error)
	}{
		{"events", eventsLine, busTakes, eventsBacklog, (*writing).byEvent},
		{"direct", directLine, restTakes, directBacklog, (*writing).directly},
	} {
		backlog := o.share(w.backlog)
		o.Tell(fmt.Sprintf("writer, %s: a backlog of %d calls, then steady streams", w.name, backlog))
		figures, err := on(ctx, o, func(ctx context.Context, p *parts) ([]Figure, error) {
			run := &writing{parts: p, line: w.line, backlog: backlog}
			if err := run.prepare(ctx, w.takes); err != nil {
				return nil, err
			}
			return w.figures(run, ctx)
		})
		if all = append(all, figures...); err != nil {
			return all, fmt.Errorf("the writer, %s: %w", w.name, err)
		}
	}
	return all, nil
}

// writing is one pattern under measurement.
type writing struct {
	*parts
	line    line
	backlog int

	crm  *stage.Stage
	prod *produce.Producer
	svc  *process.Process
	runs int
}

// prepare fills calls.insights with the backlog; the writer is not there yet.
func (w *writing) prepare(ctx context.Context, takes time.Duration) error {
	if err := w.stage(ctx, w.line.tenant); err != nil {
		return err
	}
	w.crm.Salesforce().Faults().Set(fault.Settings{Latency: fault.Latency{Median: takes}})
	return w.send(ctx, w.backlog, 0)
}

// stage sets the stage for one tenant, or for all, and makes the producer.
func (w *writing) stage(ctx context.Context, only string) (err error) {
	// Whether the package's trigger applies an event is Salesforce's work.
	if w.crm, err = w.set(ctx, stage.Config{}, only, strings.NewReplacer("pattern: events", "pattern: events\n  apply: none")); err != nil {
		return err
	}
	w.prod = produce.New(w.conn, produce.Config{MaxQueuedBytes: 512 << 20}, telemetry.Discard())
	w.stops = append(w.stops, func() error { //nolint:contextcheck // it drains though ctx has ended
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return w.prod.Close(ctx)
	})
	return nil
}

// send publishes n further decided calls, at once or so many a second.
func (w *writing) send(ctx context.Context, n int, rate float64) error {
	run := fmt.Sprintf("%08x%02x", rand.Uint32(), w.runs) //nolint:gosec // an id, not a secret
	w.runs++
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	err := paced(ctx, n, rate, func(i int) error {
		m, err := decided(w.line, run, i)
		if err != nil {
			return err
		}
		wg.Add(1)
		w.prod.Send(ctx, m, func(err error) {
			defer wg.Done()
			mu.Lock()
			defer mu.Unlock()
			first = errors.Join(first, err)
		})
		return nil
	})
	wg.Wait()
	return errors.Join(err, first)
}

// drain starts the writer on the backlog and waits until it has finished all of it. took is from the first call that it told of to
// the last, cpu from its being ready.
func (w *writing) drain(ctx context.Context) (took, cpu time.Duration, err error) {
	marks, err := w.marks(ctx, events.Records)
	if err != nil {
		return 0, 0, err
	}
	if w.svc, err = w.start(ctx, "crm-writer", nil); err != nil {
		return 0, 0, err
	}
	before, err := w.svc.Usage()
	if err != nil {
		return 0, 0, err //nolint:wrapcheck // it names the service
	}
	if err := w.finished(ctx); err != nil {
		return 0, 0, err
	}
	after, err := w.svc.Usage()
	if err != nil {
		return 0, 0, err //nolint:wrapcheck // it names the service
	}
	first, last, err := w.span(ctx, events.Records, marks)
	return last.Sub(first), after.CPU - before.CPU, err
}

// finished waits until the writer has finished everything that stands in calls.insights.
func (w *writing) finished(ctx context.Context) error {
	err := await(ctx, 50*time.Millisecond, func() (bool, error) {
		lag, err := w.left(ctx, "crm-writer", events.Insights)
		return lag == 0, err
	})
	if err != nil {
		return fmt.Errorf("waiting for the writer: %w", err)
	}
	return nil
}

func (w *writing) byEvent(ctx context.Context) ([]Figure, error) {
	took, cpu, err := w.drain(ctx)
	if err != nil {
		return nil, err
	}
	per100k := 100_000 / float64(w.backlog)
	rest, bus := w.requests()
	figures := []Figure{
		figure("events: drained", float64(w.backlog)/took.Seconds(), "events/s").atLeast(60_000),
		figure("events: processor", cpu.Seconds()*per100k, "CPU s per 100,000").atMost(0.45),
		figure("events: Pub/Sub requests", bus*per100k, "per 100,000").atMost(520),
		figure("events: REST requests at saturation", rest*1000/float64(w.backlog), "per 1,000").atMost(5),
	}
	steady, err := w.steady(ctx, 200)
	if err != nil {
		return figures, err
	}
	figures = append(figures,
		figure("events: 200/s, p50", ms(quantile(steady, 0.5)), "ms").atMost(22),
		figure("events: 200/s, p99", ms(quantile(steady, 0.99)), "ms").atMost(28))
	for _, rate := range []float64{0.6, 6} {
		one, err := w.slowly(ctx, "events", rate, figureBound(5))
		if figures = append(figures, one...); err != nil {
			return figures, err
		}
	}
	used, err := w.svc.Usage()
	return append(figures, figure("events: memory, most", float64(used.Peak)/mb, "MB").atMost(150)), err //nolint:wrapcheck // it names the service
}

func (w *writing) directly(ctx context.Context) ([]Figure, error) {
	took, cpu, err := w.drain(ctx)
	if err != nil {
		return nil, err
	}
	rest, bus := w.requests()
	files := w.files()
	figures := []Figure{
		figure("direct: written", float64(w.backlog)/took.Seconds(), "calls/s").atLeast(1000),
		figure("direct: processor", cpu.Seconds()*100_000/float64(w.backlog), "CPU s per 100,000"),
		figure("direct: REST requests at saturation", (rest-files)*1000/float64(w.backlog), "per 1,000").atMost(30),
		figure("direct: files at saturation", files*1000/float64(w.backlog), "REST per 1,000"),
		figure("direct: Pub/Sub requests", bus*1000/float64(w.backlog), "per 1,000"),
	}
	for _, rate := range []float64{0.6, 6} {
		one, err := w.slowly(ctx, "direct", rate, nil)
		if figures = append(figures, one...); err != nil {
			return figures, err
		}
	}
	used, err := w.svc.Usage()
	return append(figures, figure("direct: memory, most", float64(used.Peak)/mb, "MB")), err //nolint:wrapcheck // it names the service
}

func figureBound(v float64) *float64 { return &v }

// slowly sends a slow stream and counts what each call costs in requests.
func (w *writing) slowly(ctx context.Context, pattern string, rate float64, most *float64) ([]Figure, error) {
	n := max(int(rate*w.Window.Seconds()), len(mix))
	rest, bus := w.requests()
	files := w.files()
	if err := w.stream(ctx, n, rate); err != nil {
		return nil, err
	}
	restNow, busNow := w.requests()
	filesNow := w.files()
	per1000 := 1000 / float64(n)
	f := figure(fmt.Sprintf("%s: REST requests at %v calls/s", pattern, rate), (restNow-filesNow-rest+files)*per1000, "per 1,000")
	if most != nil {
		f = f.atMost(*most)
	}
	figures := []Figure{f, figure(fmt.Sprintf("%s: Pub/Sub requests at %v calls/s", pattern, rate), (busNow-bus)*per1000, "per 1,000")}
	if pattern == "direct" {
		figures = append(figures, figure(fmt.Sprintf("%s: files at %v calls/s", pattern, rate), (filesNow-files)*per1000, "REST per 1,000"))
	}
	return figures, nil
}

// stream sends n calls at a rate and waits until they are finished.
func (w *writing) stream(ctx context.Context, n int, rate float64) error {
	if err := w.send(ctx, n, rate); err != nil {
		return err
	}
	return w.finished(ctx)
}

// steady sends a steady stream and returns, in order, how long each call took from its insight's being sent to its being told as
// accepted by Salesforce.
func (w *writing) steady(ctx context.Context, rate float64) ([]time.Duration, error) {
	began := time.Now()
	if err := w.stream(ctx, int(rate*w.Window.Seconds()), rate); err != nil {
		return nil, err
	}
	sent, err := w.sent(ctx, began)
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	err = w.accepted(ctx, began, func(e *events.CallEvent, at time.Time) { took = append(took, at.Sub(sent[e.GetCallId()])) })
	if err == nil && len(took) != len(sent) {
		err = fmt.Errorf("%d calls were sent and %d accepted", len(sent), len(took))
	}
	slices.Sort(took)
	return took, err
}

// sent is when the insight of each call was sent, of those sent since began.
func (w *writing) sent(ctx context.Context, began time.Time) (map[string]time.Time, error) {
	sent := map[string]time.Time{}
	err := w.since(ctx, events.Insights, began, func(r broker.Record) error {
		sent[string(r.Key)] = r.Time
		return nil
	})
	return sent, err
}

// accepted calls each for the records that have been told as accepted by Salesforce since began, with the time at which they were.
func (w *writing) accepted(ctx context.Context, began time.Time, each func(e *events.CallEvent, at time.Time)) error {
	return w.since(ctx, events.Records, began, func(r broker.Record) error {
		e, err := events.Unmarshal(r.Value)
		if err != nil {
			return err //nolint:wrapcheck // it says what it read
		}
		if told, ok := e.Message().(*events.CallRecord); ok && told.GetCrmStatus() == events.CrmStatus_CRM_STATUS_PUBLISHED {
			each(e, r.Time)
		}
		return nil
	})
}

// requests are those that the writer's org has had until now.
func (w *writing) requests() (rest, bus float64) {
	for _, u := range w.crm.Salesforce().Usage() {
		rest += float64(u.Calls)
	}
	for _, row := range w.crm.Salesforce().Meter().Rows() {
		if row.Model == "pubsub" && row.Unit == "request" {
			bus += row.Amount
		}
	}
	return rest, bus
}

// files are the requests for transcripts among them; one holds the transcripts of many calls.
func (w *writing) files() float64 {
	requests := map[string]bool{}
	for _, c := range w.crm.Salesforce().ChangeLog(salesforce.Filter{Object: "ContentVersion", Op: "create"}) {
		if c.API != "" {
			requests[c.Request] = true
		}
	}
	return float64(len(requests))
}
