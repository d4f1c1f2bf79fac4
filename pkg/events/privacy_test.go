package events_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// secrets stand in the samples' marked fields.
var secrets = []string{"+14155550123", "Okonkwo", "api.twilio.com", "WK1", "I would like a demo, Okonkwo", "+14155550199"}

func TestLoggersShowNoMarkedField(t *testing.T) {
	var log bytes.Buffer
	l := slog.New(slog.NewJSONHandler(&log, nil))
	for _, m := range bodies() {
		l.Info("handled", "event", call.Event(at, m))
	}
	for _, s := range secrets {
		if strings.Contains(log.String(), s) {
			t.Errorf("the log shows %q", s)
		}
	}
	if !strings.Contains(log.String(), call.ID) {
		t.Error("the log does not name the call")
	}
}

func TestMaskedHidesMarkedFieldsAndKeepsTheRest(t *testing.T) {
	for _, m := range bodies() {
		e := call.Event(at, m)
		before := proto.CloneOf(e)
		text := prototext.Format(events.Masked(e))
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%T: masked shows %q", m, s)
			}
		}
		if !proto.Equal(e, before) {
			t.Errorf("%T: masking changed the original", m)
		}
	}
	if text := prototext.Format(events.Masked(call.Event(at, insight()))); !strings.Contains(text, "[NAME_1]") || !strings.Contains(text, "BookDemo") {
		t.Errorf("masking took redacted fields too:\n%s", text)
	}
}

// Every string and bytes field is either marked or on this list: a new field makes somebody decide.
func TestEveryTextFieldIsMarkedOrKnownToBeHarmless(t *testing.T) {
	harmless := strings.Fields(`event_id call_id leg_id tenant line_of_business account caller_ref key_id algorithm
		to stir_verstat withheld payer language prompt_version recording_id status disposition token stream_id
		recogniser model run reason consent_prompt_version value type version provider catalogue_version
		transcript_id name currency unit request_id outcome price_version service object id key_field role
		fields_left org pattern mapping_version error_code error_field bus_event_id folded agent_disposition key`)
	known := map[string]bool{}
	for _, h := range harmless {
		known[h] = true
	}
	seen := map[protoreflect.FullName]bool{}
	var walk func(protoreflect.MessageDescriptor)
	walk = func(md protoreflect.MessageDescriptor) {
		if seen[md.FullName()] || !strings.HasPrefix(string(md.FullName()), "frontdesk.") {
			return
		}
		seen[md.FullName()] = true
		for i := range md.Fields().Len() {
			fd := md.Fields().Get(i)
			if fd.Message() != nil && !fd.IsMap() {
				walk(fd.Message())
				continue
			}
			text := fd.Kind() == protoreflect.StringKind || fd.Kind() == protoreflect.BytesKind || fd.IsMap()
			if text && events.PrivacyOf(fd) == events.Privacy_PRIVACY_UNSPECIFIED && !known[string(fd.Name())] {
				t.Errorf("%s is neither marked with (privacy) nor listed here as harmless", fd.FullName())
			}
		}
	}
	walk((&events.CallEvent{}).ProtoReflect().Descriptor())
}
