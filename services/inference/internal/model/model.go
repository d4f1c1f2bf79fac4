// Package model is what inference asks of a language model: one question, one JSON answer against a schema.
// It knows no product; each product has an adapter in a folder of its own that passes drivertest.
package model

import "context"

// Driver reaches one provider with one set of credentials. It is safe for concurrent use.
//
// A driver makes exactly one request to the provider per Ask: it neither retries nor repairs, because every
// request is billed and counted. Errors are classified once, here, as a *[Failure].
type Driver interface {
	// Ask puts one request. The answer may be non-nil beside an error: a prompt that was blocked or an
	// answer that was cut has been billed all the same, and Usage tells how much.
	Ask(ctx context.Context, r *Request) (*Answer, error)
	// Dependency names adapter, endpoint and credential, e.g. "vertex:acme-prod/us-central1": what an open
	// breaker stands for.
	Dependency() string
	// Close drops the connection; requests under way fail.
	Close() error
}

// Request is one question.
type Request struct {
	// Model by the provider's name, e.g. "gemini-2.5-flash".
	Model string
	// Instruction is the system prompt.
	Instruction string
	// Turns are the conversation so far, the user's first and last. A repair is a third turn.
	Turns []Turn
	// Schema that the answer must have.
	Schema *Schema
	// Labels reach the provider's bill where it has such a thing. Any text: the adapter makes them fit.
	Labels map[string]string
	// MaxOutputTokens bounds the answer; 0 leaves it to the provider.
	MaxOutputTokens int
}

// Turn is one side's contribution.
type Turn struct {
	// Model tells the model's turns from the user's.
	Model bool
	Text  string
}

// Answer is what came back.
type Answer struct {
	// Text is JSON as the provider gave it; it has not been checked against the schema.
	Text string
	// ID is the provider's id of the response; empty if it gives none.
	ID string
	// Model that answered, in the provider's words: its version may say more than the name asked for.
	Model string
	// Usage as billed.
	Usage Usage
}

// Usage counts tokens as the provider bills them; they don't overlap.
type Usage struct {
	// Input tokens that were not cached.
	Input int
	// Cached input tokens.
	Cached int
	// Thought tokens, spent on reasoning that isn't shown.
	Thought int
	// Output tokens of the answer.
	Output int
}

// Total of all tokens.
func (u Usage) Total() int { return u.Input + u.Cached + u.Thought + u.Output }
