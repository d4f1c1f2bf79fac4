// Package vertex asks Gemini on Google's Vertex AI (google.cloud.aiplatform.v1.PredictionService).
package vertex

import (
	"context"
	"errors"
	"fmt"
	"strings"

	aiplatform "cloud.google.com/go/aiplatform/apiv1"
	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/frontdesk/frontdesk/services/inference/internal/model"
)

// Config of one project and location.
type Config struct {
	// Project is billed, Location processes; the endpoint follows from it unless given.
	Project, Location string
	// Endpoint overrides "<location>-aiplatform.googleapis.com:443", host:port.
	Endpoint string
	// Insecure speaks to Endpoint without TLS and credentials: a sandbox.
	Insecure bool
}

// Driver of one project and location. Credentials are the application's default ones.
type Driver struct {
	cfg    Config
	client *aiplatform.PredictionClient
}

var _ model.Driver = (*Driver)(nil)

// Open prepares a driver. It reads credentials but does not reach out.
func Open(ctx context.Context, cfg Config) (*Driver, error) {
	if cfg.Project == "" || cfg.Location == "" {
		return nil, errors.New("opening vertex: project and location are needed")
	}
	client, err := aiplatform.NewPredictionClient(ctx, cfg.options()...)
	if err != nil {
		return nil, fmt.Errorf("opening vertex %s/%s: %w", cfg.Project, cfg.Location, err)
	}
	return &Driver{cfg: cfg, client: client}, nil
}

func (c Config) options() []option.ClientOption {
	// One layer retries, and it is not this one: no policy that a name server may tell of is followed.
	opts := []option.ClientOption{option.WithEndpoint(c.endpoint()), option.WithGRPCDialOption(grpc.WithDisableRetry())}
	if c.Insecure {
		opts = append(opts, option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	}
	return opts
}

// endpoint by location: the global one has no prefix.
// https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations
func (c Config) endpoint() string {
	switch {
	case c.Endpoint != "":
		return c.Endpoint
	case c.Location == "global":
		return "aiplatform.googleapis.com:443"
	}
	return c.Location + "-aiplatform.googleapis.com:443"
}

// Dependency is the project in its location, and the endpoint where it is overridden.
func (d *Driver) Dependency() string {
	s := "vertex:" + d.cfg.Project + "/" + d.cfg.Location
	if d.cfg.Endpoint != "" {
		s += "@" + d.cfg.Endpoint
	}
	return s
}

// Close drops the connection.
func (d *Driver) Close() error { return d.client.Close() }

// Ask makes one GenerateContent request. The client has no default retry for it (its gapic configuration
// lists none), so one Ask is one request on the bill.
func (d *Driver) Ask(ctx context.Context, r *model.Request) (*model.Answer, error) {
	resp, err := d.client.GenerateContent(ctx, d.request(r))
	if err != nil {
		return nil, d.classify(ctx, err, r)
	}
	a := &model.Answer{ID: resp.GetResponseId(), Model: resp.GetModelVersion(), Usage: usage(resp.GetUsageMetadata())}
	// A blocked prompt is no error of the transport: zero candidates, and the reason beside them.
	if reason := resp.GetPromptFeedback().GetBlockReason(); reason != 0 {
		return a, d.fail(model.Blocked, "PROMPT_"+reason.String())
	}
	if len(resp.GetCandidates()) == 0 {
		return a, d.fail(model.Unreachable, "NO_CANDIDATE")
	}
	c := resp.GetCandidates()[0]
	if err := d.finish(c.GetFinishReason()); err != nil {
		return a, err
	}
	a.Text = text(c.GetContent())
	return a, nil
}

func (d *Driver) request(r *model.Request) *pb.GenerateContentRequest {
	zero := float32(0)
	req := &pb.GenerateContentRequest{
		Model: d.cfg.model(r.Model),
		GenerationConfig: &pb.GenerationConfig{
			// The same transcript should be labelled the same way twice.
			Temperature: &zero, ResponseMimeType: "application/json", ResponseSchema: schema(r.Schema),
		},
		Labels: labels(r.Labels),
	}
	if r.MaxOutputTokens > 0 {
		limit := int32(min(r.MaxOutputTokens, 1<<30)) //nolint:gosec // bounded just here
		req.GenerationConfig.MaxOutputTokens = &limit
	}
	if r.Instruction != "" {
		req.SystemInstruction = &pb.Content{Parts: []*pb.Part{part(r.Instruction)}}
	}
	for _, t := range r.Turns {
		role := "user"
		if t.Model {
			role = "model"
		}
		req.Contents = append(req.Contents, &pb.Content{Role: role, Parts: []*pb.Part{part(t.Text)}})
	}
	return req
}

// model is a model's resource name.
func (c Config) model(name string) string {
	return fmt.Sprintf("projects/%s/locations/%s/publishers/google/models/%s", c.Project, c.Location, name)
}

func part(text string) *pb.Part { return &pb.Part{Data: &pb.Part_Text{Text: text}} }

// text joins the parts of an answer, but not the model's thoughts.
func text(c *pb.Content) string {
	var b strings.Builder
	for _, p := range c.GetParts() {
		if !p.GetThought() {
			b.WriteString(p.GetText())
		}
	}
	return b.String()
}

// usage splits Google's counts into parts that don't overlap: the prompt's count includes what was cached.
func usage(u *pb.GenerateContentResponse_UsageMetadata) model.Usage {
	cached := int(u.GetCachedContentTokenCount())
	return model.Usage{
		Input: max(0, int(u.GetPromptTokenCount())-cached), Cached: cached,
		Thought: int(u.GetThoughtsTokenCount()), Output: int(u.GetCandidatesTokenCount()),
	}
}
