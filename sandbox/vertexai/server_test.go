package vertexai

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	aiplatform "cloud.google.com/go/aiplatform/apiv1"
	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/frontdesk/frontdesk/sandbox/fault"
)

// start runs a stand-in and Google's own client against it.
func start(t *testing.T, cfg Config) (*Server, *aiplatform.PredictionClient) {
	t.Helper()
	s, err := Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	client, err := aiplatform.NewPredictionClient(t.Context(), option.WithEndpoint(s.Addr()), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(); _ = s.Close() })
	return s, client
}

const flash = "projects/acme-1/locations/us-central1/publishers/google/models/gemini-2.5-flash"

func str() *pb.Schema { return &pb.Schema{Type: pb.Type_STRING} }

func enum(values ...string) *pb.Schema {
	return &pb.Schema{Type: pb.Type_STRING, Format: "enum", Enum: values}
}

func object(order []string, props map[string]*pb.Schema) *pb.Schema {
	return &pb.Schema{Type: pb.Type_OBJECT, Properties: props, PropertyOrdering: order, Required: order}
}

// request asks about a short call with a catalogue of two.
func request() *pb.GenerateContentRequest {
	part := func(s string) []*pb.Part { return []*pb.Part{{Data: &pb.Part_Text{Text: s}}} }
	label := func(values ...string) *pb.Schema {
		return object([]string{"value", "confidence", "quote"}, map[string]*pb.Schema{"value": enum(values...), "confidence": {Type: pb.Type_NUMBER}, "quote": str()})
	}
	return &pb.GenerateContentRequest{
		Model:             flash,
		SystemInstruction: &pb.Content{Parts: part("- ReportFault: something is broken\n- AskPrice: wants to know what it costs\n- Closed: a ticket was opened\n- Open: nothing was agreed")},
		Contents:          []*pb.Content{{Role: "user", Parts: part("<transcript>\n1 00:01 agent: Hello.\n2 00:04 caller: The lamp that I bought is broken.\n3 00:09 agent: I've opened a ticket.\n</transcript>")}},
		Labels:            map[string]string{"tenant": "acme"},
		GenerationConfig: &pb.GenerationConfig{
			ResponseMimeType: "application/json",
			ResponseSchema: object([]string{"intent", "disposition", "summary"}, map[string]*pb.Schema{
				"intent": label("AskPrice", "ReportFault"), "disposition": label("Open", "Closed"), "summary": str(),
			}),
		},
	}
}

