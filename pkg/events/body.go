package events

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Kind is the field number of a body in [Body]: stable on the wire, and the event-kind header's source.
type Kind uint32

// The kinds, in the order of the pipeline.
const (
	KindCallStarted         Kind = 1
	KindConsentRecorded     Kind = 2
	KindMediaStarted        Kind = 3
	KindAudioChunk          Kind = 4
	KindMediaGap            Kind = 5
	KindMediaEnded          Kind = 6
	KindCallEnded           Kind = 7
	KindRecordingStarted    Kind = 8
	KindRecordingReady      Kind = 9
	KindDispositionSet      Kind = 10
	KindTranscriptSegment   Kind = 11
	KindTranscriptCompleted Kind = 12
	KindCallInsight         Kind = 13
	KindInsightUnavailable  Kind = 14
	KindCallRecord          Kind = 15
	KindUsageRecorded       Kind = 16
	KindCallState           Kind = 17
	KindBeforeImage         Kind = 18
)

// String is the body's field name, e.g. "call_started"; "kind(99)" for a kind that this version of the
// contract does not know.
func (k Kind) String() string {
	if fd := (&Body{}).ProtoReflect().Descriptor().Fields().ByNumber(protoreflect.FieldNumber(k)); fd != nil {
		return string(fd.Name())
	}
	return fmt.Sprintf("kind(%d)", uint32(k))
}

// Call is what all events of one leg have in common.
type Call struct {
	// ID is the root leg's id, Leg the id of the leg that the event is about.
	ID, Leg string
	// Tenant and LineOfBusiness are the tenant's file's.
	Tenant, LineOfBusiness string
	// Source is the carrier, Account its account.
	Source  Source
	Account string
	// CallerRef is the HMAC of the caller's number under the tenant's key; empty when withheld.
	CallerRef string
}

// CallOf returns what e has in common with every event of its leg.
func CallOf(e *CallEvent) Call {
	return Call{
		ID: e.GetCallId(), Leg: e.GetLegId(), Tenant: e.GetTenant(), LineOfBusiness: e.GetLineOfBusiness(),
		Source: e.GetSource(), Account: e.GetAccount(), CallerRef: e.GetCallerRef(),
	}
}

// Event wraps m, one of the bodies of [Body], as an event of c that happened at the given time. Its id
// follows from c and m alone, so that whoever repeats it repeats the id. It panics if m is no body: that is
// a mistake of the program, never of its input.
func (c Call) Event(at time.Time, m proto.Message) *CallEvent {
	return &CallEvent{
		EventId: eventID(c, kindOf(m), discriminator(m)), CallId: c.ID, LegId: c.Leg,
		Tenant: c.Tenant, LineOfBusiness: c.LineOfBusiness,
		Source: c.Source, Account: c.Account, OccurredAt: timestamppb.New(at), CallerRef: c.CallerRef,
		Payload: &CallEvent_Body{Body: bodyOf(m)},
	}
}

// Message returns the body of e as the message that it is, e.g. *CallStarted, for a type switch; nil if the
// event is sealed or its kind is unknown to this version of the contract.
func (e *CallEvent) Message() proto.Message {
	fd, v := bodyField(e.GetBody())
	if fd == 0 {
		return nil
	}
	return v
}

// Kind returns the kind of e, sealed or not; 0 if it has none that this version of the contract knows.
func (e *CallEvent) Kind() Kind {
	if s := e.GetSealed(); s != nil {
		return Kind(s.GetKind())
	}
	k, _ := bodyField(e.GetBody())
	return k
}

func bodyField(b *Body) (Kind, proto.Message) {
	switch m := b.GetKind().(type) {
	case *Body_CallStarted:
		return KindCallStarted, m.CallStarted
	case *Body_ConsentRecorded:
		return KindConsentRecorded, m.ConsentRecorded
	case *Body_MediaStarted:
		return KindMediaStarted, m.MediaStarted
	case *Body_AudioChunk:
		return KindAudioChunk, m.AudioChunk
	case *Body_MediaGap:
		return KindMediaGap, m.MediaGap
	case *Body_MediaEnded:
		return KindMediaEnded, m.MediaEnded
	case *Body_CallEnded:
		return KindCallEnded, m.CallEnded
	case *Body_RecordingStarted:
		return KindRecordingStarted, m.RecordingStarted
	case *Body_RecordingReady:
		return KindRecordingReady, m.RecordingReady
	case *Body_DispositionSet:
		return KindDispositionSet, m.DispositionSet
	case *Body_TranscriptSegment:
		return KindTranscriptSegment, m.TranscriptSegment
	case *Body_TranscriptCompleted:
		return KindTranscriptCompleted, m.TranscriptCompleted
	case *Body_CallInsight:
		return KindCallInsight, m.CallInsight
	case *Body_InsightUnavailable:
		return KindInsightUnavailable, m.InsightUnavailable
	case *Body_CallRecord:
		return KindCallRecord, m.CallRecord
	case *Body_UsageRecorded:
		return KindUsageRecorded, m.UsageRecorded
	case *Body_CallState:
		return KindCallState, m.CallState
	case *Body_BeforeImage:
		return KindBeforeImage, m.BeforeImage
	}
	return 0, nil
}

func bodyOf(m proto.Message) *Body {
	switch m := m.(type) {
	case *CallStarted:
		return &Body{Kind: &Body_CallStarted{m}}
	case *ConsentRecorded:
		return &Body{Kind: &Body_ConsentRecorded{m}}
	case *MediaStarted:
		return &Body{Kind: &Body_MediaStarted{m}}
	case *AudioChunk:
		return &Body{Kind: &Body_AudioChunk{m}}
	case *MediaGap:
		return &Body{Kind: &Body_MediaGap{m}}
	case *MediaEnded:
		return &Body{Kind: &Body_MediaEnded{m}}
	case *CallEnded:
		return &Body{Kind: &Body_CallEnded{m}}
	case *RecordingStarted:
		return &Body{Kind: &Body_RecordingStarted{m}}
	case *RecordingReady:
		return &Body{Kind: &Body_RecordingReady{m}}
	case *DispositionSet:
		return &Body{Kind: &Body_DispositionSet{m}}
	case *TranscriptSegment:
		return &Body{Kind: &Body_TranscriptSegment{m}}
	case *TranscriptCompleted:
		return &Body{Kind: &Body_TranscriptCompleted{m}}
	case *CallInsight:
		return &Body{Kind: &Body_CallInsight{m}}
	case *InsightUnavailable:
		return &Body{Kind: &Body_InsightUnavailable{m}}
	case *CallRecord:
		return &Body{Kind: &Body_CallRecord{m}}
	case *UsageRecorded:
		return &Body{Kind: &Body_UsageRecorded{m}}
	case *CallState:
		return &Body{Kind: &Body_CallState{m}}
	case *BeforeImage:
		return &Body{Kind: &Body_BeforeImage{m}}
	}
	panic(fmt.Sprintf("events: %T is not the body of an event", m))
}

func kindOf(m proto.Message) Kind {
	k, _ := bodyField(bodyOf(m))
	return k
}
