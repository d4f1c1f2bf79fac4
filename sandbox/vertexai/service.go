package vertexai

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/sandbox/meter"
)

// service is the RPC face; methods that are not here answer UNIMPLEMENTED.
type service struct {
	pb.UnimplementedPredictionServiceServer
	s *Server
}

// GenerateContent answers one request.
func (v *service) GenerateContent(ctx context.Context, req *pb.GenerateContentRequest) (*pb.GenerateContentResponse, error) {
	return v.s.generate(ctx, "GenerateContent", req)
}

// StreamGenerateContent answers in chunks; usage and the reason for the end come with the last.
func (v *service) StreamGenerateContent(req *pb.GenerateContentRequest, stream pb.PredictionService_StreamGenerateContentServer) error {
	resp, err := v.s.generate(stream.Context(), "StreamGenerateContent", req)
	if err != nil {
		return err
	}
	for _, chunk := range split(resp) {
		if err := stream.Send(chunk); err != nil {
			return err
		}
	}
	return nil
}

// counter is the RPC face of LlmUtilityService, where tokens are counted.
type counter struct {
	pb.UnimplementedLlmUtilityServiceServer
	s *Server
}

// CountTokens counts what a request would be billed.
func (v *counter) CountTokens(ctx context.Context, req *pb.CountTokensRequest) (*pb.CountTokensResponse, error) {
	name := req.GetModel()
	if name == "" {
		name = req.GetEndpoint()
	}
	m, err := v.s.model(name)
	if err != nil {
		return nil, err
	}
	if _, err := v.s.misbehave(ctx, "CountTokens", m, time.Now()); err != nil {
		return nil, err
	}
	text := textOf(req.GetSystemInstruction(), req.GetContents())
	v.s.note(Request{At: time.Now(), Method: "CountTokens", Project: m.project, Location: m.location, Model: m.model, Text: text, Code: "OK"})
	return &pb.CountTokensResponse{
		TotalTokens: int32(tokens(text)), TotalBillableCharacters: int32(characters(text)), //nolint:gosec // bounded by the size of a message
	}, nil
}

// generate checks, refuses, or answers.
func (s *Server) generate(ctx context.Context, method string, req *pb.GenerateContentRequest) (*pb.GenerateContentResponse, error) {
	now := time.Now()
	kept := Request{
		At: now, Method: method, Labels: req.GetLabels(), Text: textOf(req.GetSystemInstruction(), req.GetContents()),
		Schema: req.GetGenerationConfig().GetResponseSchema() != nil, Code: "OK",
	}
	m, err := s.model(req.GetModel())
	kept.Project, kept.Location, kept.Model = m.project, m.location, m.model
	if err == nil {
		err = validate(req)
	}
	drawn := ""
	if err == nil {
		drawn, err = s.misbehave(ctx, method, m, now)
	}
	if err != nil {
		kept.Code = status.Code(err).String()
		s.note(kept)
		return nil, err
	}
	resp := s.answer(req, kept.Text, drawn)
	if r := resp.GetPromptFeedback().GetBlockReason(); r != 0 {
		kept.Code = "BLOCKED_" + r.String()
	}
	n := s.note(kept)
	resp.ResponseId, resp.ModelVersion, resp.CreateTime = fmt.Sprintf("sandbox-%08d", n), m.model, timestamppb.New(now)
	s.bill(m, resp.GetUsageMetadata())
	return resp, nil
}

// misbehave spends the latency and draws a fault: an error, or the code of an answer that is none.
func (s *Server) misbehave(ctx context.Context, method string, m modelName, now time.Time) (drawn string, err error) {
	if s.faults.Down() {
		return "", status.Error(codes.Unavailable, "The service is currently unavailable.")
	}
	if err := s.faults.Wait(ctx); err != nil {
		return "", status.FromContextError(err).Err()
	}
	// Counting is free and has a quota of its own, which nobody reaches.
	if method != "CountTokens" && !s.within(m.project, m.model, now) {
		return "", s.exhausted()
	}
	drawn = s.faults.Draw(method)
	switch drawn {
	case "UNAVAILABLE":
		return "", status.Error(codes.Unavailable, "The service is currently unavailable.")
	case "INTERNAL":
		return "", status.Error(codes.Internal, "Internal error encountered.")
	case "RESOURCE_EXHAUSTED":
		return "", s.exhausted()
	case "PERMISSION_DENIED":
		return "", status.Errorf(codes.PermissionDenied, "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/%s' (or it may not exist).", m.name)
	case "UNAUTHENTICATED":
		return "", status.Error(codes.Unauthenticated, "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
	case "HANG":
		<-ctx.Done()
		return "", status.FromContextError(ctx.Err()).Err()
	}
	return drawn, nil
}

// exhausted is a spent quota, with the time to wait in the details.
func (s *Server) exhausted() error {
	st := status.New(codes.ResourceExhausted, "Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.")
	if with, err := st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(s.cfg.RetryDelay)}); err == nil {
		st = with
	}
	return st.Err()
}

