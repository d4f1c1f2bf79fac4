// Package drivertest is what every adapter of the model port must do, whatever its product.
package drivertest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
)

// Behaviour is how the provider behind the driver is told to behave.
type Behaviour string

// The behaviours. An adapter whose product has no such thing leaves it out of [Stage.Can].
const (
	Answers       Behaviour = "answers"
	Unreachable   Behaviour = "unreachable"
	Quota         Behaviour = "quota" // asks to wait for two seconds
	Blocked       Behaviour = "blocked"
	BlockedAnswer Behaviour = "blocked answer"
	Truncated     Behaviour = "truncated"
	Refused       Behaviour = "refused"
	Hangs         Behaviour = "hangs"
)

// Stage is a driver with its provider in the test's hands.
type Stage struct {
	Driver model.Driver
	// Model that the provider knows; it knows none called "retired-model".
	Model string
	// Can lists the behaviours beside Answers.
	Can []Behaviour
	// Set makes the provider behave.
	Set func(Behaviour)
	// Requests counts what reached the provider.
	Requests func() int
	// Billed tells the labels of the last request; nil if the product has none.
	Billed func() map[string]string
}

// Request is a question that any provider can answer: one word of two.
func Request(name string) *model.Request {
	return &model.Request{
		Model: name, Instruction: "Answer with the JSON that the schema asks for.",
		Turns: []model.Turn{{Text: "<transcript>\n1 00:01 caller: My printer is broken.\n</transcript>"}},
		Schema: &model.Schema{Type: model.Object, Properties: []model.Property{
			{Name: "intent", Schema: &model.Schema{Type: model.String, Enum: []string{"SupportRequest", "BookDemo"}}},
			{Name: "summary", Schema: &model.Schema{Type: model.String}},
			{Name: "next_action", Schema: &model.Schema{Type: model.Object, Nullable: true, Properties: []model.Property{
				{Name: "subject", Schema: &model.Schema{Type: model.String}},
			}}},
			{Name: "details", Schema: &model.Schema{Type: model.Array, MaxItems: 3, Items: &model.Schema{Type: model.Object, Properties: []model.Property{
				{Name: "name", Schema: &model.Schema{Type: model.String}}, {Name: "confidence", Schema: &model.Schema{Type: model.Number}},
			}}}},
		}},
		Labels:          map[string]string{"tenant": "Acme & Söhne", "line_of_business": "sales", "1st": "no", "empty": ""},
		MaxOutputTokens: 1000,
	}
}

// Run holds an adapter to the port's contract.
func Run(t *testing.T, start func(t *testing.T) *Stage) {
	t.Helper()
	t.Run("answers by the schema, with its usage and an id", func(t *testing.T) { answers(t, start(t)) })
	t.Run("a conversation of three turns", func(t *testing.T) { turns(t, start(t)) })
	t.Run("labels fit the bill", func(t *testing.T) { labels(t, start(t)) })
	t.Run("a model that is gone", func(t *testing.T) {
		s := start(t)
		_, err := s.Driver.Ask(t.Context(), Request("retired-model"))
		want(t, s, err, model.Gone, retry.Permanent)
	})
	for b, w := range map[Behaviour]struct {
		fault model.Fault
		class retry.Class
	}{
		Unreachable: {model.Unreachable, retry.Retryable}, Quota: {model.Quota, retry.Retryable}, Blocked: {model.Blocked, retry.Permanent},
		BlockedAnswer: {model.Blocked, retry.Permanent}, Truncated: {model.Truncated, retry.Permanent}, Refused: {model.Refused, retry.Permanent},
	} {
		t.Run(string(b), func(t *testing.T) {
			s := start(t)
			s.skipUnless(t, b)
			s.Set(b)
			ans, err := s.Driver.Ask(t.Context(), Request(s.Model))
			want(t, s, err, w.fault, w.class)
			if n := s.Requests(); n > 1 {
				t.Errorf("%d requests: a driver tries once, or the bill is wrong", n)
			}
			if b == Quota && retry.After(err) != 2*time.Second {
				t.Errorf("waits for %s, the provider asked for 2s", retry.After(err))
			}
			if (b == Blocked || b == BlockedAnswer || b == Truncated) && (ans == nil || ans.Usage.Input == 0) {
				t.Error("what was refused has been billed all the same: its usage is missing")
			}
		})
	}
	t.Run("gives up with its context", func(t *testing.T) { hangs(t, start(t)) })
}

func (s *Stage) skipUnless(t *testing.T, b Behaviour) {
	t.Helper()
	for _, c := range s.Can {
		if c == b {
			return
		}
	}
	t.Skipf("the product has no %q", b)
}

func answers(t *testing.T, s *Stage) {
	t.Helper()
	ans, err := s.Driver.Ask(t.Context(), Request(s.Model))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(ans.Text), &got); err != nil {
		t.Fatalf("the answer is no JSON: %v", err)
	}
	if got["intent"] != "SupportRequest" && got["intent"] != "BookDemo" {
		t.Errorf("intent %v is none of the enum", got["intent"])
	}
	for _, k := range []string{"summary", "next_action", "details"} {
		if _, ok := got[k]; !ok {
			t.Errorf("%s is missing", k)
		}
	}
	if ans.ID == "" || ans.Usage.Input == 0 || ans.Usage.Output == 0 || ans.Usage.Total() < ans.Usage.Input+ans.Usage.Output {
		t.Errorf("id %q, usage %+v", ans.ID, ans.Usage)
	}
	if s.Driver.Dependency() == "" {
		t.Error("a driver names what it depends on")
	}
	again, err := s.Driver.Ask(t.Context(), Request(s.Model))
	if err != nil || again.ID == ans.ID {
		t.Errorf("two requests have two ids: %v", err)
	}
}

func turns(t *testing.T, s *Stage) {
	t.Helper()
	r := Request(s.Model)
	r.Turns = append(r.Turns, model.Turn{Model: true, Text: `{"intent":"Nonsense"}`}, model.Turn{Text: "That is wrong. Answer again."})
	if _, err := s.Driver.Ask(t.Context(), r); err != nil {
		t.Error(err)
	}
}

func labels(t *testing.T, s *Stage) {
	t.Helper()
	if s.Billed == nil {
		t.Skip("the product has no labels")
	}
	if _, err := s.Driver.Ask(t.Context(), Request(s.Model)); err != nil {
		t.Fatalf("labels of any text must be made to fit: %v", err)
	}
	got := s.Billed()
	if got["line_of_business"] != "sales" || got["tenant"] == "" {
		t.Errorf("labels %v", got)
	}
}

func hangs(t *testing.T, s *Stage) {
	t.Helper()
	s.skipUnless(t, Hangs)
	s.Set(Hangs)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := s.Driver.Ask(ctx, Request(s.Model))
	want(t, s, err, model.TimedOut, retry.Retryable)
	var f *model.Failure
	if errors.As(err, &f) && f.Estimated == 0 {
		t.Error("a request without an answer may be billed: the estimate is missing")
	}
}

// want holds an error to the port: a failure, classified, that names the dependency and quotes nothing.
func want(t *testing.T, s *Stage, err error, fault model.Fault, class retry.Class) {
	t.Helper()
	var f *model.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v is no *model.Failure", err)
	}
	var e *retry.Error
	if f.Fault != fault || !errors.As(err, &e) || e.Class != class || e.Code == "" {
		t.Errorf("fault %s, class %v, code %q", f.Fault, e.Class, e.Code)
	}
	if retry.Dependency(err) != s.Driver.Dependency() {
		t.Errorf("dependency %q", retry.Dependency(err))
	}
}
