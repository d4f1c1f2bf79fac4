package vertex

import (
	"context"
	"errors"
	"fmt"
	"strings"

	aiplatform "cloud.google.com/go/aiplatform/apiv1"
	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/grpc/codes"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// Check finds out whether a model can be asked, by having the tokens of one word counted: that is free, and needs the same
// credentials, permission, location and model as a question.
// https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/get-token-count
func Check(ctx context.Context, cfg Config, model string) check.Finding {
	at := cfg.endpoint()
	client, err := aiplatform.NewLlmUtilityClient(ctx, cfg.options()...)
	if err != nil {
		return fault("credentials", at, "No credentials of Google's are found for "+at+".",
			"Give the service an identity: a Kubernetes service account that is bound to one of Google's, or GOOGLE_APPLICATION_CREDENTIALS.")
	}
	defer func() { _ = client.Close() }() // everything was answered
	_, err = client.CountTokens(ctx, &pb.CountTokensRequest{
		Endpoint: cfg.model(model), Model: cfg.model(model), Contents: []*pb.Content{{Role: "user", Parts: []*pb.Part{part("Hello")}}},
	})
	if err == nil {
		return check.Okay("model.reachable", model, "The model %s answers at %s.", model, at)
	}
	return cfg.refused(model, (&Driver{cfg: cfg}).classify(ctx, err, nil), err)
}

func fault(code, subject, what, do string) check.Finding {
	return check.Finding{Code: "model." + code, Level: check.Fault, Subject: subject, What: what, Do: do}
}

// refused tells one refusal from another.
func (c Config) refused(model string, classified, err error) check.Finding {
	at := c.endpoint()
	switch strings.TrimPrefix(retry.Code(classified), "vertex.") {
	case codeName(codes.NotFound):
		return fault("missing", model, fmt.Sprintf("There is no model %s in %s, or the project %s may not use it.", model, c.Location, c.Project),
			"Set inference.model to one that Google still has in that location, or inference.location to where it is.")
	case codeName(codes.PermissionDenied):
		return fault("permission", c.Project, fmt.Sprintf("The service's identity may not ask models of the project %s.", c.Project),
			"Enable the Vertex AI API in the project, and give the identity the role Vertex AI User (roles/aiplatform.user).")
	case codeName(codes.Unauthenticated):
		return fault("credentials", at, "Google refuses the service's credentials.", "Renew them; a key that was deleted, or a clock that is wrong, looks like this, too.")
	case codeName(codes.ResourceExhausted):
		return check.Finding{
			Code: "model.quota", Level: check.Warning, Subject: c.Project, What: "The project's quota is spent just now.",
			Do: "Check again in a minute; ask for more quota in Google's console if it happens while calls come in.",
		}
	case codeName(codes.InvalidArgument), codeName(codes.FailedPrecondition):
		return fault("refused", model, fmt.Sprintf("Google refuses the model %s in the project %s and the location %s.", model, c.Project, c.Location),
			"Correct inference.project, inference.location and inference.model.")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault("unreachable", at, at+" does not answer in time.", "See whether a firewall or a network policy is in the way.")
	}
	return fault("unreachable", at, at+" can't be reached.", "See whether a firewall is in the way, and whether inference.location, or inference.endpoint, is right.")
}
