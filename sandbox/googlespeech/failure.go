package googlespeech

import (
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// failure is a fault's error, by gRPC's name of the code; INTERNAL for a name that there isn't.
func failure(name string) error {
	var code codes.Code
	if err := code.UnmarshalJSON([]byte(strconv.Quote(name))); err != nil {
		code = codes.Internal
	}
	switch code {
	case codes.Unavailable:
		return status.Error(code, "The service is currently unavailable.")
	case codes.ResourceExhausted:
		return quota("")
	case codes.Internal:
		return status.Error(code, "Internal error encountered.")
	default:
		return status.Error(code, "The request was failed on purpose.")
	}
}

// quota is how the vendor's front end refuses what is over a project's quota.
func quota(project string) error {
	const metric, limit = "speech.googleapis.com/concurrent_streaming_requests", "ConcurrentStreamingRequestsPerProject"
	s := status.New(codes.ResourceExhausted, "Quota exceeded for quota metric '"+metric+"' and limit '"+limit+
		"' of service 'speech.googleapis.com' for consumer 'project:"+project+"'.")
	detailed, err := s.WithDetails(
		&errdetails.ErrorInfo{
			Reason: "RATE_LIMIT_EXCEEDED", Domain: "googleapis.com",
			Metadata: map[string]string{"service": "speech.googleapis.com", "quota_metric": metric, "quota_limit": limit, "consumer": "projects/" + project},
		},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)},
	)
	if err != nil {
		return s.Err()
	}
	return detailed.Err()
}
