package events

import (
	"log/slog"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// LogValue is what a logger may show of e: who, what and when. Every message of the contract has a LogValue, so that
// slog.Any("event", e) and slog.Any("facts", f) are safe; a test sees to it that a new one has, too. What is
// formatted otherwise (%v, prototext) is not: see [Masked].
func (e *CallEvent) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("event_id", e.GetEventId()), slog.String("kind", e.Kind().String()),
		slog.String("call_id", e.GetCallId()), slog.String("leg_id", e.GetLegId()),
		slog.String("tenant", e.GetTenant()), slog.Time("occurred_at", e.GetOccurredAt().AsTime()),
	)
}

// Loggable is what a logger may show of any message: its fields without a mark, by name. Marked ones, redacted ones
// included, and those that this version doesn't know are left out; of lists, maps and bytes only the length is told.
func Loggable(m proto.Message) slog.Value {
	r := m.ProtoReflect()
	var out []slog.Attr
	for i := range r.Descriptor().Fields().Len() {
		fd := r.Descriptor().Fields().Get(i)
		if r.Has(fd) && PrivacyOf(fd) == Privacy_PRIVACY_UNSPECIFIED {
			out = append(out, slog.Attr{Key: string(fd.Name()), Value: loggable(fd, r.Get(fd))})
		}
	}
	return slog.GroupValue(out...)
}

func loggable(fd protoreflect.FieldDescriptor, v protoreflect.Value) slog.Value {
	switch {
	case fd.IsMap():
		return slog.IntValue(v.Map().Len())
	case fd.IsList():
		return slog.IntValue(v.List().Len())
	case fd.Kind() == protoreflect.BytesKind:
		return slog.IntValue(len(v.Bytes()))
	case fd.Enum() != nil:
		if name := fd.Enum().Values().ByNumber(v.Enum()); name != nil {
			return slog.StringValue(string(name.Name()))
		}
		return slog.IntValue(int(v.Enum()))
	case fd.Message() == nil:
		return slog.AnyValue(v.Interface())
	}
	switch m := v.Message().Interface().(type) {
	case *timestamppb.Timestamp:
		return slog.TimeValue(m.AsTime())
	case *durationpb.Duration:
		return slog.DurationValue(m.AsDuration())
	default:
		return Loggable(m)
	}
}

// LogValue implements slog.LogValuer by [Loggable].
func (x *Sealed) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Body) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *CallStarted) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *ConsentRecorded) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *CallEnded) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *RecordingStarted) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *RecordingReady) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *DispositionSet) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *MediaStarted) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *AudioChunk) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *MediaGap) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *MediaEnded) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Word) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *TranscriptSegment) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *TranscriptCompleted) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Leg) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Recording) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *CallFacts) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Evidence) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Finding) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Detail) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *NextAction) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *RedactionCount) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Redaction) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Line) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Provenance) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Cost) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *CallInsight) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *InsightUnavailable) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *CrmRecord) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *CallRecord) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *BeforeImage) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Money) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Price) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *Quantity) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *UsageRecorded) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *StreamState) LogValue() slog.Value { return Loggable(x) }

// LogValue implements slog.LogValuer by [Loggable].
func (x *CallState) LogValue() slog.Value { return Loggable(x) }
