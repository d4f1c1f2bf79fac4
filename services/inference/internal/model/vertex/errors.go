package vertex

import (
	"context"
	"errors"
	"time"

	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/frontdesk/frontdesk/services/inference/internal/model"
)

// classify turns a gRPC status into a failure: the one place that knows Google's codes.
func (d *Driver) classify(ctx context.Context, err error, r *model.Request) error {
	code, after := codes.Unknown, time.Duration(0)
	var api *apierror.APIError
	if errors.As(err, &api) && api.GRPCStatus() != nil {
		code = api.GRPCStatus().Code()
		after = api.Details().RetryInfo.GetRetryDelay().AsDuration()
	} else if s, ok := status.FromError(err); ok {
		code = s.Code()
	}
	fault := model.Refused
	switch code { //nolint:exhaustive // the rest mean that a person must mend the settings
	case codes.ResourceExhausted:
		fault = model.Quota
	case codes.DeadlineExceeded:
		fault = model.TimedOut
	case codes.Canceled:
		fault = model.TimedOut
	case codes.Unavailable, codes.Internal, codes.Unknown, codes.Aborted, codes.DataLoss:
		fault = model.Unreachable
	case codes.NotFound:
		// Retired models and models that a project may not use answer alike.
		fault = model.Gone
	}
	if ctx.Err() != nil {
		// Our own deadline or shutdown, whatever the transport made of it.
		fault = model.TimedOut
	}
	f := model.Fail(fault, "vertex."+codeName(code), d.Dependency(), after, err)
	if fault == model.TimedOut && r != nil { // nil: a check, which costs nothing
		f.Estimated = estimate(r)
	}
	return f
}

// finish tells whether a candidate's end is a good one.
func (d *Driver) finish(r pb.Candidate_FinishReason) error {
	switch r { //nolint:exhaustive // the rest are stops by a safety or policy rule
	case pb.Candidate_STOP, pb.Candidate_FINISH_REASON_UNSPECIFIED:
		return nil
	case pb.Candidate_MAX_TOKENS:
		return d.fail(model.Truncated, r.String())
	case pb.Candidate_OTHER:
		return d.fail(model.Unreachable, "FINISH_OTHER")
	}
	return d.fail(model.Blocked, r.String())
}

func (d *Driver) fail(f model.Fault, code string) error {
	return model.Fail(f, "vertex."+code, d.Dependency(), 0, nil)
}

// estimate is Google's own rule of thumb of four characters a token, for a request that was sent and never
// answered. https://ai.google.dev/gemini-api/docs/tokens
func estimate(r *model.Request) int {
	n := len([]rune(r.Instruction))
	for _, t := range r.Turns {
		n += len([]rune(t.Text))
	}
	return (n + 3) / 4
}

// codeName is the status as Google writes it, e.g. "RESOURCE_EXHAUSTED".
func codeName(c codes.Code) string {
	names := map[codes.Code]string{
		codes.Canceled: "CANCELLED", codes.Unknown: "UNKNOWN", codes.InvalidArgument: "INVALID_ARGUMENT",
		codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.NotFound: "NOT_FOUND",
		codes.PermissionDenied: "PERMISSION_DENIED", codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
		codes.FailedPrecondition: "FAILED_PRECONDITION", codes.Aborted: "ABORTED", codes.OutOfRange: "OUT_OF_RANGE",
		codes.Unimplemented: "UNIMPLEMENTED", codes.Internal: "INTERNAL", codes.Unavailable: "UNAVAILABLE",
		codes.DataLoss: "DATA_LOSS", codes.Unauthenticated: "UNAUTHENTICATED",
	}
	if n, ok := names[c]; ok {
		return n
	}
	return c.String()
}
