package pubsub

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/avro"
	"google.golang.org/grpc"
)

// schema is one version of an event's definition.
type schema struct {
	id     string
	avro   *avro.Schema
	fields map[string]bool
}

// schemas caches by id, for an id never changes its meaning, and remembers each topic's current id.
type schemas struct {
	// asked is told of every request.
	asked func(ctx context.Context, operation string, start time.Time, err error)

	mu     sync.Mutex
	byID   map[string]*schema
	topics map[string]string
}

func newSchemas(asked func(context.Context, string, time.Time, error)) *schemas {
	return &schemas{asked: asked, byID: map[string]*schema{}, topics: map[string]string{}}
}

// of returns the schema of a topic, asking the server for what is not known yet. Two callers may ask at the
// same time; the answers are equal.
func (s *schemas) of(ctx context.Context, conn grpc.ClientConnInterface, topic string, opts ...grpc.CallOption) (*schema, error) {
	s.mu.Lock()
	id := s.topics[topic]
	known := s.byID[id]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	if id == "" {
		start := time.Now()
		info, err := getTopic(ctx, conn, topic, opts...)
		s.asked(ctx, "topic", start, err)
		if err != nil {
			return nil, err
		}
		id = info.GetSchemaId()
	}
	s.mu.Lock()
	known = s.byID[id]
	s.mu.Unlock()
	if known == nil {
		start := time.Now()
		info, err := getSchema(ctx, conn, id, opts...)
		s.asked(ctx, "schema", start, err)
		if err != nil {
			return nil, err
		}
		if known, err = parse(id, info.GetSchemaJson()); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id], s.topics[topic] = known, id
	return known, nil
}

// forget drops a topic's current id: an admin has changed the event, or the session belongs to another org.
func (s *schemas) forget(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.topics, topic)
}

func parse(id, text string) (*schema, error) {
	a, err := avro.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parsing the event's Avro schema: %w", err)
	}
	out := &schema{id: id, avro: a, fields: map[string]bool{}}
	for _, f := range a.Root().Fields {
		out.fields[f.Name] = true
	}
	return out, nil
}

// UnknownFieldError says that the org's event lacks a field: the package there is older than the mapping.
type UnknownFieldError struct{ Field string }

// Error names the field.
func (e *UnknownFieldError) Error() string {
	return "the org's event has no field " + e.Field + ", or the integration user may not see it"
}

// encode makes the payload: one record, without a container. The two standard fields are required.
func (s *schema) encode(fields map[string]any, user string, now time.Time) ([]byte, error) {
	record := make(map[string]any, len(fields)+2)
	for name, v := range fields {
		if !s.fields[name] {
			return nil, &UnknownFieldError{Field: name}
		}
		if t, ok := v.(time.Time); ok {
			v = t.UnixMilli() // as the bus carries times, whatever the field's type is called
		}
		record[name] = v
	}
	record["CreatedDate"], record["CreatedById"] = now.UnixMilli(), user
	b, err := s.avro.Encode(record)
	if err != nil {
		// The library's text may quote a value.
		return nil, fmt.Errorf("encoding the event: a value does not fit its field's type")
	}
	return b, nil
}
