package vertexai

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Limits of the service.
const (
	maxRequestBytes = 20 << 20
	maxInputTokens  = 1_048_576
	maxOutput       = 65_536
	maxLabels       = 64
	maxDepth        = 32
)

// modelName is a publisher model's resource name, taken apart.
type modelName struct{ name, project, location, model string }

var publisherModel = regexp.MustCompile(`^projects/([a-z0-9][a-z0-9:.-]*)/locations/([a-z0-9-]+)/publishers/google/models/([A-Za-z0-9.@_-]+)$`)

// model takes a name apart and refuses models that there aren't, retired ones among them.
func (s *Server) model(name string) (modelName, error) {
	parts := publisherModel.FindStringSubmatch(name)
	if parts == nil {
		return modelName{name: name}, invalid("Invalid resource field value in the request: model %q is not of the form projects/{project}/locations/{location}/publishers/google/models/{model}.", name)
	}
	m := modelName{name, parts[1], parts[2], parts[3]}
	if !slices.Contains(s.cfg.Models, m.model) {
		return m, status.Errorf(codes.NotFound, "Publisher Model `%s` was not found or your project does not have access to it. Please ensure you are using a valid model version. For more information, see: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions", name)
	}
	return m, nil
}

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// validate refuses what Google refuses.
func validate(req *pb.GenerateContentRequest) error {
	if err := validateContents(req); err != nil {
		return err
	}
	if err := validateLabels(req.GetLabels()); err != nil {
		return err
	}
	return validateConfig(req.GetGenerationConfig())
}

func validateContents(req *pb.GenerateContentRequest) error {
	contents := req.GetContents()
	if len(contents) == 0 {
		return invalid("Unable to submit request because at least one contents field is required. Learn more: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/gemini")
	}
	for _, c := range contents {
		if c.GetRole() != "user" && c.GetRole() != "model" {
			return invalid("Please use a valid role: user, model.")
		}
		if len(c.GetParts()) == 0 {
			return invalid("Unable to submit request because it must include at least one parts field, which describes the prompt input.")
		}
		for _, p := range c.GetParts() {
			if _, ok := p.GetData().(*pb.Part_Text); !ok {
				return invalid("Unable to submit request because the stand-in takes text parts only.")
			}
			if p.GetText() == "" {
				return invalid("Unable to submit request because it has an empty text parameter. Add a value to the parameter and try again.")
			}
		}
	}
	if contents[len(contents)-1].GetRole() != "user" {
		return invalid("Please ensure that multiturn requests end with a user role.")
	}
	if n := tokens(textOf(req.GetSystemInstruction(), contents)); n > maxInputTokens {
		return invalid("The input token count (%d) exceeds the maximum number of tokens allowed (%d).", n, maxInputTokens)
	}
	return nil
}

// validateLabels holds labels to the rules of Google Cloud: at most 64; keys begin with a lower-case letter;
// keys and values have at most 63 characters of a-z, 0-9, _ and -.
func validateLabels(labels map[string]string) error {
	if len(labels) > maxLabels {
		return invalid("Invalid labels: there can be no more than %d labels attached to a single resource.", maxLabels)
	}
	for k, v := range labels {
		if k == "" || k[0] < 'a' || k[0] > 'z' || !isLabel(k) || !isLabel(v) {
			return invalid("Invalid labels: label keys and values can only contain lowercase letters, numbers, dashes and underscores, must be less than 64 characters in length, and label keys must start with a letter.")
		}
	}
	return nil
}

func isLabel(s string) bool {
	if utf8.RuneCountInString(s) > 63 {
		return false
	}
	for _, r := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789_-", r) {
			return false
		}
	}
	return true
}

