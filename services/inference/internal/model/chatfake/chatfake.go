// Package chatfake is a driver for servers that speak OpenAI's chat completions, as vLLM and llama.cpp do. It
// proves that the port fits a product unlike Vertex AI: other roles, other usage, other errors, no labels. No
// tenant can choose it.
package chatfake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
)

// Driver of one server.
type Driver struct {
	base   string
	client *http.Client
}

var _ model.Driver = (*Driver)(nil)

// Open prepares a driver for a server's base URL, e.g. "http://127.0.0.1:8000/v1".
func Open(base string) *Driver { return &Driver{base: base, client: &http.Client{}} }

// Dependency is the server.
func (d *Driver) Dependency() string { return "chatfake:" + d.base }

// Close drops idle connections.
func (d *Driver) Close() error {
	d.client.CloseIdleConnections()
	return nil
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type completion struct {
	ID      string `json:"id"`
	Model   string `json:"model"`
	Choices []struct {
		Message      message `json:"message"`
		FinishReason string  `json:"finish_reason"`
	} `json:"choices"`
	Usage struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
		Details    struct {
			Cached int `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
		Reasoning struct {
			Tokens int `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
	} `json:"usage"`
}

// Ask makes one request.
func (d *Driver) Ask(ctx context.Context, r *model.Request) (*model.Answer, error) {
	body, err := json.Marshal(request(r))
	if err != nil {
		return nil, d.fail(model.Refused, "unencodable", 0, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return nil, d.fail(model.Refused, "bad_url", 0, err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, d.lost(ctx, r, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return nil, d.lost(ctx, r, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, d.status(resp)
	}
	return d.answer(raw)
}

func request(r *model.Request) map[string]any {
	messages := []message{{"system", r.Instruction}}
	for _, t := range r.Turns {
		role := "user"
		if t.Model {
			role = "assistant"
		}
		messages = append(messages, message{role, t.Text})
	}
	return map[string]any{
		"model": r.Model, "messages": messages, "temperature": 0, "max_tokens": r.MaxOutputTokens,
		"response_format": map[string]any{"type": "json_schema", "json_schema": map[string]any{
			"name": "answer", "strict": true, "schema": r.Schema.JSON(),
		}},
	}
}

func (d *Driver) answer(raw []byte) (*model.Answer, error) {
	var c completion
	if err := json.Unmarshal(raw, &c); err != nil || len(c.Choices) == 0 {
		return nil, d.fail(model.Unreachable, "no_choice", 0, err)
	}
	u := c.Usage
	a := &model.Answer{ID: c.ID, Model: c.Model, Usage: model.Usage{
		Input: u.Prompt - u.Details.Cached, Cached: u.Details.Cached,
		Thought: u.Reasoning.Tokens, Output: u.Completion - u.Reasoning.Tokens,
	}}
	switch c.Choices[0].FinishReason {
	case "length":
		return a, d.fail(model.Truncated, "length", 0, nil)
	case "content_filter":
		return a, d.fail(model.Blocked, "content_filter", 0, nil)
	}
	a.Text = c.Choices[0].Message.Content
	return a, nil
}

func (d *Driver) status(resp *http.Response) error {
	fault := model.Refused
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		fault = model.Quota
	case resp.StatusCode == http.StatusNotFound:
		fault = model.Gone
	case resp.StatusCode >= http.StatusInternalServerError:
		fault = model.Unreachable
	}
	return d.fail(fault, fmt.Sprintf("http_%d", resp.StatusCode), retry.AfterHeader(resp.Header), nil)
}

// lost is a request without an answer.
func (d *Driver) lost(ctx context.Context, r *model.Request, err error) error {
	if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
		return d.fail(model.Unreachable, "no_connection", 0, err)
	}
	f := model.Fail(model.TimedOut, "chatfake.timeout", d.Dependency(), 0, err)
	for _, t := range r.Turns {
		f.Estimated += len(t.Text)/4 + 1
	}
	return f
}

func (d *Driver) fail(f model.Fault, code string, after time.Duration, err error) error {
	return model.Fail(f, "chatfake."+code, d.Dependency(), after, err)
}
