package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
)

// outbox keeps what is published.
type outbox struct {
	mu     sync.Mutex
	states []*events.CallEvent
	told   []*events.CallEvent
	bills  []*events.CallEvent
	buried []*events.CallEvent
	fail   func(kind events.Kind) error
}

func (o *outbox) add(list *[]*events.CallEvent, e *events.CallEvent) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := events.Marshal(e); err != nil {
		return retry.Permanently("unencodable", err)
	}
	if o.fail != nil {
		if err := o.fail(e.Kind()); err != nil {
			return err
		}
	}
	c, _ := proto.Clone(e).(*events.CallEvent)
	*list = append(*list, c)
	return nil
}

func (o *outbox) State(_ context.Context, e *events.CallEvent) error   { return o.add(&o.states, e) }
func (o *outbox) Insight(_ context.Context, e *events.CallEvent) error { return o.add(&o.told, e) }
func (o *outbox) Usage(_ context.Context, e *events.CallEvent) error   { return o.add(&o.bills, e) }

func (o *outbox) Bury(_ context.Context, e *events.CallEvent, _ int64, _ error) error {
	return o.add(&o.buried, e)
}

func (o *outbox) dead() []*events.CallEvent {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.buried)
}

func (o *outbox) breaks(fail func(events.Kind) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail = fail
}

func (o *outbox) insights() []*events.CallEvent {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.told)
}

func (o *outbox) usage() []*events.UsageRecorded {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []*events.UsageRecorded
	for _, e := range o.bills {
		out = append(out, e.GetBody().GetUsageRecorded())
	}
	return out
}

// stored is the compacted topic.
func (o *outbox) stored() []Stored {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := map[string]Stored{}
	for i, e := range o.states {
		last[e.GetCallId()] = Stored{Event: e, Offset: int64(i)}
	}
	var out []Stored
	for _, s := range last {
		c, _ := proto.Clone(s.Event).(*events.CallEvent)
		out = append(out, Stored{Event: c, Offset: s.Offset})
	}
	return out
}

// past is the topics as they were.
type past struct {
	out      *outbox
	mu       sync.Mutex
	segments map[int64]*events.TranscriptSegment
	searches int
	fail     error
}

func (p *past) put(offset int64, s *events.TranscriptSegment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.segments == nil {
		p.segments = map[int64]*events.TranscriptSegment{}
	}
	p.segments[offset] = s
}

func (p *past) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.segments = nil
}

func (p *past) State(_ context.Context, _ int, call string, _ int64) (*events.CallEvent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.searches++
	if p.fail != nil {
		return nil, p.fail
	}
	for _, s := range p.out.stored() {
		if s.Event.GetCallId() == call {
			return s.Event, nil
		}
	}
	return nil, nil
}

func (p *past) Segments(_ context.Context, _ int, offsets []int64) ([]*events.TranscriptSegment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*events.TranscriptSegment
	for _, o := range offsets {
		if s := p.segments[o]; s != nil {
			out = append(out, s)
		}
	}
	return out, p.fail
}

// memory keeps answers as Redis does.
type memory struct {
	mu    sync.Mutex
	kept  map[string][]byte
	taken map[string]bool
	away  bool
}

func (m *memory) Take(ctx context.Context, call, question string) ([]byte, Ticket, error) {
	k := call + question
	for {
		m.mu.Lock()
		switch {
		case m.away:
			m.mu.Unlock()
			return nil, nil, errors.New("redis is away")
		case m.kept[k] != nil:
			defer m.mu.Unlock()
			return m.kept[k], nil, nil
		case !m.taken[k]:
			m.taken[k] = true
			m.mu.Unlock()
			return nil, &slip{m, k}, nil
		}
		m.mu.Unlock()
		if err := retry.Pause(ctx, 100*time.Millisecond); err != nil {
			return nil, nil, err
		}
	}
}

type slip struct {
	m *memory
	k string
}

func (s *slip) Keep(_ context.Context, answer []byte) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.kept[s.k] = answer
	delete(s.m.taken, s.k)
	return nil
}

func (s *slip) Drop(context.Context) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	delete(s.m.taken, s.k)
	return nil
}

// scripted is a model that answers what a test tells it to.
type scripted struct {
	mu     sync.Mutex
	asked  []*model.Request
	answer func(n int, r *model.Request) (*model.Answer, error)
	takes  time.Duration
}

func (s *scripted) Model(*tenant.Tenant) (model.Driver, error) { return s, nil }
func (s *scripted) Dependency() string                         { return "scripted" }
func (s *scripted) Close() error                               { return nil }

func (s *scripted) Ask(ctx context.Context, r *model.Request) (*model.Answer, error) {
	s.mu.Lock()
	s.asked = append(s.asked, r)
	n, answer, takes := len(s.asked), s.answer, s.takes
	s.mu.Unlock()
	if takes > 0 {
		if err := retry.Pause(ctx, takes); err != nil {
			return nil, model.Fail(model.TimedOut, "scripted.timeout", "scripted", 0, err)
		}
	}
	if answer == nil {
		return good(demoAnswer), nil
	}
	return answer(n, r)
}

func (s *scripted) says(f func(n int, r *model.Request) (*model.Answer, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

func (s *scripted) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func (s *scripted) request(i int) *model.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[i]
}

func good(text string) *model.Answer {
	return &model.Answer{Text: text, ID: "r-" + text[:1] + time.Now().String(), Usage: model.Usage{Input: 1000, Output: 200}}
}
