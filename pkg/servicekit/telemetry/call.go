package telemetry

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TraceID of a call: whoever holds a call id holds the trace. The first 16 bytes of its SHA-256.
func TraceID(callID string) trace.TraceID {
	sum := sha256.Sum256([]byte(callID))
	return trace.TraceID(sum[:16])
}

// rootSpan of a call's trace: the next 8 bytes, so that every stage hangs under the same root, which [CallSpan] tells
// when the call is over.
func rootSpan(callID string) trace.SpanID {
	sum := sha256.Sum256([]byte(callID))
	return trace.SpanID(sum[16:24])
}

// WithCall returns ctx as a remote parent in the call's trace, for the first span of a stage that has no
// traceparent to go by.
func WithCall(ctx context.Context, callID string) context.Context {
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: TraceID(callID), SpanID: rootSpan(callID), TraceFlags: trace.FlagsSampled, Remote: true,
	}))
}

// CallSpan tells of the call as a whole: the root that all stages of its trace hang under, whose ids follow from the call
// id. Whoever knows that the call is over tells it, by a tracer of [New]; told twice it is the same span.
func CallSpan(ctx context.Context, t trace.Tracer, callID string, start, end time.Time, attrs ...attribute.KeyValue) {
	_, span := t.Start(context.WithValue(ctx, rootKey{}, callID), "call", trace.WithNewRoot(), trace.WithTimestamp(start),
		trace.WithAttributes(append(attrs, attribute.String("call_id", callID))...))
	span.End(trace.WithTimestamp(end))
}

type rootKey struct{}

// idGenerator draws ids at random, but for the root of a call.
type idGenerator struct{}

// NewIDs implements sdktrace.IDGenerator for spans without a parent.
func (g idGenerator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if callID, ok := ctx.Value(rootKey{}).(string); ok {
		return TraceID(callID), rootSpan(callID)
	}
	var id trace.TraceID
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64()) //nolint:gosec // an id, not a secret
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64()) //nolint:gosec // as above
	}
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID implements sdktrace.IDGenerator for all others.
func (idGenerator) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64()) //nolint:gosec // an id, not a secret
	}
	return id
}

// HeaderTraceparent is the W3C Trace Context header, in Kafka as in HTTP.
const HeaderTraceparent = "traceparent"

// Traceparent is the W3C form of ctx's span; "" if there is none. A carrier sets it, overwriting: appending would
// give a retried message two parents.
func Traceparent(ctx context.Context) string {
	c := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, c)
	return c[HeaderTraceparent]
}

// WithTraceparent returns ctx as a remote child of a W3C traceparent; ctx as it is if it is none.
func WithTraceparent(ctx context.Context, traceparent string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{HeaderTraceparent: traceparent})
}
