package kafka_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/kafka"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func meters(t *testing.T) *metrics.Metrics {
	t.Helper()
	m, err := metrics.New(noop.NewMeterProvider().Meter(""))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var start = time.Date(2026, 11, 2, 15, 4, 5, 0, time.UTC)

func facts(call string) app.Facts {
	return app.Facts{CallID: call, Source: events.Source_SOURCE_TWILIO, Account: "AC1", Tenant: "acme", Start: time.Now()}
}

func consent(f app.Facts, a events.ConsentAnswer) app.Message {
	return app.Message{Topic: events.Lifecycle, Event: f.Root().Event(start, &events.ConsentRecorded{
		Answer: a, Method: events.ConsentMethod_CONSENT_METHOD_REPORTED, DecidedAt: timestamppb.New(start),
	})}
}

func chunk(f app.Facts, n uint64, audio []byte) app.Message {
	return app.Message{Topic: events.Media, Event: f.Root().Event(start, &events.AudioChunk{
		StreamId: "MZ1", Party: events.Party_PARTY_CALLER, Chunk: n, Audio: audio, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000,
	})}
}

func TestPublisherOnABroker(t *testing.T) {
	conn := kafkatest.Broker(t, events.Lifecycle.Name, events.Media.Name)
	prod := produce.New(conn, produce.Config{}, telemetry.Discard())
	pub := kafka.NewPublisher(prod, meters(t))
	calls := []string{"CA1", "CA2", "CA3"}
	var acks sync.WaitGroup
	audio := make([]byte, 1600)
	for n := range uint64(100) {
		for _, call := range calls {
			audio[0] = byte(n)
			acks.Add(1)
			pub.Send(t.Context(), chunk(facts(call), n, audio), func(err error) {
				defer acks.Done()
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	if err := pub.Publish(t.Context(), consent(facts("CA1"), events.ConsentAnswer_CONSENT_ANSWER_GRANTED)); err != nil {
		t.Fatal(err)
	}
	acks.Wait()
	pub.Close(t.Context())
	if err := prod.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := map[string]uint64{}
	for _, r := range kafkatest.Records(t, conn, events.Media.Name) {
		e, err := events.Unmarshal(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := e.Message().(*events.AudioChunk)
		if call := string(r.Key); call != e.GetCallId() || c.GetChunk() != next[call] || c.GetAudio()[0] != byte(c.GetChunk()) {
			t.Fatalf("call %s: chunk %d, want %d", call, c.GetChunk(), next[call])
		}
		next[string(r.Key)]++
		headers := map[string]string{}
		for _, h := range r.Headers {
			headers[h.Key] = string(h.Value)
		}
		if headers[events.HeaderEventID] != e.GetEventId() || headers[events.HeaderKind] != "audio_chunk" || headers[events.HeaderTenant] != "acme" {
			t.Fatalf("headers %v", headers)
		}
	}
	for _, call := range calls {
		if next[call] != 100 {
			t.Errorf("%s: %d chunks", call, next[call])
		}
	}
}

func TestInvalidEventsArePermanent(t *testing.T) {
	pub := kafka.NewPublisher(&stuck{release: make(chan struct{})}, meters(t))
	defer pub.Close(t.Context())
	bad := chunk(facts("CA1"), 0, nil)
	if err := pub.Publish(t.Context(), bad); !retry.IsPermanent(err) {
		t.Errorf("Publish: %v", err)
	}
	pub.Send(t.Context(), bad, func(err error) {
		if !retry.IsPermanent(err) {
			t.Errorf("Send: %v", err)
		}
	})
}

// stuck is a producer whose Send waits, as the real one does while nobody can tell it a topic's partitions.
type stuck struct {
	release chan struct{}
	sent    int
	// published is how many had been sent when Publish came.
	published int
}

func (s *stuck) Publish(context.Context, ...produce.Message) error {
	s.published = s.sent
	return nil
}

func (s *stuck) Send(ctx context.Context, _ produce.Message, done func(error)) {
	select {
	case <-s.release:
		s.sent++
		done(nil)
	case <-ctx.Done():
		done(ctx.Err())
	}
}

func TestSendNeverWaits(t *testing.T) {
	prod := &stuck{release: make(chan struct{})}
	pub := kafka.NewPublisher(prod, meters(t))
	acks := make(chan error, 50)
	for n := range uint64(50) {
		pub.Send(t.Context(), chunk(facts("CA1"), n, []byte{1}), func(err error) { acks <- err })
	}
	close(prod.release)
	pub.Close(t.Context())
	for range 50 {
		if err := <-acks; err != nil {
			t.Fatal(err)
		}
	}
}

func TestPublishKeepsTheOrderOfACall(t *testing.T) {
	prod := &stuck{release: make(chan struct{})}
	pub := kafka.NewPublisher(prod, meters(t))
	for n := range uint64(3) {
		pub.Send(t.Context(), chunk(facts("CA1"), n, []byte{1}), func(error) {})
	}
	granted := consent(facts("CA1"), events.ConsentAnswer_CONSENT_ANSWER_GRANTED)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := pub.Publish(ctx, granted); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want a deadline: it must neither overtake nor wait for ever", err)
	}
	close(prod.release)
	if err := pub.Publish(t.Context(), granted); err != nil {
		t.Fatal(err)
	}
	pub.Close(t.Context())
	if prod.published != 3 {
		t.Errorf("published after %d of 3", prod.published)
	}
}

func TestCloseGivesUp(t *testing.T) {
	pub := kafka.NewPublisher(&stuck{release: make(chan struct{})}, meters(t))
	acks := make(chan error, 3)
	for n := range uint64(3) {
		pub.Send(t.Context(), chunk(facts("CA1"), n, []byte{1}), func(err error) { acks <- err })
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	pub.Close(ctx)
	for range 3 {
		if err := <-acks; !errors.Is(err, context.Canceled) || !retry.IsPermanent(err) {
			t.Errorf("%v, want every message to have its end, for good", err)
		}
	}
	pub.Send(t.Context(), chunk(facts("CA1"), 3, []byte{1}), func(err error) { acks <- err })
	if err := <-acks; !errors.Is(err, produce.ErrClosed) || !retry.IsPermanent(err) {
		t.Errorf("%v, want what is sent after the end to be refused", err)
	}
}

func TestHistory(t *testing.T) {
	conn := kafkatest.Broker(t, events.Lifecycle.Name)
	prod := produce.New(conn, produce.Config{}, telemetry.Discard())
	pub := kafka.NewPublisher(prod, meters(t))
	defer func() {
		pub.Close(t.Context())
		if err := prod.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	history := kafka.NewHistory(conn, 10*time.Second)
	granted, withdrawn := events.ConsentAnswer_CONSENT_ANSWER_GRANTED, events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN
	for _, m := range []app.Message{
		consent(facts("CA1"), events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT), consent(facts("CA2"), withdrawn), consent(facts("CA1"), granted),
		consent(facts("CA3"), granted), consent(facts("CA3"), withdrawn), consent(facts("CA3"), granted),
	} {
		if err := pub.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for call, want := range map[string]events.ConsentAnswer{
		"CA1": granted, "CA2": withdrawn, "CA3": withdrawn, "CA4": events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED,
	} {
		if got, err := history.Past(t.Context(), facts(call)); err != nil || got.Consent != want {
			t.Errorf("%s: %v, %v, want %v", call, got, err, want)
		}
	}
	// Whoever else knows a call's id has no say in it.
	tenant, account := facts("CA1"), facts("CA1")
	tenant.Tenant, account.Account = "initech", "AC9"
	for _, foreign := range []app.Facts{tenant, account} {
		if err := pub.Publish(t.Context(), consent(foreign, withdrawn)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := history.Past(t.Context(), facts("CA1")); err != nil || got.Consent != granted {
		t.Errorf("%v, %v after another tenant's word", got.Consent, err)
	}
	f := facts("CA1")
	ended := f.Root().Event(start, &events.MediaEnded{StreamId: "MZ1", Reason: events.MediaEndReason_MEDIA_END_REASON_DISCONNECTED, EndMs: 5373})
	if err := pub.Publish(t.Context(), app.Message{Topic: events.Lifecycle, Event: ended}); err != nil {
		t.Fatal(err)
	}
	if got, err := history.Past(t.Context(), f); err != nil || got.Heard != 5373*time.Millisecond || !got.DecidedAt.Equal(start) || !got.Reported {
		t.Errorf("heard %s, answered %v, %v", got.Heard, got.DecidedAt, err)
	}
	t.Run("without the topic", func(t *testing.T) {
		bare := kafkatest.Broker(t)
		if _, err := kafka.NewHistory(bare, 10*time.Second).Past(t.Context(), facts("CA1")); err == nil {
			t.Error("no error")
		}
	})
}
