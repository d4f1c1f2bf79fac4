package chatfake_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/services/inference/internal/model/chatfake"
	"github.com/frontdesk/frontdesk/services/inference/internal/model/drivertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server speaks chat completions as far as the driver does.
type server struct {
	mu       sync.Mutex
	behaves  drivertest.Behaviour
	requests int
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	n, behaves := s.requests, s.behaves
	s.mu.Unlock()
	var req struct {
		Model    string
		Messages []struct{ Role, Content string }
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body) // nothing is left
	for _, m := range req.Messages {
		if m.Role != "system" && m.Role != "user" && m.Role != "assistant" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	finish := "stop"
	switch {
	case req.Model == "retired-model":
		w.WriteHeader(http.StatusNotFound)
		return
	case behaves == drivertest.Unreachable:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case behaves == drivertest.Quota:
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case behaves == drivertest.Refused:
		w.WriteHeader(http.StatusUnauthorized)
		return
	case behaves == drivertest.Hangs:
		<-r.Context().Done()
		return
	case behaves == drivertest.Truncated:
		finish = "length"
	case behaves == drivertest.BlockedAnswer:
		finish = "content_filter"
	}
	_ = json.NewEncoder(w).Encode(map[string]any{ // the test's client is there
		"id": fmt.Sprintf("chatcmpl-%d", n), "model": req.Model,
		"choices": []any{map[string]any{"finish_reason": finish, "message": map[string]any{
			"role": "assistant", "content": `{"intent":"SupportRequest","summary":"A printer is broken.","next_action":null,"details":[]}`,
		}}},
		"usage": map[string]any{"prompt_tokens": 100, "completion_tokens": 20},
	})
}

func TestDriver(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) *drivertest.Stage {
		s := &server{}
		srv := httptest.NewServer(s)
		d := chatfake.Open(srv.URL)
		t.Cleanup(func() { _ = d.Close(); srv.Close() })
		return &drivertest.Stage{
			Driver: d, Model: "llama",
			Can: []drivertest.Behaviour{
				drivertest.Unreachable, drivertest.Quota, drivertest.BlockedAnswer, drivertest.Truncated, drivertest.Refused, drivertest.Hangs,
			},
			Set: func(b drivertest.Behaviour) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.behaves = b
			},
			Requests: func() int {
				s.mu.Lock()
				defer s.mu.Unlock()
				return s.requests
			},
		}
	})
}
