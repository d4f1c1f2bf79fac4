package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sessions hands out session-0, session-1, … one further after each drop.
type sessions struct {
	mu      sync.Mutex
	n       int
	current *salesforce.Session
}

func (s *sessions) Session(context.Context) (*salesforce.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		s.current = &salesforce.Session{AccessToken: fmt.Sprint("session-", s.n), InstanceURL: "https://x", OrgID: "00D1", UserID: "0051"}
		s.n++
	}
	return s.current, nil
}

func (s *sessions) Drop(old *salesforce.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == old {
		s.current = nil
	}
}

func (s *sessions) Dependency() string { return "salesforce:acme" }

func publisher(t *testing.T, endpoint string) *pubsub.Publisher {
	t.Helper()
	p, err := pubsub.New(pubsub.Config{Endpoint: endpoint, Insecure: true}, &sessions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func events(n int) []pubsub.Event {
	out := make([]pubsub.Event, n)
	for i := range out {
		out[i] = pubsub.Event{ID: fmt.Sprintf("event-%04d", i), Fields: map[string]any{"Call_Id__c": fmt.Sprint("CA", i)}}
	}
	return out
}

func TestEventsArriveAsTheSchemaSays(t *testing.T) {
	b := &bus{}
	p := publisher(t, b.serve(t))
	at := time.Date(2026, 3, 1, 14, 0, 0, 0, time.UTC)
	got := p.Publish(t.Context(), topic, []pubsub.Event{{ID: "e1", Fields: map[string]any{
		"Call_Id__c": "CA1", "Intent_Confidence__c": 0.93, "StartTime__c": at, "Consent_Record__c": true,
	}}})
	if got[0].Err != nil || string(got[0].ReplayID) != "e1" {
		t.Fatalf("%+v", got)
	}
	e := b.events[0]
	if e["Call_Id__c"] != "CA1" || e["Intent_Confidence__c"] != 0.93 || e["StartTime__c"] != at.UnixMilli() ||
		e["Consent_Record__c"] != true || e["CreatedById"] != "0051" || e["CreatedDate"] == int64(0) {
		t.Errorf("arrived as %v", e)
	}
	if b.sessions[0] != "[session-0] [00D1] 1" {
		t.Errorf("metadata %v", b.sessions)
	}
}

func TestOneStreamAndOneLookUpServeManyRequests(t *testing.T) {
	b := &bus{}
	p := publisher(t, b.serve(t))
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			e := events(3)
			for j := range e {
				e[j].ID = fmt.Sprintf("%d-%d", i, j)
			}
			for j, r := range p.Publish(t.Context(), topic, e) {
				if r.Err != nil || string(r.ReplayID) != e[j].ID {
					t.Errorf("%s: %+v", e[j].ID, r)
				}
			}
		})
	}
	wg.Wait()
	if b.calls["GetTopic"] != 1 || b.calls["GetSchema"] != 1 || b.calls["PublishStream"] != 1 || len(b.events) != 61 {
		t.Errorf("%v, %d events", b.calls, len(b.events))
	}
}

func TestRequestsAreSplitAtTheLimits(t *testing.T) {
	b := &bus{}
	p := publisher(t, b.serve(t))
	for i, r := range p.Publish(t.Context(), topic, events(450)) {
		if r.Err != nil || string(r.ReplayID) != fmt.Sprintf("event-%04d", i) {
			t.Fatalf("%d: %+v", i, r)
		}
	}
	big := events(8)
	for i := range big {
		big[i].Fields["Call_Id__c"] = string(make([]byte, 900<<10))
	}
	big[3].Fields["Call_Id__c"] = string(make([]byte, 1<<20))
	got := p.Publish(t.Context(), topic, big)
	if !retry.IsPermanent(got[3].Err) || retry.Code(got[3].Err) != "salesforce.pubsub.too_large" || got[4].Err != nil {
		t.Errorf("%+v", got[3:5])
	}
	if fmt.Sprint(b.requests) != "[200 200 50 3 3 1]" {
		t.Errorf("requests of %v", b.requests)
	}
}

func TestOneEventsErrorIsItsOwn(t *testing.T) {
	b := &bus{answer: func(_ int, r *wire.PublishRequest) ([]*wire.PublishResult, error) {
		return []*wire.PublishResult{ // out of order on purpose: the key tells
			{CorrelationKey: r.GetEvents()[1].GetId(), Error: &wire.Error{Code: wire.ErrorCode_COMMIT, Msg: "m"}},
			{CorrelationKey: r.GetEvents()[0].GetId(), ReplayId: []byte{1}},
		}, nil
	}}
	p := publisher(t, b.serve(t))
	e := append(events(2), pubsub.Event{ID: "x", Fields: map[string]any{"Missing__c": "a"}})
	got := p.Publish(t.Context(), topic, e)
	if got[0].Err != nil || retry.Code(got[1].Err) != "salesforce.pubsub.COMMIT" || retry.IsPermanent(got[1].Err) {
		t.Errorf("%+v", got)
	}
	if !retry.IsPermanent(got[2].Err) || retry.Code(got[2].Err) != "salesforce.INVALID_FIELD" || retry.Field(got[2].Err) != "Missing__c" {
		t.Errorf("%+v", got[2])
	}
}

