package app

import (
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
)

// answer is what the model is asked for, as JSON.
type answer struct {
	Intent      labelled   `json:"intent"`
	Disposition labelled   `json:"disposition"`
	Summary     string     `json:"summary"`
	NextAction  *action    `json:"next_action"`
	Details     []detailed `json:"details"`
}

// labelled is a label with its evidence.
type labelled struct {
	Value      string  `json:"value"`
	Confidence float64 `json:"confidence"`
	Quote      string  `json:"quote"`
	Speaker    string  `json:"speaker"`
}

// action is what should happen next.
type action struct {
	Subject   string `json:"subject"`
	Reason    string `json:"reason"`
	DueInDays int    `json:"due_in_days"`
	Quote     string `json:"quote"`
	Speaker   string `json:"speaker"`
}

// noLine stands for the quote of a disposition that no line bears out: the call broke off, or nobody said how it ended.
const noLine = "none"

// mostWithoutLine is the most that such a disposition is worth.
const mostWithoutLine = 0.6

// detailed is one value with its evidence.
type detailed struct {
	Name       string  `json:"name"`
	Value      string  `json:"value"`
	Confidence float64 `json:"confidence"`
	Quote      string  `json:"quote"`
	Speaker    string  `json:"speaker"`
}

// maxDetails keeps a model that repeats itself from filling its answer with it.
const maxDetails = 20

// answerSchema is the answer's shape with the tenant's labels as enums. Bounds on numbers and lengths are
// checked here and not asked for: providers refuse schemas with many constraints.
func answerSchema(t *tenant.Tenant) *model.Schema {
	str := func(description string) *model.Schema {
		return &model.Schema{Type: model.String, Description: description}
	}
	enum := func(description string, values ...string) *model.Schema {
		return &model.Schema{Type: model.String, Description: description, Enum: values}
	}
	const wordForWord = "word for word from one line of the transcript"
	said := func(quote string) []model.Property {
		return []model.Property{{Name: "quote", Schema: str(quote)}, {Name: "speaker", Schema: enum("who said it", "caller", "agent")}}
	}
	evidence := func(quote string, first ...model.Property) *model.Schema {
		first = append(first, model.Property{Name: "confidence", Schema: &model.Schema{Type: model.Number, Description: "0 to 1"}})
		return &model.Schema{Type: model.Object, Properties: append(first, said(quote)...)}
	}
	intents, dispositions := labels(t)
	return &model.Schema{Type: model.Object, Properties: []model.Property{
		{Name: "intent", Schema: evidence(wordForWord, model.Property{Name: "value", Schema: enum("what the caller wanted", intents...)})},
		{Name: "disposition", Schema: evidence(wordForWord+`; "`+noLine+`" if how the call ended stands in no line`,
			model.Property{Name: "value", Schema: enum("how the call ended", dispositions...)})},
		{Name: "summary", Schema: str("one to three sentences, with placeholders")},
		{Name: "next_action", Schema: &model.Schema{
			Type: model.Object, Nullable: true, Description: "what the company should do next; null if nothing",
			Properties: append([]model.Property{
				{Name: "subject", Schema: str("a short imperative, with placeholders")},
				{Name: "reason", Schema: str("why, in one sentence, with placeholders")},
				{Name: "due_in_days", Schema: &model.Schema{Type: model.Integer, Description: "business days from the call"}},
			}, said(wordForWord)...),
		}},
		{Name: "details", Schema: &model.Schema{
			Type: model.Array, MaxItems: maxDetails, Description: "what the caller said of himself and his matter",
			Items: evidence(wordForWord,
				model.Property{Name: "name", Schema: enum("which detail", detailNames()...)},
				model.Property{Name: "value", Schema: str("the value, or its placeholder")},
			),
		}},
	}}
}

// labels are the names that a model may choose from.
func labels(t *tenant.Tenant) (intents, dispositions []string) {
	for _, i := range t.Catalogue.Intents {
		intents = append(intents, i.Name)
	}
	for _, d := range t.Catalogue.Dispositions {
		if !d.AgentOnly {
			dispositions = append(dispositions, d.Name)
		}
	}
	return intents, dispositions
}
