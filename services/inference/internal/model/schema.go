package model

// Type of a value.
type Type int

// The types; they are those of JSON, but for integer.
const (
	Object Type = iota + 1
	Array
	String
	Number
	Integer
	Boolean
)

// Schema is the subset of JSON Schema that every provider of structured output supports.
type Schema struct {
	Type        Type
	Description string
	// Nullable allows null beside Type.
	Nullable bool
	// Enum lists the strings allowed; String only.
	Enum []string
	// Properties of an Object, in the order in which the model should write them.
	Properties []Property
	// Items of an Array.
	Items *Schema
	// MaxItems of an Array; 0 is unbounded.
	MaxItems int
}

// Property of an object. All properties are required: a model leaves out what it may leave out, so what may
// be missing is Nullable instead.
type Property struct {
	Name   string
	Schema *Schema
}

// JSON is s as a JSON Schema document, for providers that take one.
func (s *Schema) JSON() map[string]any {
	m := map[string]any{}
	names := map[Type]string{
		Object: "object", Array: "array", String: "string", Number: "number", Integer: "integer", Boolean: "boolean",
	}
	if s.Nullable {
		m["type"] = []any{names[s.Type], "null"}
	} else {
		m["type"] = names[s.Type]
	}
	if s.Description != "" {
		m["description"] = s.Description
	}
	if len(s.Enum) > 0 {
		enum := make([]any, 0, len(s.Enum)+1)
		for _, e := range s.Enum {
			enum = append(enum, e)
		}
		if s.Nullable {
			enum = append(enum, nil)
		}
		m["enum"] = enum
	}
	if s.Type == Object {
		properties, required := map[string]any{}, make([]any, 0, len(s.Properties))
		for _, p := range s.Properties {
			properties[p.Name] = p.Schema.JSON()
			required = append(required, p.Name)
		}
		m["properties"], m["required"], m["additionalProperties"] = properties, required, false
	}
	if s.Items != nil {
		m["items"] = s.Items.JSON()
	}
	if s.MaxItems > 0 {
		m["maxItems"] = s.MaxItems
	}
	return m
}