func validateConfig(g *pb.GenerationConfig) error {
	if g == nil {
		return nil
	}
	if t := g.GetTemperature(); t < 0 || t > 2 || math.IsNaN(float64(t)) {
		return invalid("Unable to submit request because it has a temperature value of %g but the supported range is from 0 (inclusive) to 2.0 (inclusive).", t)
	}
	if g.MaxOutputTokens != nil && (g.GetMaxOutputTokens() < 1 || g.GetMaxOutputTokens() > maxOutput) {
		return invalid("Unable to submit request because it has a maxOutputTokens value of %d but the supported range is from 1 (inclusive) to %d (exclusive).", g.GetMaxOutputTokens(), maxOutput+1)
	}
	if g.GetCandidateCount() > 1 {
		return invalid("Unable to submit request because the stand-in gives one candidate only.")
	}
	switch g.GetResponseMimeType() {
	case "", "text/plain", "application/json", "text/x.enum":
	default:
		return invalid("Unsupported response mime type %q; supported are text/plain, application/json and text/x.enum.", g.GetResponseMimeType())
	}
	if g.GetResponseSchema() == nil {
		return nil
	}
	if g.GetResponseMimeType() != "application/json" && g.GetResponseMimeType() != "text/x.enum" {
		return invalid("Unable to submit request because controlled generation needs responseMimeType application/json or text/x.enum when a responseSchema is given.")
	}
	if g.GetResponseJsonSchema() != nil {
		return invalid("Only one of response_schema and response_json_schema may be set.")
	}
	return validateSchema(g.GetResponseSchema(), "response_schema", 0)
}

// validateSchema refuses what Vertex's subset of OpenAPI doesn't hold, or doesn't make sense.
func validateSchema(s *pb.Schema, at string, depth int) error {
	switch {
	case depth > maxDepth:
		return invalid("The specified schema at %s is nested too deeply for controlled generation.", at)
	case s.GetRef() != "" || len(s.GetDefs()) > 0 || s.GetAdditionalProperties() != nil || s.GetExample() != nil:
		return invalid("Unable to submit request because one or more response schemas specified unsupported fields (ref, defs, additional_properties or example) at %s.", at)
	case len(s.GetAnyOf()) > 0 && (s.GetType() != 0 || len(s.GetProperties()) > 0):
		return invalid("Unable to submit request because one or more response schemas specified other fields alongside any_of at %s.", at)
	case len(s.GetAnyOf()) > 0:
		for i, sub := range s.GetAnyOf() {
			if err := validateSchema(sub, fmt.Sprintf("%s.any_of[%d]", at, i), depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	switch s.GetType() { //nolint:exhaustive // the rest have nothing to check
	case pb.Type_TYPE_UNSPECIFIED:
		return invalid("Unable to submit request because one or more response schemas didn't specify the schema type field at %s.", at)
	case pb.Type_OBJECT:
		return validateObject(s, at, depth)
	case pb.Type_ARRAY:
		if s.GetItems() == nil {
			return invalid("Unable to submit request because %s.items: missing field.", at)
		}
		return validateSchema(s.GetItems(), at+".items", depth+1)
	case pb.Type_STRING:
		if s.GetFormat() != "" && !slices.Contains([]string{"enum", "date-time", "date", "time", "email", "byte"}, s.GetFormat()) {
			return invalid("Unable to submit request because one or more response schemas specified unsupported format %q at %s.", s.GetFormat(), at)
		}
		if s.GetFormat() == "enum" && len(s.GetEnum()) == 0 {
			return invalid("Unable to submit request because %s.enum: only allowed, and needed, for STRING type with format enum.", at)
		}
		if slices.Contains(s.GetEnum(), "") {
			return invalid("Unable to submit request because %s.enum: cannot be empty.", at)
		}
		return nil
	}
	if len(s.GetEnum()) > 0 {
		return invalid("Unable to submit request because %s.enum: only allowed for STRING type.", at)
	}
	return nil
}

func validateObject(s *pb.Schema, at string, depth int) error {
	if len(s.GetProperties()) == 0 {
		return invalid("Unable to submit request because %s.properties: should be non-empty for OBJECT type.", at)
	}
	for _, list := range [][]string{s.GetRequired(), s.GetPropertyOrdering()} {
		for i, name := range list {
			if s.GetProperties()[name] == nil {
				return invalid("Unable to submit request because %s.required[%d]: property is not defined.", at, i)
			}
		}
	}
	for _, name := range slices.Sorted(keys(s.GetProperties())) {
		if err := validateSchema(s.GetProperties()[name], at+".properties["+name+"]", depth+1); err != nil {
			return err
		}
	}
	return nil
}
