package events_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
)

var update = flag.Bool("update", false, "write golden bytes of kinds that have none; never overwrites")

func TestEveryKindRoundTrips(t *testing.T) {
	seen := map[events.Kind]bool{}
	for _, m := range bodies() {
		e := call.Event(at, m)
		b, err := events.Marshal(e)
		if err != nil {
			t.Fatalf("%T: %v", m, err)
		}
		got, err := events.Unmarshal(b)
		if err != nil {
			t.Fatalf("%T: %v", m, err)
		}
		if !proto.Equal(e, got) || !proto.Equal(got.Message(), m) {
			t.Errorf("%T came back changed", m)
		}
		seen[e.Kind()] = true
	}
	for k := events.KindCallStarted; k <= events.KindBeforeImage; k++ {
		if !seen[k] {
			t.Errorf("no sample of %s", k)
		}
	}
}

// sealed is e with its body sealed.
func sealed(e *events.CallEvent) *events.CallEvent {
	s := proto.CloneOf(e)
	s.Payload = &events.CallEvent_Sealed{Sealed: &events.Sealed{
		KeyId: "k1", Algorithm: "AES256-GCM", Ciphertext: []byte("nonce and ciphertext"), Kind: uint32(e.Kind()),
	}}
	return s
}

// Golden bytes are what released producers have written: they decode forever, to the same ids.
func TestGoldenBytes(t *testing.T) {
	dir := filepath.Join("testdata", "golden", "v1")
	files := map[string]*events.CallEvent{}
	for _, m := range bodies() {
		plain := call.Event(at, m)
		files[plain.Kind().String()] = plain
		files[plain.Kind().String()+".sealed"] = sealed(plain)
	}
	for name, m := range fullBodies() {
		files[name] = call.Event(at, m)
	}
	for name, e := range files {
		path := filepath.Join(dir, name+".bin")
		golden(t, path, e)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v: run `go test ./pkg/events -update` once for a new kind", err)
		}
		got, err := events.Unmarshal(b)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if !proto.Equal(got, e) {
			t.Errorf("%s decodes to something else than it was", path)
		}
		again, err := events.Marshal(got)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s is encoded otherwise today (err %v)", path, err)
		}
	}
	// What was written before a field came is kept under a name of its own.
	before, err := filepath.Glob(filepath.Join(dir, "*.before_*.bin"))
	if err != nil || len(before) == 0 {
		t.Fatalf("%d older files, %v", len(before), err)
	}
	for _, path := range before {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := events.Unmarshal(b)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if again, err := events.Marshal(got); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s is encoded otherwise today (err %v)", path, err)
		}
	}
}

