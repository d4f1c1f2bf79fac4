package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/process"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

const (
	// heardCalls at once are measured of stt; each has two sessions.
	heardCalls = 100
	// endingRate is how many calls end a second.
	endingRate   = 20
	sessionsOpen = "frontdesk_stt_sessions"
	// shortCall is the longest of those that are played.
	shortCall = 20 * time.Second
)

// pipeline is services in a row, with a carrier that plays sample calls at life's pace.
type pipeline struct {
	*parts
	stage *stage.Stage
	calls []*calls.Call
	svcs  map[string]*process.Process
}

// build starts the first n services.
func build(ctx context.Context, p *parts, n int) (*pipeline, error) {
	l := &pipeline{parts: p, svcs: map[string]*process.Process{}}
	// Short ones, and none that needs another before it.
	for _, c := range p.Calls {
		if c.After == "" && c.Duration.Std() <= shortCall {
			l.calls = append(l.calls, c)
		}
	}
	var err error
	if l.stage, err = p.set(ctx, stage.Config{Speed: p.Speed, Calls: p.Calls}, "", strings.NewReplacer()); err != nil {
		return nil, err
	}
	addr, err := ports.Free(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range process.Names()[:n] {
		settings := map[string]string{}
		if name == "ingress" {
			settings = map[string]string{"listen": addr, "public_url": "http://" + addr, "token_keys": strings.Repeat("bench", 8), "accept_grace": "0s"}
		}
		if l.svcs[name], err = p.start(ctx, name, settings); err != nil {
			return nil, err
		}
	}
	return l, l.stage.Ring(ctx, "http://"+addr) //nolint:wrapcheck // it says what it started
}

// STT lets a steady number of calls be heard.
func STT(ctx context.Context, o Options) ([]Figure, error) {
	calls := o.share(heardCalls)
	o.Tell(fmt.Sprintf("stt: %d calls at once, two sessions each", calls))
	o.Speed = 1
	return on(ctx, o, func(ctx context.Context, p *parts) ([]Figure, error) {
		l, err := build(ctx, p, 2)
		if err != nil {
			return nil, err
		}
		svc := l.svcs["stt"]
		idle, err := svc.Usage()
		if err != nil {
			return nil, err //nolint:wrapcheck // it names the service
		}
		ctx, stop := context.WithCancel(ctx)
		var running sync.WaitGroup
		running.Go(func() {
			// It ends with the measurement.
			_, _ = l.stage.Carrier().Run(ctx, twilio.Load{Calls: l.calls, Count: math.MaxInt32, Concurrency: calls, VaryCallers: true})
		})
		defer running.Wait()
		defer stop()
		// Consent comes before the first session, and each call's own start before all of them are up.
		err = await(ctx, 200*time.Millisecond, func() (bool, error) {
			open, err := svc.Metric(ctx, sessionsOpen)
			return open > 0, err
		})
		if err == nil {
			err = pause(ctx, 2*o.settle())
		}
		if err != nil {
			return nil, err
		}
		before, err := svc.Usage()
		if err != nil {
			return nil, err //nolint:wrapcheck // it names the service
		}
		if err := pause(ctx, o.Window); err != nil {
			return nil, err
		}
		after, err := svc.Usage()
		if err != nil {
			return nil, err //nolint:wrapcheck // it names the service
		}
		sessions, err := svc.Metric(ctx, sessionsOpen)
		if err != nil {
			return nil, err //nolint:wrapcheck // it names the service
		}
		return []Figure{
			figure("stt: sessions open", sessions, "sessions"),
			figure("stt: processor", (after.CPU-before.CPU).Seconds()*1000/(float64(calls)*o.Window.Seconds()), "CPU s per 1,000 call-seconds"),
			figure("stt: memory of a session", (float64(after.Resident)-float64(idle.Resident))/1024/max(sessions, 1), "KB"),
		}, nil
	})
}

// EndToEnd lets calls end at a steady rate and looks at when each stands in Salesforce.
func EndToEnd(ctx context.Context, o Options) ([]Figure, error) {
	rate := endingRate * o.Load
	first := time.Duration(float64(shortCall+10*time.Second) / o.Speed) // until calls end as often as they begin, their ringing and questions included
	o.Tell(fmt.Sprintf("end-to-end: %v calls ending a second", rate))
	return on(ctx, o, func(ctx context.Context, p *parts) ([]Figure, error) {
		l, err := build(ctx, p, len(process.Names()))
		if err != nil {
			return nil, err
		}
		ended := map[string]time.Time{}
		var mu sync.Mutex
		began := time.Now()
		load := twilio.Load{
			Calls: l.calls, Duration: first + o.Window, VaryCallers: true, Speed: o.Speed,
			PeakCallsPerDay: rate * 3600 / 0.15 / o.Speed, // calls by chance, as in the busy hour of such a day
			OnResult: func(r *twilio.Result) {
				mu.Lock()
				defer mu.Unlock()
				ended[r.CallSid] = r.Wall.End
			},
		}
		report, err := l.stage.Carrier().Run(ctx, load)
		if err != nil {
			return nil, fmt.Errorf("the carrier: %w", err)
		}
		written, err := l.written(ctx, len(ended))
		if err != nil {
			return nil, err
		}
		took := make([]time.Duration, 0, len(ended))
		inWindow := 0
		for sid, end := range ended {
			at, ok := written[sid]
			if !ok || end.Before(began.Add(first)) || end.After(began.Add(first+o.Window)) {
				continue // before and after it fewer calls end
			}
			inWindow++
			took = append(took, at.Sub(end))
		}
		if len(took) == 0 {
			return nil, fmt.Errorf("none of %d calls ended in the time that was measured: try a longer --window", report.Calls.Placed)
		}
		slices.Sort(took)
		figures := []Figure{
			figure("end-to-end: calls that ended", float64(inWindow)/o.Window.Seconds(), "calls/s").atLeast(0.9 * endingRate),
			figure("end-to-end: end of call to accepted by Salesforce, p50", ms(quantile(took, 0.5)), "ms"),
			figure("end-to-end: end of call to accepted by Salesforce, p99", ms(quantile(took, 0.99)), "ms").atMost(150),
			figure("end-to-end: calls without a record", float64(len(ended)-len(written)), "calls").atMost(0),
		}
		for _, name := range process.Names() {
			u, err := l.svcs[name].Usage()
			if err != nil {
				return figures, err //nolint:wrapcheck // it names the service
			}
			figures = append(figures, figure("end-to-end: "+name+", processor", u.CPU.Seconds()*1000/float64(len(ended)), "CPU s per 1,000 calls"))
		}
		return figures, nil
	})
}

// written is when the logged call of each call was made in Salesforce. It waits for n of them, as long as further ones come.
func (l *pipeline) written(ctx context.Context, n int) (map[string]time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	at := map[string]time.Time{}
	err := await(ctx, 200*time.Millisecond, func() (bool, error) {
		for _, c := range l.stage.Salesforce().ChangeLog(salesforce.Filter{Object: "Task", Op: "create"}) {
			key, _ := c.After["Call_Id__c"].(string)
			if sid, isLog := strings.CutSuffix(key, ":log"); isLog {
				at[sid] = c.At
			}
		}
		return len(at) >= n, nil
	})
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	return at, nil
}
