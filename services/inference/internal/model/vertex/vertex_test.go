package vertex_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/vertexai"
	"github.com/frontdesk/frontdesk/services/inference/internal/model/drivertest"
	"github.com/frontdesk/frontdesk/services/inference/internal/model/vertex"
)

func TestMain(m *testing.M) {
	// The census of google-api-go starts a worker for the life of the process.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

func stage(t *testing.T) *drivertest.Stage {
	t.Helper()
	s, err := vertexai.Start(context.Background(), vertexai.Config{RetryDelay: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	d, err := vertex.Open(t.Context(), vertex.Config{Project: "acme-1", Location: "us-central1", Endpoint: s.Addr(), Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(); _ = s.Close() })
	codes := map[drivertest.Behaviour]string{
		drivertest.Unreachable: "UNAVAILABLE", drivertest.Quota: "RESOURCE_EXHAUSTED", drivertest.Blocked: "SAFETY",
		drivertest.BlockedAnswer: "RECITATION", drivertest.Truncated: "MAX_TOKENS", drivertest.Refused: "PERMISSION_DENIED", drivertest.Hangs: "HANG",
	}
	var can []drivertest.Behaviour
	for b := range codes {
		can = append(can, b)
	}
	return &drivertest.Stage{
		Driver: d, Model: "gemini-2.5-flash", Can: can,
		Set: func(b drivertest.Behaviour) {
			s.Faults().Set(fault.Settings{Errors: []fault.Share{{Code: codes[b], Share: 1}}})
		},
		Requests: func() int { return len(s.Asked()) },
		Billed: func() map[string]string {
			asked := s.Asked()
			return asked[len(asked)-1].Labels
		},
	}
}

func TestDriver(t *testing.T) { drivertest.Run(t, stage) }

// TestLabels are made to fit Google's rules: what the stand-in accepts is what Google does.
func TestLabels(t *testing.T) {
	s := stage(t)
	r := drivertest.Request(s.Model)
	r.Labels["tenant"] = strings.Repeat("Ä", 40) + strings.Repeat("x", 40)
	if _, err := s.Driver.Ask(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	got := s.Billed()
	if len(got) != 2 || len(got["tenant"]) != 63 {
		t.Errorf("labels %v", got)
	}
}

func TestOpenNeedsAProject(t *testing.T) {
	if _, err := vertex.Open(t.Context(), vertex.Config{}); err == nil {
		t.Error("opened without project and location")
	}
}