func TestGenerateContent(t *testing.T) {
	s, client := start(t, Config{ThoughtTokens: 7})
	resp, err := client.GenerateContent(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Intent, Disposition struct {
			Value, Quote string
			Confidence   float64
		}
		Summary string
	}
	c := resp.GetCandidates()[0]
	if err := json.Unmarshal([]byte(c.GetContent().GetParts()[0].GetText()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Intent.Value != "ReportFault" || got.Disposition.Value != "Closed" || c.GetFinishReason() != pb.Candidate_STOP {
		t.Errorf("%+v", got)
	}
	if got.Intent.Quote != "The lamp that I bought is broken." || got.Intent.Confidence < 0.6 {
		t.Errorf("quote %q at %.2f", got.Intent.Quote, got.Intent.Confidence)
	}
	u := resp.GetUsageMetadata()
	if u.GetThoughtsTokenCount() != 7 || u.GetTotalTokenCount() != u.GetPromptTokenCount()+u.GetCandidatesTokenCount()+7 || u.GetPromptTokenCount() == 0 {
		t.Errorf("usage %v", u)
	}
	again, err := client.GenerateContent(t.Context(), request())
	if err != nil || again.GetCandidates()[0].GetContent().GetParts()[0].GetText() != c.GetContent().GetParts()[0].GetText() || again.GetResponseId() == resp.GetResponseId() {
		t.Error("the same request has the same answer under another id")
	}
	asked := s.Asked()
	if len(asked) != 2 || asked[0].Project != "acme-1" || asked[0].Labels["tenant"] != "acme" || !strings.Contains(asked[0].Text, "The lamp") || asked[0].Code != "OK" {
		t.Errorf("%d asked", len(asked))
	}
	for _, row := range s.Meter().Rows() {
		if want := map[string]float64{"request": 2, "input_token": 2 * float64(u.GetPromptTokenCount()), "output_token": 2 * float64(u.GetCandidatesTokenCount()), "thought_token": 14}[row.Unit]; row.Amount != want || row.Account != "acme-1" {
			t.Errorf("metered %v, want %v", row, want)
		}
	}
}

// TestStrict refuses what Google refuses.
func TestStrict(t *testing.T) {
	_, client := start(t, Config{})
	with := func(change func(*pb.GenerateContentRequest)) *pb.GenerateContentRequest {
		r, _ := proto.Clone(request()).(*pb.GenerateContentRequest)
		change(r)
		return r
	}
	schema := func(s *pb.Schema) func(*pb.GenerateContentRequest) {
		return func(r *pb.GenerateContentRequest) { r.GenerationConfig.ResponseSchema = s }
	}
	for name, c := range map[string]struct {
		req  *pb.GenerateContentRequest
		code codes.Code
		says string
	}{
		"retired model":       {with(func(r *pb.GenerateContentRequest) { r.Model = strings.Replace(flash, "2.5", "1.0", 1) }), codes.NotFound, "was not found or your project does not have access to it"},
		"model without path":  {with(func(r *pb.GenerateContentRequest) { r.Model = "gemini-2.5-flash" }), codes.InvalidArgument, "Invalid resource field value"},
		"no contents":         {with(func(r *pb.GenerateContentRequest) { r.Contents = nil }), codes.InvalidArgument, "at least one contents field"},
		"role of OpenAI":      {with(func(r *pb.GenerateContentRequest) { r.Contents[0].Role = "assistant" }), codes.InvalidArgument, "valid role: user, model"},
		"empty part":          {with(func(r *pb.GenerateContentRequest) { r.Contents[0].Parts = []*pb.Part{{Data: &pb.Part_Text{}}} }), codes.InvalidArgument, "empty text parameter"},
		"ends with the model": {with(func(r *pb.GenerateContentRequest) { r.Contents[0].Role = "model" }), codes.InvalidArgument, "end with a user role"},
		"upper-case label":    {with(func(r *pb.GenerateContentRequest) { r.Labels = map[string]string{"tenant": "Acme"} }), codes.InvalidArgument, "lowercase letters"},
		"label key of digits": {with(func(r *pb.GenerateContentRequest) { r.Labels = map[string]string{"1st": "acme"} }), codes.InvalidArgument, "must start with a letter"},
		"long label":          {with(func(r *pb.GenerateContentRequest) { r.Labels = map[string]string{"k": strings.Repeat("a", 64)} }), codes.InvalidArgument, "less than 64 characters"},
		"hot temperature":     {with(func(r *pb.GenerateContentRequest) { r.GenerationConfig.Temperature = proto.Float32(3) }), codes.InvalidArgument, "supported range"},
		"no output":           {with(func(r *pb.GenerateContentRequest) { r.GenerationConfig.MaxOutputTokens = proto.Int32(0) }), codes.InvalidArgument, "maxOutputTokens"},
		"schema without JSON": {with(func(r *pb.GenerateContentRequest) { r.GenerationConfig.ResponseMimeType = "" }), codes.InvalidArgument, "responseMimeType"},
		"schema without type": {with(schema(&pb.Schema{})), codes.InvalidArgument, "schema type field"},
		"object of nothing":   {with(schema(&pb.Schema{Type: pb.Type_OBJECT})), codes.InvalidArgument, "should be non-empty for OBJECT"},
		"required of nowhere": {with(schema(&pb.Schema{Type: pb.Type_OBJECT, Properties: map[string]*pb.Schema{"a": str()}, Required: []string{"b"}})), codes.InvalidArgument, "property is not defined"},
		"array of nothing":    {with(schema(&pb.Schema{Type: pb.Type_ARRAY})), codes.InvalidArgument, "items: missing field"},
		"enum of numbers":     {with(schema(&pb.Schema{Type: pb.Type_NUMBER, Enum: []string{"1"}})), codes.InvalidArgument, "only allowed for STRING"},
		"a JSON schema's ref": {with(schema(&pb.Schema{Type: pb.Type_OBJECT, Ref: "#/defs/a"})), codes.InvalidArgument, "unsupported fields"},
		"additional members":  {with(schema(&pb.Schema{Type: pb.Type_OBJECT, Properties: map[string]*pb.Schema{"a": str()}, AdditionalProperties: structpb.NewBoolValue(false)})), codes.InvalidArgument, "unsupported fields"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.GenerateContent(t.Context(), c.req)
			if status.Code(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	s, client := start(t, Config{RetryDelay: 3 * time.Second, BlockPhrases: []string{"forbidden"}})
	draw := func(code string) {
		s.Faults().Set(fault.Settings{Errors: []fault.Share{{Code: code, Share: 1}}})
	}
	for code, want := range map[string]codes.Code{
		"UNAVAILABLE": codes.Unavailable, "INTERNAL": codes.Internal, "PERMISSION_DENIED": codes.PermissionDenied,
		"UNAUTHENTICATED": codes.Unauthenticated, "RESOURCE_EXHAUSTED": codes.ResourceExhausted,
	} {
		draw(code)
		_, err := client.GenerateContent(t.Context(), request())
		if status.Code(err) != want {
			t.Errorf("%s: %v", code, err)
		}
		var api *apierror.APIError
		if code == "RESOURCE_EXHAUSTED" && (!errors.As(err, &api) || api.Details().RetryInfo.GetRetryDelay().AsDuration() != 3*time.Second) {
			t.Errorf("%s tells no time to wait", code)
		}
	}
	draw("HANG")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := client.GenerateContent(ctx, request()); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("HANG: %v", err)
	}
	s.Faults().Set(fault.Settings{Outage: true})
	if _, err := client.GenerateContent(t.Context(), request()); status.Code(err) != codes.Unavailable {
		t.Errorf("outage: %v", err)
	}
	draw("SAFETY")
	resp, err := client.GenerateContent(t.Context(), request())
	if err != nil || len(resp.GetCandidates()) != 0 || resp.GetPromptFeedback().GetBlockReason() != pb.GenerateContentResponse_PromptFeedback_SAFETY {
		t.Errorf("a blocked prompt is no error and has no candidate: %v", err)
	}
	draw("RECITATION")
	if resp, err = client.GenerateContent(t.Context(), request()); err != nil || resp.GetCandidates()[0].GetFinishReason() != pb.Candidate_RECITATION {
		t.Errorf("RECITATION: %v", err)
	}
	draw("MAX_TOKENS")
	if resp, err = client.GenerateContent(t.Context(), request()); err != nil || resp.GetCandidates()[0].GetFinishReason() != pb.Candidate_MAX_TOKENS || json.Valid([]byte(resp.GetCandidates()[0].GetContent().GetParts()[0].GetText())) {
		t.Errorf("MAX_TOKENS cuts the JSON: %v", err)
	}
	s.Faults().Set(fault.Settings{})
	blocked := request()
	blocked.Contents[0].Parts[0].Data = &pb.Part_Text{Text: "1 00:01 caller: a Forbidden word"}
	if resp, err = client.GenerateContent(t.Context(), blocked); err != nil || resp.GetPromptFeedback().GetBlockReason() == 0 {
		t.Errorf("a phrase blocks: %v", err)
	}
}

// TestBadQuote is wrong at first and right when its answer is sent back.
func TestBadQuote(t *testing.T) {
	_, client := start(t, Config{Faults: fault.Settings{Errors: []fault.Share{{Code: "BAD_QUOTE", Share: 1}}}})
	first, err := client.GenerateContent(t.Context(), request())
	if err != nil || !strings.Contains(first.GetCandidates()[0].GetContent().GetParts()[0].GetText(), nobodySaid) {
		t.Fatal("the first answer has a quote that nobody said", err)
	}
	second := request()
	second.Contents = append(second.Contents, first.GetCandidates()[0].GetContent(),
		&pb.Content{Role: "user", Parts: []*pb.Part{{Data: &pb.Part_Text{Text: "The quote of intent is wrong. Answer again."}}}})
	repaired, err := client.GenerateContent(t.Context(), second)
	if err != nil || strings.Contains(repaired.GetCandidates()[0].GetContent().GetParts()[0].GetText(), nobodySaid) {
		t.Fatal("the repaired answer has the right quote", err)
	}
}

func TestQuota(t *testing.T) {
	_, client := start(t, Config{RequestsPerMinute: 2})
	var refused int
	for range 3 {
		if _, err := client.GenerateContent(t.Context(), request()); status.Code(err) == codes.ResourceExhausted {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d of 3 refused at 2 a minute", refused)
	}
}

func TestStreamAndCount(t *testing.T) {
	s, client := start(t, Config{})
	whole, err := client.GenerateContent(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	stream, err := client.StreamGenerateContent(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	text, last := "", &pb.GenerateContentResponse{}
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, last = text+chunk.GetCandidates()[0].GetContent().GetParts()[0].GetText(), chunk
	}
	if text != whole.GetCandidates()[0].GetContent().GetParts()[0].GetText() || last.GetUsageMetadata() == nil || last.GetCandidates()[0].GetFinishReason() != pb.Candidate_STOP {
		t.Error("the stream's chunks are not the whole answer")
	}
	r := request()
	counter, err := aiplatform.NewLlmUtilityClient(t.Context(), option.WithEndpoint(s.Addr()), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = counter.Close() }()
	n, err := counter.CountTokens(t.Context(), &pb.CountTokensRequest{Model: flash, Contents: r.GetContents(), SystemInstruction: r.GetSystemInstruction()})
	if err != nil || n.GetTotalTokens() != whole.GetUsageMetadata().GetPromptTokenCount() {
		t.Errorf("counted %d, billed %d: %v", n.GetTotalTokens(), whole.GetUsageMetadata().GetPromptTokenCount(), err)
	}
}