func golden(t *testing.T, path string, e *events.CallEvent) {
	t.Helper()
	if !*update {
		return
	}
	if _, err := os.Stat(path); err == nil {
		return
	}
	b, err := events.Marshal(e)
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRepeatedEventRepeatsItsID(t *testing.T) {
	ids := map[string]string{}
	for _, m := range bodies() {
		a, b := call.Event(at, m), call.Event(at.AddDate(0, 0, 1), proto.Clone(m))
		if a.GetEventId() != b.GetEventId() {
			t.Errorf("%T: two ids for one event", m)
		}
		if other, twice := ids[a.GetEventId()]; twice {
			t.Errorf("%T has the id of %s", m, other)
		}
		ids[a.GetEventId()] = fmt.Sprintf("%T", m)
		if len(events.IDBytes(a.GetEventId())) != 16 {
			t.Errorf("%T: id %s is no UUID", m, a.GetEventId())
		}
	}
}

func TestDifferentEventsHaveDifferentIDs(t *testing.T) {
	leg := call
	leg.Leg = "CA2"
	started := &events.CallStarted{Direction: events.Direction_DIRECTION_INBOUND}
	chunk := func(n uint64, p events.Party) *events.AudioChunk {
		return &events.AudioChunk{StreamId: "MZ1", Party: p, Chunk: n}
	}
	reported := func(a events.ConsentAnswer, decided time.Time) *events.ConsentRecorded {
		return &events.ConsentRecorded{Method: events.ConsentMethod_CONSENT_METHOD_REPORTED, Answer: a, DecidedAt: timestamppb.New(decided)}
	}
	refused, granted := events.ConsentAnswer_CONSENT_ANSWER_REFUSED, events.ConsentAnswer_CONSENT_ANSWER_GRANTED
	record := func(bus, refusal string, roles ...string) *events.CallRecord {
		r := &events.CallRecord{Revision: 1, CrmStatus: events.CrmStatus_CRM_STATUS_WRITTEN, BusEventId: bus, ErrorCode: refusal}
		for _, role := range append(roles, "log") {
			r.Records = append(r.Records, &events.CrmRecord{Role: role})
		}
		return r
	}
	for name, pair := range map[string][2]*events.CallEvent{
		"answer":               {call.Event(at, reported(refused, at)), call.Event(at, reported(granted, at))},
		"time of one reported": {call.Event(at, reported(refused, at)), call.Event(at, reported(refused, at.Add(time.Millisecond)))},
		"leg":                  {call.Event(at, started), leg.Event(at, started)},
		"chunk":                {call.Event(at, chunk(1, 1)), call.Event(at, chunk(2, 1))},
		"party":                {call.Event(at, chunk(1, 1)), call.Event(at, chunk(1, 2))},
		"revision":             {call.Event(at, &events.CallInsight{Revision: 1}), call.Event(at, &events.CallInsight{Revision: 2})},
		"status": {
			call.Event(at, &events.RecordingReady{RecordingId: "RE1", Status: "completed"}),
			call.Event(at, &events.RecordingReady{RecordingId: "RE1", Status: "failed"}),
		},
		"write of a call": {call.Event(at, record("", "")), call.Event(at, record("000001", ""))},
		"file":            {call.Event(at, record("000001", "")), call.Event(at, record("000001", "", events.RoleFile))},
		"refusal":         {call.Event(at, record("", "", events.RoleFile)), call.Event(at, record("", "x", events.RoleFile))},
	} {
		if pair[0].GetEventId() == pair[1].GetEventId() {
			t.Errorf("another %s, the same id", name)
		}
	}
}

// TestAnswersThatAreGivenOnce: the key that a caller pressed is one answer, whenever the webhook that tells it came.
func TestAnswersThatAreGivenOnce(t *testing.T) {
	for _, method := range []events.ConsentMethod{
		events.ConsentMethod_CONSENT_METHOD_KEYPAD, events.ConsentMethod_CONSENT_METHOD_SPEECH, events.ConsentMethod_CONSENT_METHOD_POLICY,
	} {
		told := func(decided time.Time) *events.CallEvent {
			return call.Event(decided, &events.ConsentRecorded{
				Method: method, Answer: events.ConsentAnswer_CONSENT_ANSWER_GRANTED, DecidedAt: timestamppb.New(decided),
			})
		}
		if told(at).GetEventId() != told(at.Add(time.Second)).GetEventId() {
			t.Errorf("%s: two ids for one answer", method)
		}
	}
	// Released producers have written this one.
	if got := events.Discriminator(bodies()[1]); got != "CONSENT_METHOD_KEYPAD:CONSENT_ANSWER_GRANTED" {
		t.Errorf("discriminator %q", got)
	}
}

func TestInvalidEventsAreRefusedOnBothSides(t *testing.T) {
	base := func(m proto.Message) *events.CallEvent { return call.Event(at, m) }
	for fault, e := range map[string]*events.CallEvent{
		"call_id is empty": func() *events.CallEvent {
			e := base(bodies()[0])
			e.CallId = ""
			return e
		}(),
		"occurred_at is missing": func() *events.CallEvent {
			e := base(bodies()[0])
			e.OccurredAt = nil
			return e
		}(),
		"payload is missing": func() *events.CallEvent {
			e := base(bodies()[0])
			e.Payload = nil
			return e
		}(),
		"call_started.from is neither": base(&events.CallStarted{From: "0221 555", Direction: events.Direction_DIRECTION_INBOUND}),
		"audio_chunk.audio is empty":   base(&events.AudioChunk{StreamId: "MZ1", Party: 1, Encoding: 1, SampleRate: 8000}),
		"transcript_segment: start_ms and end_ms are no span": base(&events.TranscriptSegment{
			StreamId: "MZ1", Party: 1, StartMs: 5, EndMs: 4, Text: "x", Run: "live",
		}),
		"call_insight.intent.value is empty":                   base(&events.CallInsight{Revision: 1, Facts: &events.CallFacts{StartedAt: timestamppb.New(at)}}),
		"occurred_at is missing or out of range":               call.Event(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), bodies()[0]),
		"call_ended.ended_at is missing or out of range":       base(&events.CallEnded{Status: 1, EndedAt: &timestamppb.Timestamp{Seconds: -62135596800}}),
		"call_ended.duration is no length of a call":           base(&events.CallEnded{Status: 1, EndedAt: timestamppb.New(at), Duration: &durationpb.Duration{Seconds: 1<<32 - 1}}),
		"recording_ready.duration is no length":                base(&events.RecordingReady{RecordingId: "RE1", Status: "completed", Duration: &durationpb.Duration{Seconds: -1}}),
		"call_state.facts.started_at is out of range":          base(&events.CallState{Facts: &events.CallFacts{StartedAt: timestamppb.New(time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC))}}),
		"call_state.facts.ended_at is out of range":            base(&events.CallState{Facts: &events.CallFacts{EndedAt: &timestamppb.Timestamp{}}}),
		"call_state.facts.started_at is missing":               base(&events.CallState{Facts: &events.CallFacts{}, Opened: true}),
		"call_insight.facts.started_at is missing or out of r": base(&events.CallInsight{Revision: 1, Facts: &events.CallFacts{StartedAt: &timestamppb.Timestamp{}}}),
		"price and cost come together": base(&events.UsageRecorded{
			Provider: "vertex", RequestId: "r", Payer: "product",
			Quantities: []*events.Quantity{{Unit: "input_token", Amount: 1, Cost: &events.Money{}}},
		}),
		"event_id is not a UUID": func() *events.CallEvent {
			e := base(bodies()[0])
			e.EventId = strings.ToUpper(e.GetEventId())
			return e
		}(),
		"transcript_segment.words: start_ms and end_ms are no span": base(&events.TranscriptSegment{
			StreamId: "MZ1", Party: 1, EndMs: 4, Text: "x", Run: "live", Words: []*events.Word{{Text: "x", StartMs: 4, EndMs: 3}},
		}),
		"transcript_segment.words.confidence is not between 0 and 1": base(&events.TranscriptSegment{
			StreamId: "MZ1", Party: 1, EndMs: 4, Text: "x", Run: "live", Words: []*events.Word{{Text: "x", EndMs: 3, Confidence: 1.5}},
		}),
		"sealed.key_id is empty": func() *events.CallEvent {
			e := base(bodies()[0])
			e.Payload = &events.CallEvent_Sealed{Sealed: &events.Sealed{}}
			return e
		}(),
	} {
		var invalid *events.InvalidError
		if _, err := events.Marshal(e); !errors.As(err, &invalid) || !strings.Contains(err.Error(), fault) {
			t.Errorf("marshal: %v, want %q", err, fault)
		}
		b, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := events.Unmarshal(b); !errors.Is(err, events.ErrUndecodable) || !strings.Contains(err.Error(), fault) {
			t.Errorf("unmarshal: %v, want %q", err, fault)
		}
	}
}