// bill meters what Google would have charged for.
func (s *Server) bill(m modelName, u *pb.GenerateContentResponse_UsageMetadata) {
	add := func(unit string, n int32) {
		if n > 0 {
			s.meter.Add(meter.Key{Product: Product, Account: m.project, Model: m.model, Unit: unit}, float64(n))
		}
	}
	add("request", 1)
	add("input_token", u.GetPromptTokenCount())
	add("output_token", u.GetCandidatesTokenCount())
	add("thought_token", u.GetThoughtsTokenCount())
}

// answer is the response to a request that is in order.
func (s *Server) answer(req *pb.GenerateContentRequest, text, drawn string) *pb.GenerateContentResponse {
	resp := &pb.GenerateContentResponse{UsageMetadata: &pb.GenerateContentResponse_UsageMetadata{
		PromptTokenCount: int32(tokens(text)), //nolint:gosec // bounded by the size of a message
	}}
	defer func() {
		u := resp.GetUsageMetadata()
		u.TotalTokenCount = u.GetPromptTokenCount() + u.GetCandidatesTokenCount() + u.GetThoughtsTokenCount()
	}()
	if reason := s.blocked(text, drawn); reason != 0 {
		resp.PromptFeedback = &pb.GenerateContentResponse_PromptFeedback{
			BlockReason: reason, BlockReasonMessage: "The prompt is blocked due to the safety settings.",
		}
		return resp
	}
	c := &pb.Candidate{FinishReason: pb.Candidate_STOP}
	resp.Candidates = []*pb.Candidate{c}
	if finish, ok := pb.Candidate_FinishReason_value[strings.TrimPrefix(drawn, "FINISH_")]; ok && finish > int32(pb.Candidate_MAX_TOKENS) {
		c.FinishReason = pb.Candidate_FinishReason(finish)
		return resp
	}
	out := s.reader.reply(req, drawn == "BAD_QUOTE")
	limit := int(req.GetGenerationConfig().GetMaxOutputTokens())
	if drawn == "MAX_TOKENS" {
		limit = max(1, tokens(out)/2)
	}
	if limit > 0 && tokens(out) > limit {
		out, c.FinishReason = cut(out, limit), pb.Candidate_MAX_TOKENS
	}
	c.Content = &pb.Content{Role: "model", Parts: []*pb.Part{{Data: &pb.Part_Text{Text: out}}}}
	resp.UsageMetadata.CandidatesTokenCount = int32(tokens(out))               //nolint:gosec // bounded by the limit on answers
	resp.UsageMetadata.ThoughtsTokenCount = int32(max(0, s.cfg.ThoughtTokens)) //nolint:gosec // a setting
	return resp
}

// blocked tells why a prompt is refused; 0 if it isn't.
func (s *Server) blocked(text, drawn string) pb.GenerateContentResponse_PromptFeedback_BlockedReason {
	switch drawn {
	case "SAFETY":
		return pb.GenerateContentResponse_PromptFeedback_SAFETY
	case "PROHIBITED_CONTENT":
		return pb.GenerateContentResponse_PromptFeedback_PROHIBITED_CONTENT
	}
	low := strings.ToLower(text)
	if slices.ContainsFunc(s.cfg.BlockPhrases, func(p string) bool { return p != "" && strings.Contains(low, strings.ToLower(p)) }) {
		return pb.GenerateContentResponse_PromptFeedback_SAFETY
	}
	return 0
}

// split cuts a response into chunks as a stream gives them.
func split(resp *pb.GenerateContentResponse) []*pb.GenerateContentResponse {
	if len(resp.GetCandidates()) == 0 {
		return []*pb.GenerateContentResponse{resp}
	}
	c := resp.GetCandidates()[0]
	text := ""
	for _, p := range c.GetContent().GetParts() {
		text += p.GetText()
	}
	const chunk = 200
	var out []*pb.GenerateContentResponse
	runes := []rune(text)
	for i := 0; i < len(runes) || i == 0; i += chunk {
		out = append(out, &pb.GenerateContentResponse{
			ResponseId: resp.GetResponseId(), ModelVersion: resp.GetModelVersion(), CreateTime: resp.GetCreateTime(),
			Candidates: []*pb.Candidate{{Content: &pb.Content{Role: "model", Parts: []*pb.Part{
				{Data: &pb.Part_Text{Text: string(runes[i:min(i+chunk, len(runes))])}},
			}}}},
		})
	}
	last := out[len(out)-1]
	last.UsageMetadata, last.Candidates[0].FinishReason = resp.GetUsageMetadata(), c.GetFinishReason()
	return out
}
