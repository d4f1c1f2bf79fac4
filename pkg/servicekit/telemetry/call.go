package telemetry

import (
	"context"
	"crypto/sha256"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TraceID of a call: whoever holds a call id holds the trace. The first 16 bytes of its SHA-256.
func TraceID(callID string) trace.TraceID {
	sum := sha256.Sum256([]byte(callID))
	return trace.TraceID(sum[:16])
}

// rootSpan of a call's trace: the next 8 bytes, so that every stage hangs under the same root.
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
