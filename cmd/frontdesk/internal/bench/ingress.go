package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/process"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
	"github.com/frontdesk/frontdesk/services/ingress"
)

const (
	// manyCalls at once are measured, mostCalls are held.
	manyCalls, mostCalls = 500, 1500
	// framesPerSecond of one track: 20 ms each.
	framesPerSecond = 50
)

// Ingress holds many calls whose audio goes to Kafka at life's pace.
func Ingress(ctx context.Context, o Options) ([]Figure, error) {
	a, err := ingress.FrameAllocations(ctx)
	if err != nil {
		return nil, fmt.Errorf("ingress: %w", err)
	}
	all := []Figure{figure("ingress: allocations of a frame, from the socket's buffer into its chunk", a, "per frame").atMost(0)}
	for _, load := range []struct {
		calls, tracks int
		window        time.Duration
	}{{manyCalls, 1, o.Window}, {manyCalls, 2, o.Window}, {mostCalls, 1, min(o.Window, 10*time.Second)}} {
		calls := o.share(load.calls)
		o.Tell(fmt.Sprintf("ingress: %d calls at once, %d frames a second each", calls, load.tracks*framesPerSecond))
		figures, err := on(ctx, o, func(ctx context.Context, p *parts) ([]Figure, error) {
			s := &streaming{parts: p, calls: calls, tracks: load.tracks, window: load.window, most: load.calls == mostCalls}
			return s.measure(ctx)
		})
		if all = append(all, figures...); err != nil {
			return all, fmt.Errorf("ingress: %w", err)
		}
	}
	return all, nil
}

// streaming is one load of media streams.
type streaming struct {
	*parts
	calls, tracks int
	window        time.Duration
	began         time.Time
	// most asks for how many calls are held.
	most bool
}

func (s *streaming) measure(ctx context.Context) ([]Figure, error) {
	s.began = time.Now()
	carrier, base, err := s.carrier(ctx)
	if err != nil {
		return nil, err
	}
	svc, err := s.start(ctx, "ingress", map[string]string{
		"listen": strings.TrimPrefix(base, "http://"), "public_url": base, "token_keys": strings.Repeat("bench", 8), "accept_grace": "0s",
	})
	if err != nil {
		return nil, err
	}
	idle, err := svc.Usage()
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the service
	}
	type result struct {
		report twilio.Report
		err    error
	}
	over := make(chan result, 1)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		r, err := carrier.Run(ctx, twilio.Load{Calls: []*calls.Call{s.call()}, Count: s.calls, Concurrency: s.calls, VaryCallers: true})
		over <- result{r, err}
	}()
	if err := pause(ctx, s.settle()); err != nil {
		return nil, err
	}
	before, allocated, err := usage(ctx, svc)
	if err == nil {
		err = pause(ctx, s.window)
	}
	if err != nil {
		return nil, err
	}
	after, allocatedThen, err := usage(ctx, svc)
	if err != nil {
		return nil, err
	}
	r := <-over
	if r.err != nil {
		return nil, fmt.Errorf("the carrier: %w", r.err)
	}
	heard, gaps, err := s.heard(ctx)
	if err != nil {
		return nil, err
	}
	lost := max(0, float64(r.report.Streams.Messages)*20-float64(heard.Milliseconds())) / 20
	name := fmt.Sprintf("ingress: %d calls of %d frames/s, ", s.calls, s.tracks*framesPerSecond)
	seconds := float64(s.calls) * s.window.Seconds()
	cpu := figure(name+"processor", (after.CPU-before.CPU).Seconds()*1000/seconds, "CPU s per 1,000 call-seconds")
	if !s.most && s.tracks == 1 {
		cpu = cpu.atMost(0.45)
	}
	figures := []Figure{
		cpu,
		figure(name+"memory of a call", (float64(after.Resident)-float64(idle.Resident))/1024/float64(s.calls), "KB"),
		figure(name+"allocations, those of chunks and requests included",
			(allocatedThen-allocated)/(seconds*float64(s.tracks*framesPerSecond)), "per frame"),
		figure(name+"frames lost", lost+float64(r.report.Streams.Discarded)+gaps, "frames").atMost(0),
	}
	if s.most {
		figures = append(figures, figure("ingress: calls held at once", float64(min(r.report.PeakConcurrent, r.report.Calls.Completed)), "calls").atLeast(mostCalls))
	}
	return figures, nil
}

// carrier is one that rings the webhooks at base, where nobody listens yet.
func (s *streaming) carrier(ctx context.Context) (_ *twilio.Carrier, base string, err error) {
	st, err := s.set(ctx, stage.Config{Speed: 1, PausingTrack: true}, "", strings.NewReplacer())
	if err != nil {
		return nil, "", err
	}
	addr, err := ports.Free(ctx)
	if err != nil {
		return nil, "", err
	}
	base = "http://" + addr
	if err := st.Ring(ctx, base); err != nil {
		return nil, "", err //nolint:wrapcheck // it says what it started
	}
	return st.Carrier(), base, nil
}

// call is as long as the measurement, with noise on one track or both.
func (s *streaming) call() *calls.Call {
	long := s.settle() + s.window + 2*time.Second
	c := &calls.Call{Name: "bench", From: "+12025550123", To: eventsLine.number, Duration: calls.Duration(long), Caller: noise(long)}
	if s.tracks == 2 {
		c.AgentAudio = noise(long)
	}
	return c
}

// noise is µ-law that compresses as badly as speech.
func noise(long time.Duration) []byte {
	b := make([]byte, int(long.Seconds()*8000))
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// heard is how much audio stands in calls.media, and how many frames of gaps are declared there.
func (s *streaming) heard(ctx context.Context) (audio time.Duration, gaps float64, err error) {
	err = s.since(ctx, events.Media, s.began, func(r broker.Record) error {
		e, err := events.Unmarshal(r.Value)
		if err != nil {
			return err //nolint:wrapcheck // it says what it read
		}
		switch m := e.Message().(type) {
		case *events.AudioChunk:
			audio += time.Duration(len(m.GetAudio())) * time.Second / 8000
		case *events.MediaGap:
			gaps += float64(m.GetEndMs()-m.GetStartMs()) / 20
		}
		return nil
	})
	return audio, gaps, err
}

// usage is what a service has used, and how many objects it has allocated.
func usage(ctx context.Context, svc *process.Process) (process.Usage, float64, error) {
	used, err := svc.Usage()
	if err != nil {
		return used, 0, err //nolint:wrapcheck // it names the service
	}
	allocated, err := svc.Metric(ctx, "go_memstats_mallocs_total")
	return used, allocated, err //nolint:wrapcheck // as above
}

// pause lets a load run.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err() //nolint:wrapcheck // the bench says what it was at
	}
}