// TestAnIDMustFollowFromItsEvent where the event is made; a reader takes what a later version may tell apart more finely.
func TestAnIDMustFollowFromItsEvent(t *testing.T) {
	e := call.Event(at, bodies()[0])
	e.LegId = "CA2"
	var invalid *events.InvalidError
	if _, err := events.Marshal(e); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "event_id does not follow from the event") {
		t.Errorf("marshal: %v", err)
	}
	b, err := proto.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.Unmarshal(b); err != nil {
		t.Errorf("unmarshal: %v", err)
	}
}

// The faults of an event stand in a dead letter's headers, so they hold none of its values.
func TestFaultsQuoteNothing(t *testing.T) {
	for _, m := range bodies() {
		e := call.Event(at, revealing(m.ProtoReflect()).Interface())
		e.EventId, e.CallId = sentinel, ""
		var invalid *events.InvalidError
		if _, err := events.Marshal(e); !errors.As(err, &invalid) || !strings.Contains(invalid.SafeWords(), "call_id is empty") ||
			strings.Contains(invalid.SafeWords(), sentinel) || strings.Contains(invalid.SafeWords(), harmless) {
			t.Errorf("%T: %v", m, err)
		}
	}
}

func TestEventOfANewerProducerIsNoFault(t *testing.T) {
	e := call.Event(at, bodies()[0])
	body := &events.Body{}
	// Field 99 of Body, length-delimited, empty: a kind that this version does not know.
	body.ProtoReflect().SetUnknown([]byte{0x9a, 0x06, 0x00})
	e.Payload = &events.CallEvent_Body{Body: body}
	b, err := proto.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	got, err := events.Unmarshal(b)
	if err != nil || got.Kind() != 0 || got.Message() != nil {
		t.Errorf("kind %s, err %v", got.Kind(), err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, m := range bodies() {
		b, err := events.Marshal(call.Event(at, m))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := events.Unmarshal(b)
		if err != nil {
			if !errors.Is(err, events.ErrUndecodable) {
				t.Errorf("%v is not ErrUndecodable", err)
			}
			return
		}
		if _, err := events.Marshal(e); err != nil && proto.Size(e) <= events.MaxEventBytes {
			t.Errorf("decoded, but does not encode: %v", err)
		}
	})
}

func BenchmarkAppendAudioChunk(b *testing.B) {
	e := call.Event(at, &events.AudioChunk{
		StreamId: "MZ00000000000000000000000000000001", Party: 1, Audio: make([]byte, 1600), Encoding: 1, SampleRate: 8000,
	})
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = events.Append(buf[:0], e); err != nil {
			b.Fatal(err)
		}
	}
}
