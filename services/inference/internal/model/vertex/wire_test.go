package vertex_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
	"github.com/frontdesk/frontdesk/services/inference/internal/model/drivertest"
	"github.com/frontdesk/frontdesk/services/inference/internal/model/vertex"
)

// refusing is a service that answers every question with one status, and counts them.
type refusing struct {
	pb.UnimplementedPredictionServiceServer

	with  *status.Status
	asked atomic.Int64
}

func (r *refusing) GenerateContent(context.Context, *pb.GenerateContentRequest) (*pb.GenerateContentResponse, error) {
	r.asked.Add(1)
	return nil, r.with.Err()
}

// TestStatuses goes from what stands on the wire to what it means, one request each.
func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		code  codes.Code
		after time.Duration // google.rpc.RetryInfo
		fault model.Fault
		class retry.Class
	}{
		{codes.ResourceExhausted, 0, model.Quota, retry.Retryable},
		{codes.ResourceExhausted, 7 * time.Second, model.Quota, retry.Retryable},
		{codes.Unavailable, 0, model.Unreachable, retry.Retryable},
		{codes.Unavailable, 1500 * time.Millisecond, model.Unreachable, retry.Retryable},
		{codes.Internal, 0, model.Unreachable, retry.Retryable},
		{codes.Unknown, 0, model.Unreachable, retry.Retryable},
		{codes.Aborted, 0, model.Unreachable, retry.Retryable},
		{codes.DataLoss, 0, model.Unreachable, retry.Retryable},
		{codes.DeadlineExceeded, 0, model.TimedOut, retry.Retryable},
		{codes.Canceled, 0, model.TimedOut, retry.Retryable},
		{codes.NotFound, 0, model.Gone, retry.Permanent},
		{codes.InvalidArgument, 0, model.Refused, retry.Permanent},
		{codes.FailedPrecondition, 0, model.Refused, retry.Permanent},
		{codes.PermissionDenied, 0, model.Refused, retry.Permanent},
		{codes.Unauthenticated, 0, model.Refused, retry.Permanent},
		{codes.Unimplemented, 0, model.Refused, retry.Permanent},
	} {
		t.Run(c.code.String()+" "+c.after.String(), func(t *testing.T) {
			s := &refusing{with: status.New(c.code, "words that may quote the prompt")}
			if c.after > 0 {
				var err error
				if s.with, err = s.with.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(c.after)}); err != nil {
					t.Fatal(err)
				}
			}
			d, err := vertex.Open(t.Context(), vertex.Config{Project: "acme-1", Location: "us-central1", Endpoint: serve(t, s), Insecure: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			_, err = d.Ask(t.Context(), drivertest.Request("gemini-2.5-flash"))
			var e *retry.Error
			if !errors.As(err, &e) || e.Class != c.class || model.FaultOf(err) != c.fault || e.After != c.after {
				t.Errorf("%v: fault %s, %+v", err, model.FaultOf(err), e)
			}
			if n := s.asked.Load(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func serve(t *testing.T, s *refusing) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	pb.RegisterPredictionServiceServer(g, s)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = g.Serve(l) // until it is stopped
	}()
	t.Cleanup(func() { g.Stop(); <-served })
	return l.Addr().String()
}
