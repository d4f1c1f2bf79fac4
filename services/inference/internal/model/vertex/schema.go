package vertex

import (
	"strings"
	"unicode/utf8"

	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"

	"github.com/frontdesk/frontdesk/services/inference/internal/model"
)

// schema is s as Vertex's subset of OpenAPI 3.0.
// https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/control-generated-output
func schema(s *model.Schema) *pb.Schema {
	if s == nil {
		return nil
	}
	types := map[model.Type]pb.Type{
		model.Object: pb.Type_OBJECT, model.Array: pb.Type_ARRAY, model.String: pb.Type_STRING,
		model.Number: pb.Type_NUMBER, model.Integer: pb.Type_INTEGER, model.Boolean: pb.Type_BOOLEAN,
	}
	p := &pb.Schema{
		Type: types[s.Type], Description: s.Description, Nullable: s.Nullable, Enum: s.Enum,
		Items: schema(s.Items), MaxItems: int64(s.MaxItems),
	}
	if len(s.Enum) > 0 {
		p.Format = "enum"
	}
	for _, prop := range s.Properties {
		if p.Properties == nil {
			p.Properties = map[string]*pb.Schema{}
		}
		p.Properties[prop.Name] = schema(prop.Schema)
		p.PropertyOrdering = append(p.PropertyOrdering, prop.Name)
		p.Required = append(p.Required, prop.Name)
	}
	return p
}

// maxLabels is Google's limit on one request's labels.
const maxLabels = 64

// labels makes keys and values fit Google's rules for billing labels: at most 63 characters of
// [a-z0-9_-], keys beginning with a letter. A key that can't be made to fit is left out; an empty value
// is, too, since it would tell the bill nothing.
func labels(in map[string]string) map[string]string {
	out := make(map[string]string, len(in))
	for k, v := range in {
		k, v = label(k), label(v)
		if k == "" || v == "" || k[0] < 'a' || k[0] > 'z' || len(out) == maxLabels {
			continue
		}
		out[k] = v
	}
	return out
}

func label(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == utf8.RuneError:
			return -1
		}
		return '_'
	}, s)
	return s[:min(len(s), 63)]
}