func TestABrokenStreamFailsWhatIsUnderWayAndTheNextOneIsNew(t *testing.T) {
	b := &bus{answer: func(n int, _ *wire.PublishRequest) ([]*wire.PublishResult, error) {
		if n == 0 {
			return nil, status.Error(codes.Unavailable, "upstream connect error")
		}
		return nil, nil
	}}
	p := publisher(t, b.serve(t))
	got := p.Publish(t.Context(), topic, events(2))
	for _, r := range got {
		if retry.Code(r.Err) != "salesforce.pubsub.Unavailable" || retry.IsPermanent(r.Err) || retry.Dependency(r.Err) != "salesforce:acme" {
			t.Errorf("%v", r.Err)
		}
	}
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil || b.calls["PublishStream"] != 2 {
		t.Errorf("%+v, %v", got, b.calls)
	}
}

func TestAnEndedSessionIsRenewedOnce(t *testing.T) {
	b := &bus{good: "session-1"}
	p := publisher(t, b.serve(t))
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	// The session ends while the schema is cached: only the stream can tell, by its trailer.
	b.mu.Lock()
	b.good = "session-2"
	b.answer = func(n int, _ *wire.PublishRequest) ([]*wire.PublishResult, error) {
		if n == 1 {
			return nil, status.Error(codes.Unauthenticated, "over")
		}
		return nil, nil
	}
	b.mu.Unlock()
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	b.mu.Lock()
	b.good = "nobody"
	b.answer = func(int, *wire.PublishRequest) ([]*wire.PublishResult, error) {
		return nil, status.Error(codes.Unauthenticated, "over")
	}
	b.mu.Unlock()
	got := p.Publish(t.Context(), topic, events(1))
	if retry.Code(got[0].Err) != "salesforce.pubsub.service.auth.error" || retry.IsPermanent(got[0].Err) {
		t.Errorf("%v", got[0].Err)
	}
}

// TestASessionThatEndsHalfWay: what is on the bus is not published again.
func TestASessionThatEndsHalfWay(t *testing.T) {
	b := &bus{answer: func(n int, _ *wire.PublishRequest) ([]*wire.PublishResult, error) {
		if n == 1 {
			return nil, status.Error(codes.Unauthenticated, "over")
		}
		return nil, nil
	}}
	p := publisher(t, b.serve(t))
	e := events(3 * pubsub.MaxEvents)
	e[5].Fields["Missing__c"] = "a"
	for i, r := range p.Publish(t.Context(), topic, e) {
		if i == 5 && !retry.IsPermanent(r.Err) || i != 5 && (r.Err != nil || string(r.ReplayID) != e[i].ID) {
			t.Errorf("%d: %+v", i, r)
		}
	}
	seen := map[any]bool{}
	for _, got := range b.events {
		seen[got["Call_Id__c"]] = true
	}
	if len(seen) != len(e)-1 || len(b.events) != len(seen) {
		t.Errorf("%d events on the bus, %d of them distinct; requests of %v", len(b.events), len(seen), b.requests)
	}
}

func TestAnIdleStreamIsClosedBeforeTheServerDoes(t *testing.T) {
	b := &bus{ended: make(chan struct{}, 1)}
	// Long enough that a stream is used before it is idle.
	p, err := pubsub.New(pubsub.Config{Endpoint: b.serve(t), Insecure: true, IdleAfter: 100 * time.Millisecond}, &sessions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	<-b.ended
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Errorf("after idleness: %v", got[0].Err)
	}
}

func TestAnUnknownTopicIsPermanent(t *testing.T) {
	b := &bus{}
	got := publisher(t, b.serve(t)).Publish(t.Context(), "/event/Other__e", events(1))
	if !retry.IsPermanent(got[0].Err) || retry.Code(got[0].Err) != "salesforce.pubsub.NotFound" {
		t.Errorf("%v", got[0].Err)
	}
}

func TestNobodyListeningIsRetryable(t *testing.T) {
	got := publisher(t, "127.0.0.1:1").Publish(t.Context(), topic, events(1))
	if retry.Code(got[0].Err) != "salesforce.pubsub.Unavailable" || retry.IsPermanent(got[0].Err) {
		t.Errorf("%v", got[0].Err)
	}
}

func TestACallersContextEndsItsWaitOnly(t *testing.T) {
	hold := make(chan struct{})
	b := &bus{answer: func(n int, _ *wire.PublishRequest) ([]*wire.PublishResult, error) {
		if n == 0 {
			<-hold
		}
		return nil, nil
	}}
	p := publisher(t, b.serve(t))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if got := p.Publish(ctx, topic, events(1)); !errors.Is(got[0].Err, context.Canceled) {
			t.Errorf("%v", got[0].Err)
		}
	})
	cancel()
	wg.Wait()
	close(hold)
	if got := p.Publish(t.Context(), topic, events(1)); got[0].Err != nil {
		t.Errorf("%v", got[0].Err)
	}
}
