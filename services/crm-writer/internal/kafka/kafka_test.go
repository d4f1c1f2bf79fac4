package kafka

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// claims is a store in memory that remembers what became of its claims.
type claims struct {
	state    idempotency.State
	err      error
	asked    []idempotency.Key
	done     int
	released int
}

func (c *claims) Claim(_ context.Context, k idempotency.Key) (*idempotency.Claim, error) {
	c.asked = append(c.asked, k)
	return &idempotency.Claim{Key: k, State: c.state}, c.err
}

func (c *claims) Complete(context.Context, *idempotency.Claim, []byte) error { c.done++; return nil }
func (c *claims) Release(context.Context, *idempotency.Claim) error          { c.released++; return nil }

func event() *events.CallEvent {
	return events.Call{
		ID: "CA1", Leg: "CA1", Tenant: "acme", LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO,
	}.Event(time.Now(), &events.InsightUnavailable{
		Revision: 2, Facts: &events.CallFacts{StartedAt: timestamppb.Now()}, Reason: "quota",
		Provenance: &events.Provenance{Provider: "vertex", Model: "m"},
	})
}

func value(t *testing.T, e *events.CallEvent) []byte {
	t.Helper()
	b, err := events.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// handle runs the handler on one message, without retries in place.
func handle(t *testing.T, c *claims, m *consume.Message, write Write) (err error) {
	t.Helper()
	called := false
	Handler(write, Options{Claims: c, Retry: retry.Policy{Budget: -1}})(t.Context(), m, func(e error) { called, err = true, e })
	if !called {
		t.Fatal("the message was never completed")
	}
	return err
}

func TestAnInsightIsWrittenUnderItsClaim(t *testing.T) {
	c := &claims{state: idempotency.StateNew}
	var firsts []bool
	write := func(_ context.Context, e *events.CallEvent, first bool) error {
		firsts = append(firsts, first)
		return nil
	}
	if err := handle(t, c, &consume.Message{Key: []byte("CA1"), Value: value(t, event())}, write); err != nil {
		t.Fatal(err)
	}
	if err := handle(t, c, &consume.Message{Key: []byte("CA1"), Value: value(t, event()), Parked: true}, write); err != nil {
		t.Fatal(err)
	}
	if c.asked[0].String() != "{CA1}:crm-writer:CA1:insight_unavailable:2::vertex:m::" || c.done != 2 || !firsts[0] || firsts[1] {
		t.Errorf("claim %s, %d done, firsts %v", c.asked[0], c.done, firsts)
	}
	c.state = idempotency.StateDone
	if err := handle(t, c, &consume.Message{Key: []byte("CA1"), Value: value(t, event())}, nil); err != nil {
		t.Errorf("what is done is not done again: %v", err)
	}
}

// TestWhatIsParkedForAnOrgThatIsDownCostsNoClaim, while what comes for the first time is decided on and told.
func TestWhatIsParkedForAnOrgThatIsDownCostsNoClaim(t *testing.T) {
	c, tried := &claims{state: idempotency.StateNew}, 0
	var got error
	h := Handler(func(context.Context, *events.CallEvent, bool) error { tried++; return nil }, Options{
		Claims: c, Held: func(tenant string) error {
			return &retry.Error{Code: breaker.CodeOpen, Dependency: tenant, After: time.Minute}
		},
	})
	h(t.Context(), &consume.Message{Key: []byte("CA1"), Value: value(t, event()), Parked: true}, func(err error) { got = err })
	if retry.Code(got) != breaker.CodeOpen || retry.Dependency(got) != "acme" || tried != 0 || len(c.asked) != 0 {
		t.Errorf("%v, tried %d times, asked for %v", got, tried, c.asked)
	}
	h(t.Context(), &consume.Message{Key: []byte("CA1"), Value: value(t, event())}, func(err error) { got = err })
	if got != nil || tried != 1 {
		t.Errorf("%v, tried %d times", got, tried)
	}
}

// TestARepairHasAClaimOfItsOwn: the claim of what was written is done for a day, and what is sent again to mend a loss must pass it.
func TestARepairHasAClaimOfItsOwn(t *testing.T) {
	c := &claims{state: idempotency.StateNew}
	repair := []kafka.Header{{Key: events.HeaderRepair, Value: []byte("r1")}}
	for _, h := range [][]kafka.Header{nil, repair} {
		m := &consume.Message{Key: []byte("CA1"), Value: value(t, event()), Headers: h, Parked: true}
		if err := handle(t, c, m, func(context.Context, *events.CallEvent, bool) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if plain, own := c.asked[0].Discriminator, c.asked[1].Discriminator; own != plain+":r1" {
		t.Errorf("claims %q and %q", plain, own)
	}
}

func TestAFailureGivesTheClaimBack(t *testing.T) {
	c := &claims{state: idempotency.StateNew}
	err := handle(t, c, &consume.Message{Key: []byte("CA1"), Value: value(t, event())}, func(context.Context, *events.CallEvent, bool) error {
		return retry.Permanently("x", errors.New("no"))
	})
	if !retry.IsPermanent(err) || c.done != 0 || c.released != 1 {
		t.Errorf("%v, %+v", err, c)
	}
}

// away is a store that can't be asked until it is back.
type away struct {
	claims
	back chan struct{}
}

func (a *away) Claim(ctx context.Context, k idempotency.Key) (*idempotency.Claim, error) {
	select {
	case <-a.back:
		return a.claims.Claim(ctx, k)
	default:
		return nil, errors.New("away")
	}
}

func TestWithoutRedisNothingIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		tel := telemetry.Discard()
		tel.Log = slog.New(slog.NewTextHandler(&lines, nil))
		c := &away{claims: claims{state: idempotency.StateNew}, back: make(chan struct{})}
		g, err := Gate(c, tel)
		if err != nil {
			t.Fatal(err)
		}
		written := false
		done := make(chan error, 1)
		go Handler(func(context.Context, *events.CallEvent, bool) error { written = true; return nil },
			Options{Claims: c, Gate: g, Retry: retry.Policy{Budget: -1}})(t.Context(), &consume.Message{Key: []byte("CA1"), Value: value(t, event())},
			func(e error) { done <- e })
		time.Sleep(time.Hour)
		if written || g.Open() || strings.Count(lines.String(), "\n") != 1 {
			t.Errorf("written: %v, open: %v, said:\n%s", written, g.Open(), lines.String())
		}
		close(c.back)
		start := time.Now()
		if err := <-done; err != nil || !written || time.Since(start) > time.Second {
			t.Errorf("%v after %v, written: %v", err, time.Since(start), written)
		}
		if !strings.Contains(lines.String(), "answers again") || c.asked[0].CallID != "probe" || c.released != 1 || c.done != 1 {
			t.Errorf("said:\n%s%+v", lines.String(), c.claims)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatIsNoEventIsPermanentAndWhatIsNewIsSkipped(t *testing.T) {
	if err := handle(t, &claims{}, &consume.Message{Value: []byte("junk")}, nil); !retry.IsPermanent(err) || retry.Code(err) != CodeUndecodable {
		t.Errorf("junk: %v", err)
	}
	e := event()
	body := e.GetBody().ProtoReflect()
	body.Clear(body.Descriptor().Fields().ByNumber(14))
	body.SetUnknown([]byte{0xf2, 0x3f, 0}) // a body of kind 1022
	e.EventId = "00000000-0000-5000-8000-000000000000"
	if err := handle(t, &claims{}, &consume.Message{Key: []byte("CA1"), Value: value(t, e)}, nil); err != nil {
		t.Errorf("a kind of tomorrow: %v", err)
	}
}

func TestAnEventUnderAnotherCallsKeyIsPermanent(t *testing.T) {
	c := &claims{}
	err := handle(t, c, &consume.Message{Key: []byte("CA2"), Value: value(t, event())}, nil)
	if !retry.IsPermanent(err) || retry.Code(err) != CodeKey || len(c.asked) != 0 {
		t.Errorf("%v, %v", err, c.asked)
	}
}

func TestASealedEventNeedsNoClaimToBeRefused(t *testing.T) {
	e := event()
	e.Payload = &events.CallEvent_Sealed{Sealed: &events.Sealed{KeyId: "k", Algorithm: "a", Ciphertext: []byte{1}, Kind: 14}}
	c := &claims{}
	err := handle(t, c, &consume.Message{Key: []byte("CA1"), Value: value(t, e)}, func(_ context.Context, e *events.CallEvent, _ bool) error {
		return retry.Permanently("event.sealed", errors.New("no keys"))
	})
	if retry.Code(err) != "event.sealed" || len(c.asked) != 0 {
		t.Errorf("%v, %v", err, c.asked)
	}
}

func TestWhatWasNotTriedIsParked(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		park bool
	}{
		"nothing":      {nil, false},
		"breaker":      {&retry.Error{Code: breaker.CodeOpen, After: time.Second}, true},
		"full":         {&retry.Error{Code: crm.CodeFull}, true},
		"long pause":   {&retry.Error{Code: "salesforce.REQUEST_LIMIT_EXCEEDED", After: time.Minute}, true},
		"short pause":  {&retry.Error{Code: "salesforce.REQUEST_LIMIT_EXCEEDED", After: time.Second}, false},
		"permanent":    {&retry.Error{Class: retry.Permanent, Code: "x", After: time.Minute}, false},
		"unclassified": {errors.New("x"), false},
	} {
		got := parked(tt.err)
		if (got != tt.err) != tt.park || tt.err != nil && !errors.Is(got, tt.err) { //nolint:errorlint // the very same
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestMessagesGoWhereTheirReadersLook(t *testing.T) {
	c := events.CallOf(event())
	record, err := message(c.Event(time.Now(), &events.CallRecord{
		Revision: 2, CrmStatus: events.CrmStatus_CRM_STATUS_PENDING,
		Decision: &events.CallRecord_Unavailable{Unavailable: event().Message().(*events.InsightUnavailable)},
	}))
	if err != nil || record.Topic != "calls.records" || string(record.Key) != "CA1" || deadletter.Get(record.Headers, events.HeaderTenant) != "acme" {
		t.Errorf("%+v, %v", record, err)
	}
	usage, err := message(c.Event(time.Now(), &events.UsageRecorded{
		Provider: "salesforce", RequestId: "r", Payer: "central", Quantities: []*events.Quantity{{Unit: "api_call", Amount: 1}},
	}))
	if err != nil || usage.Topic != "calls.usage" || string(usage.Key) != "acme" {
		t.Errorf("%+v, %v", usage, err)
	}
	if _, err := message(c.Event(time.Now(), &events.UsageRecorded{})); !retry.IsPermanent(err) {
		t.Errorf("invalid: %v", err)
	}
}
