package reconcile

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// TestTheGaugeFallsOnlyByALookThatSaw: by what each look finds.
func TestTheGaugeFallsOnlyByALookThatSaw(t *testing.T) {
	tel, stop, err := telemetry.New(t.Context(), "reconcile", telemetry.Config{}, telemetry.Options{Log: telemetry.Discard().Log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(context.Background()) })
	report := func(acme, globex int, blind ...string) *Report {
		r := &Report{Tenants: map[string]*Count{"acme": {UnaccountedFor: acme}, "globex": {UnaccountedFor: globex}}}
		for _, id := range blind {
			r.Unread = append(r.Unread, Unread{Tenant: id, Source: SourceCRM})
		}
		return r
	}
	var next *Report
	var fails error
	j, err := NewJob(func(context.Context, Options) (*Report, error) { return next, fails }, DefaultOptions(), time.Hour, "127.0.0.1:0", tel)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.admin.Close() })
	scrape := func() string {
		w := httptest.NewRecorder()
		tel.Metrics.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return w.Body.String()
	}
	gauge := func(tenantID string) string {
		for line := range strings.Lines(scrape()) {
			if strings.HasPrefix(line, "frontdesk_reconcile_calls_unaccounted_for{") && strings.Contains(line, `tenant="`+tenantID+`"`) {
				return strings.TrimSpace(line[strings.LastIndex(line, " "):])
			}
		}
		return ""
	}
	for i, step := range []struct {
		r            *Report
		err          error
		acme, globex string
	}{
		{report(2, 0), nil, "2", "0"},
		{report(0, 1, "acme"), nil, "2", "1"}, // acme's org was away
		{report(3, 0, "acme"), nil, "3", "0"},
		{nil, errors.New("no broker"), "3", "0"},
		{report(0, 0), nil, "0", "0"},
	} {
		next, fails = step.r, step.err
		j.once(t.Context())
		if a, g := gauge("acme"), gauge("globex"); a != step.acme || g != step.globex {
			t.Errorf("look %d: the gauges are %q and %q, want %q and %q", i, a, g, step.acme, step.globex)
		}
	}
	text := scrape()
	for _, want := range []string{
		"frontdesk_reconcile_last_success_time_seconds{", "frontdesk_reconcile_duration_seconds_count{", `source="salesforce",tenant="acme"} 2`, `source="kafka",tenant=""} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestTheJobLooksAtOnceAndThenEverySoOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var looks []time.Duration
		began := time.Now()
		tel := telemetry.Discard()
		j := &Job{every: 15 * time.Minute, tel: tel, unaccounted: map[string]int{}}
		j.look = func(context.Context, Options) (*Report, error) {
			r := &Report{}
			if looks = append(looks, time.Since(began)); len(looks) == 2 {
				r.Unread = append(r.Unread, Unread{Tenant: "acme", Source: SourceCarrier})
			}
			return r, nil
		}
		if err := j.meters(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Minute)
		defer cancel()
		j.keepLooking(ctx)
		if want := []time.Duration{0, 15 * time.Minute, 15*time.Minute + 225*time.Second, 30*time.Minute + 225*time.Second}; !slices.Equal(looks, want) {
			t.Errorf("looks at %v", looks)
		}
	})
}
