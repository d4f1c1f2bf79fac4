package vertex_test

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/vertexai"
	"github.com/frontdesk/frontdesk/services/inference/internal/model/vertex"
)

func TestAModelIsAskedWithoutABill(t *testing.T) {
	for name, c := range map[string]struct {
		fault, model, endpoint string
		code                   string
		level                  check.Level
		do                     string
	}{
		"all is well":         {"", "gemini-2.5-flash", "", "model.reachable", check.OK, ""},
		"a model that went":   {"", "gemini-1.0-pro", "", "model.missing", check.Fault, "inference.model"},
		"no permission":       {"PERMISSION_DENIED", "gemini-2.5-flash", "", "model.permission", check.Fault, "roles/aiplatform.user"},
		"wrong credentials":   {"UNAUTHENTICATED", "gemini-2.5-flash", "", "model.credentials", check.Fault, "Renew"},
		"a spent quota":       {"RESOURCE_EXHAUSTED", "gemini-2.5-flash", "", "model.quota", check.Warning, "quota"},
		"the provider is ill": {"UNAVAILABLE", "gemini-2.5-flash", "", "model.unreachable", check.Fault, "firewall"},
		"nobody there":        {"", "gemini-2.5-flash", "127.0.0.1:1", "model.unreachable", check.Fault, "inference.endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := vertexai.Start(t.Context(), vertexai.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if c.fault != "" {
				s.Faults().Set(fault.Settings{Errors: []fault.Share{{Code: c.fault, Share: 1}}})
			}
			at := s.Addr()
			if c.endpoint != "" {
				at = c.endpoint
			}
			f := vertex.Check(t.Context(), vertex.Config{Project: "acme-1", Location: "us-central1", Endpoint: at, Insecure: true}, c.model)
			if f.Code != c.code || f.Level != c.level || !strings.Contains(f.Do, c.do) || f.What == "" {
				t.Errorf("%+v, want %s", f, c.code)
			}
			if rows := s.Meter().Rows(); len(rows) > 0 {
				t.Errorf("it costs %v", rows)
			}
		})
	}
}

func TestMissingCredentialsAreTold(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	f := vertex.Check(t.Context(), vertex.Config{Project: "acme-1", Location: "us-central1", Endpoint: "127.0.0.1:1"}, "gemini-2.5-flash")
	if f.Code != "model.credentials" || f.Level != check.Fault || !strings.Contains(f.Do, "service account") {
		t.Errorf("%+v", f)
	}
}

// TestAModelThatNeverAnswersIsTold: the time that the check has is over, and nothing was asked that could have cost.
func TestAModelThatNeverAnswersIsTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	f := vertex.Check(ctx, vertex.Config{Project: "acme-1", Location: "us-central1", Endpoint: l.Addr().String(), Insecure: true}, "gemini-2.5-flash")
	if f.Code != "model.unreachable" || f.Level != check.Fault {
		t.Errorf("%+v", f)
	}
}
