package vertexai

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
)

// nobodySaid is a quote for answers that are to be found wrong.
const nobodySaid = "the moon is made of green cheese and so is the invoice"

// reply is the answer to a request in order: JSON that fits the schema, or a sentence where none is asked for.
func (r *reader) reply(req *pb.GenerateContentRequest, badQuote bool) string {
	p := read(req)
	schema := req.GetGenerationConfig().GetResponseSchema()
	f := r.understand(p, enumOf(schema, "intent"), enumOf(schema, "disposition"))
	if schema == nil {
		return f.summary
	}
	tree := f.tree()
	if badQuote && !p.repair {
		if intent, ok := tree["intent"].(map[string]any); ok {
			intent["quote"] = nobodySaid
		}
	}
	var b strings.Builder
	write(&b, schema, tree)
	return b.String()
}

// enumOf is the labels that the schema allows for a property: on it, or on the member of it that holds the
// label.
func enumOf(s *pb.Schema, name string) []string {
	for _, k := range order(s) {
		prop := s.GetProperties()[k]
		if !strings.Contains(strings.ToLower(k), name) {
			continue
		}
		if len(prop.GetEnum()) > 0 {
			return prop.GetEnum()
		}
		for _, in := range []string{"value", "name", "label"} {
			if e := prop.GetProperties()[in].GetEnum(); len(e) > 0 {
				return e
			}
		}
	}
	return nil
}

// order is the properties in the order in which they are written.
func order(s *pb.Schema) []string {
	names := slices.Clone(s.GetPropertyOrdering())
	for _, k := range slices.Sorted(keys(s.GetProperties())) {
		if !slices.Contains(names, k) {
			names = append(names, k)
		}
	}
	return names
}

// write fills a schema from what is known. What the schema doesn't ask for is left out; what it asks for and
// nobody knows is null, empty or the first that is allowed: a model under a schema can't answer otherwise.
func write(b *strings.Builder, s *pb.Schema, v any) {
	if len(s.GetAnyOf()) > 0 {
		write(b, s.GetAnyOf()[0], v)
		return
	}
	if v == nil && s.GetNullable() {
		b.WriteString("null")
		return
	}
	switch s.GetType() { //nolint:exhaustive // validated before: STRING is the rest
	case pb.Type_OBJECT:
		m, _ := v.(map[string]any)
		b.WriteByte('{')
		for i, k := range order(s) {
			if i > 0 {
				b.WriteByte(',')
			}
			encode(b, k)
			b.WriteByte(':')
			write(b, s.GetProperties()[k], member(m, k))
		}
		b.WriteByte('}')
	case pb.Type_ARRAY:
		writeArray(b, s, v)
	case pb.Type_NUMBER:
		n, _ := v.(float64)
		encode(b, n)
	case pb.Type_INTEGER:
		n, _ := v.(int)
		encode(b, n)
	case pb.Type_BOOLEAN:
		t, _ := v.(bool)
		encode(b, t)
	default:
		text, ok := v.(string)
		if m, is := v.(map[string]any); is && !ok {
			text, _ = m["value"].(string)
		}
		if e := s.GetEnum(); len(e) > 0 && !slices.Contains(e, text) {
			text = e[0]
		}
		encode(b, text)
	}
}

func writeArray(b *strings.Builder, s *pb.Schema, v any) {
	list, _ := v.([]any)
	b.WriteByte('[')
	n := 0
	for _, e := range list {
		if s.GetMaxItems() > 0 && int64(n) == s.GetMaxItems() {
			break
		}
		// A detail whose name the schema doesn't know has no place in it.
		if m, ok := e.(map[string]any); ok {
			name, _ := m["name"].(string)
			if allowed := s.GetItems().GetProperties()["name"].GetEnum(); len(allowed) > 0 && !slices.Contains(allowed, name) {
				continue
			}
		}
		if n > 0 {
			b.WriteByte(',')
		}
		write(b, s.GetItems(), e)
		n++
	}
	b.WriteByte(']')
}

// member finds a property by its name, or a flat one ("intent_confidence") in its group.
func member(m map[string]any, name string) any {
	if v, ok := m[name]; ok {
		return v
	}
	for group, v := range m {
		sub, ok := v.(map[string]any)
		if rest, is := strings.CutPrefix(name, group+"_"); ok && is {
			return sub[rest]
		}
	}
	return nil
}

func encode(b *strings.Builder, v any) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // strings, numbers and booleans always encode
	b.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n")))
}
