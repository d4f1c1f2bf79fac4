package events_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// sentinel stands in every field that may hold something of a person; harmless in every other.
const (
	sentinel = "SENTINEL"
	harmless = "harmless"
)

// revealing is m with the sentinel in every marked field, and in fields that this version doesn't know. A message
// that is marked as a whole has it in every field.
func revealing(m protoreflect.Message) protoreflect.Message {
	m = m.New()
	filler{func(fd protoreflect.FieldDescriptor) string {
		switch events.PrivacyOf(fd) {
		case events.Privacy_PRIVACY_PERSONAL, events.Privacy_PRIVACY_SECRET:
			return sentinel
		default:
			return harmless
		}
	}}.fill(m)
	taint(m, false)
	return m
}

// taint puts the sentinel into what nobody knows, and everywhere below a marked message.
func taint(m protoreflect.Message, all bool) {
	// Field 5000, length-delimited.
	m.SetUnknown(append([]byte{0xc2, 0xb8, 0x02, byte(len(sentinel))}, sentinel...))
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		all := all || events.PrivacyOf(fd) == events.Privacy_PRIVACY_PERSONAL
		switch {
		case fd.IsMap():
		case fd.IsList() && fd.Message() != nil:
			for i := range v.List().Len() {
				taint(v.List().Get(i).Message(), all)
			}
		case fd.IsList():
		case fd.Message() != nil:
			taint(v.Message(), all)
		case all && fd.Kind() == protoreflect.StringKind:
			m.Set(fd, protoreflect.ValueOfString(sentinel))
		}
		return true
	})
}

// revealed are all messages of the contract, bodies and their parts on their own and events of each kind.
func revealed(t *testing.T) map[string]proto.Message {
	t.Helper()
	out := map[string]proto.Message{}
	for _, md := range messages() {
		mt, err := protoregistry.GlobalTypes.FindMessageByName(md.FullName())
		if err != nil {
			t.Fatal(err)
		}
		out[string(md.Name())] = revealing(mt.New()).Interface()
	}
	for _, m := range bodies() {
		out[call.Event(at, m).Kind().String()] = call.Event(at, revealing(m.ProtoReflect()).Interface())
	}
	return out
}

func TestMaskedHidesWhatIsMarkedOrUnknownInAnyMessage(t *testing.T) {
	for name, m := range revealed(t) {
		before := proto.Clone(m)
		b, err := proto.Marshal(m)
		if err != nil || !bytes.Contains(b, []byte(sentinel)) {
			t.Fatalf("%s: nothing to hide (err %v)", name, err)
		}
		masked := events.Masked(m)
		if b, err = proto.Marshal(masked); err != nil || bytes.Contains(b, []byte(sentinel)) {
			t.Errorf("%s: masked shows it (err %v): %s", name, err, prototext.Format(masked))
		}
		if !proto.Equal(m, before) {
			t.Errorf("%s: masking changed the original", name)
		}
	}
	if text := prototext.Format(events.Masked(call.Event(at, insight()))); !strings.Contains(text, "[NAME_1]") || !strings.Contains(text, "BookDemo") {
		t.Errorf("masking took redacted fields too:\n%s", text)
	}
}

func TestLoggersShowNoMarkedFieldOfAnyMessage(t *testing.T) {
	for name, m := range revealed(t) {
		if _, ok := m.(slog.LogValuer); !ok {
			t.Errorf("%s has no LogValue: slog would print all of it; give it one by Loggable", name)
		}
		var log bytes.Buffer
		for _, h := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
			slog.New(h).Info("handled", "event", m, slog.Group("in", slog.Any("a group", m)))
			slog.New(h).Info("handled", "by hand", events.Loggable(m))
		}
		if strings.Contains(log.String(), sentinel) {
			t.Errorf("%s: the log shows it: %s", name, log.String())
		}
	}
}

func TestLoggersShowTheRest(t *testing.T) {
	var log bytes.Buffer
	l := slog.New(slog.NewJSONHandler(&log, nil))
	l.Info("x", "event", call.Event(at, insight()))
	l.Info("x", "insight", insight())
	for _, want := range []string{
		call.ID, `"kind":"call_insight"`, `"revision":1`, `"intent":{"value":"BookDemo"`, `"status":"CALL_STATUS_COMPLETED"`, `"legs":1`,
		`"started_at":"2026-11-16T15:04:05.678Z"`, `"duration":42000000000`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in %s", want, log.String())
		}
	}
	for _, redacted := range []string{"would like a demo", "[NAME_1]"} {
		if strings.Contains(log.String(), redacted) {
			t.Errorf("the log shows %q of the call", redacted)
		}
	}
}

// Every string, bytes and map field is either marked or on this list: a new field makes somebody decide.
func TestEveryTextFieldIsMarkedOrKnownToBeHarmless(t *testing.T) {
	known := map[string]bool{}
	for _, h := range strings.Fields(harmlessFields) {
		known[h] = true
	}
	for _, md := range messages() {
		for i := range md.Fields().Len() {
			fd := md.Fields().Get(i)
			text := fd.Kind() == protoreflect.StringKind || fd.Kind() == protoreflect.BytesKind || fd.IsMap()
			name := strings.TrimPrefix(string(fd.FullName()), "frontdesk.events.v1.")
			if !text || events.PrivacyOf(fd) != events.Privacy_PRIVACY_UNSPECIFIED {
				continue
			}
			if !known[name] {
				t.Errorf("%s is neither marked with (privacy) nor listed here as harmless", name)
			}
			delete(known, name)
		}
	}
	for name := range known {
		t.Errorf("%s is listed as harmless, and is no field without a mark", name)
	}
}

const harmlessFields = `
AudioChunk.stream_id CallEvent.account CallEvent.call_id CallEvent.caller_ref CallEvent.event_id
CallEvent.leg_id CallEvent.line_of_business CallEvent.tenant CallFacts.consent_prompt_version
CallFacts.language CallFacts.payer CallFacts.to CallFacts.withheld CallInsight.language
CallRecord.bus_event_id CallRecord.error_code CallRecord.error_field CallRecord.mapping_version CallRecord.org
CallRecord.pattern CallStarted.language CallStarted.payer CallStarted.stir_verstat CallStarted.withheld
CallState.agent_disposition CallState.folded ConsentRecorded.language ConsentRecorded.prompt_version
CrmRecord.fields_left CrmRecord.id CrmRecord.key_field CrmRecord.object CrmRecord.role Detail.name
DispositionSet.disposition DispositionSet.token Finding.value InsightUnavailable.reason Leg.leg_id
MediaEnded.stream_id MediaGap.stream_id MediaStarted.language MediaStarted.stream_id Money.currency
Provenance.catalogue_version Provenance.model Provenance.prompt_version Provenance.provider
Provenance.transcript_id Quantity.unit Recording.recording_id Recording.status RecordingReady.recording_id
RecordingReady.status RecordingStarted.recording_id Redaction.version RedactionCount.type Sealed.algorithm
Sealed.key_id StreamState.run StreamState.stream_id TranscriptCompleted.model TranscriptCompleted.reason
TranscriptCompleted.recogniser TranscriptCompleted.run TranscriptCompleted.stream_id
TranscriptSegment.language TranscriptSegment.model TranscriptSegment.recogniser TranscriptSegment.run
TranscriptSegment.stream_id UsageRecorded.model UsageRecorded.outcome UsageRecorded.payer
UsageRecorded.price_version UsageRecorded.provider UsageRecorded.request_id UsageRecorded.service
`
