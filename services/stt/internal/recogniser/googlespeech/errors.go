package googlespeech

import (
	"errors"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// classify is the one place where the product's codes become classes.
func classify(dependency string, err error) error {
	st, _ := status.FromError(err)
	var wrapped interface{ GRPCStatus() *status.Status }
	if errors.As(err, &wrapped) {
		st = wrapped.GRPCStatus()
	}
	e := &retry.Error{Class: retry.Retryable, Code: Product + "." + st.Code().String(), Dependency: dependency, Err: err}
	switch st.Code() {
	case codes.Aborted, codes.OutOfRange:
		// The stream is over, the product is well.
		e.Err = fmt.Errorf("%w: %w", recogniser.ErrLimit, err)
	case codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.Unauthenticated,
		codes.FailedPrecondition, codes.Unimplemented:
		// A wrong model, project or credential: the same request is refused for ever.
		e.Class = retry.Permanent
	default:
	}
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			e.After = info.GetRetryDelay().AsDuration()
		}
	}
	return e
}

func unsupported(e recogniser.Encoding) error {
	return &retry.Error{Class: retry.Permanent, Code: Product + ".encoding", Err: fmt.Errorf("the product takes no %q audio", e)}
}
