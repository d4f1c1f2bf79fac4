package soak

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/witness"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// TestEveryProcessTellsWhatItHolds, by the metrics that servicekit gives to every service.
func TestEveryProcessTellsWhatItHolds(t *testing.T) {
	tel, stop, err := telemetry.New(t.Context(), "service", telemetry.Config{}, telemetry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	srv := httptest.NewServer(tel.Metrics)
	defer srv.Close()
	s, err := ask(t.Context(), strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Resident == 0 || s.Live == 0 || s.Goroutines == 0 || s.Files == 0 {
		t.Errorf("%+v", s)
	}
}

const scrape = `# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 5e+07
# TYPE process_open_fds gauge
process_open_fds 40
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 12.5
# TYPE go_goroutines gauge
go_goroutines 80
# TYPE go_gc_heap_live_bytes gauge
go_gc_heap_live_bytes 8e+06
# TYPE kafka_consume_lag gauge
kafka_consume_lag{group="crm-writer",topic="calls.insights",partition="0"} 3
kafka_consume_lag{group="crm-writer",topic="calls.insights",partition="4"} 4
kafka_consume_lag{group="crm-writer",topic="calls.insights.crm-writer.retry",partition="4"} 2
# TYPE kafka_consume_handled_total counter
kafka_consume_handled_total{group="crm-writer",topic="calls.insights"} 100
# TYPE kafka_consume_taken gauge
kafka_consume_taken{group="crm-writer"} 9
# TYPE kafka_consume_parked gauge
kafka_consume_parked{group="crm-writer"} 2
# TYPE kafka_consume_pauses_total counter
kafka_consume_pauses_total{group="crm-writer"} 1
# TYPE frontdesk_crm_breaker_open gauge
frontdesk_crm_breaker_open{org="a"} 1
frontdesk_crm_breaker_open{org="b"} 0
`

func TestAsk(t *testing.T) {
	body := scrape
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
	defer srv.Close()
	s, err := ask(t.Context(), strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Resident != 5e7 || s.Live != 8e6 || s.Goroutines != 80 || s.Files != 40 || s.Processor != 12.5 || s.Taken != 9 || s.Parked != 2 || s.Pauses != 1 || s.Broken != 1 {
		t.Errorf("%+v", s)
	}
	if s.Lag["crm-writer: calls.insights"] != 7 || s.Lag["crm-writer: calls.insights.crm-writer.retry"] != 2 || s.Handled["crm-writer: calls.insights"] != 100 {
		t.Errorf("%v %v", s.Lag, s.Handled)
	}
	body = strings.Replace(scrape, "\ngo_goroutines ", "\nother ", 1)
	if _, err := ask(t.Context(), strings.TrimPrefix(srv.URL, "http://")); err == nil || !strings.Contains(err.Error(), "go_goroutines") {
		t.Errorf("a process that does not tell its goroutines: %v", err)
	}
}

// soaked is a report on 40 minutes in which nothing is wrong: a stall in the middle, worked off a minute later.
func soaked() *Report {
	r := &Report{Duration: seconds(40 * time.Minute), Stall: Stall{At: seconds(20 * time.Minute), For: seconds(time.Minute), Over: seconds(22 * time.Minute), Written: seconds(time.Minute), Owed: 200}}
	r.Load.Calls.Completed, r.Load.Webhooks.Doubled, r.Verdict.Calls = 100, 5, 100
	for at := time.Duration(0); at <= 41*time.Minute; at += 10 * time.Second {
		s := Sample{At: seconds(at), Resident: 50 * mb, Live: 8 * mb, Goroutines: 80, Files: 40, Taken: 3}
		s.Lag, s.Handled = map[string]float64{"crm-writer: calls.insights": 3}, map[string]float64{"crm-writer: calls.insights": 4 * at.Seconds()}
		switch {
		case at > 40*time.Minute:
			s.Lag, s.Taken = nil, 0
		case at < 10*time.Minute: // caches fill
			s.Resident = 30 * mb
		case r.stalled(s.At):
			s.Lag["crm-writer: calls.insights"], s.Taken, s.Parked, s.Resident = 240, 120, 100, 70*mb
		}
		r.note(0, "crm-writer-1", writer, s)
	}
	return r
}

func TestJudge(t *testing.T) {
	each := func(r *Report, from, to int, spoil func(*Sample)) {
		p := r.Processes[0]
		for i := range p.Samples {
			if m := int(time.Duration(p.Samples[i].At).Minutes()); m >= from && m < to {
				spoil(&p.Samples[i])
			}
		}
	}
	lag := func(n float64) func(*Sample) {
		return func(s *Sample) { s.Lag = map[string]float64{"crm-writer: calls.insights": n} }
	}
	for _, tt := range []struct {
		name  string // what does not hold; empty if all does
		spoil func(*Report)
	}{
		{"", func(*Report) {}},
		{"", func(r *Report) { each(r, 30, 40, func(s *Sample) { s.Resident *= 1.05 }) }},
		{"most growth of resident memory", func(r *Report) { each(r, 30, 40, func(s *Sample) { s.Resident *= 1.3 }) }},
		{"most growth of live heap", func(r *Report) { each(r, 30, 40, func(s *Sample) { s.Live *= 2 }) }},
		{"most growth of goroutines", func(r *Report) { each(r, 30, 40, func(s *Sample) { s.Goroutines += 40 }) }},
		{"most growth of open files", func(r *Report) { each(r, 30, 40, func(s *Sample) { s.Files += 20 }) }},
		{"crm-writer-1: samples", func(r *Report) { // none of the last quarter
			p := r.Processes[0]
			p.Samples = slices.DeleteFunc(p.Samples, func(s Sample) bool { return r.quarter(4, s.At) })
		}},
		{"lag of crm-writer: calls.insights", func(r *Report) { each(r, 30, 40, lag(20)) }},
		{"lag of crm-writer: calls.insights", func(r *Report) { each(r, 15, 16, lag(1000)) }},
		{"messages left", func(r *Report) { each(r, 40, 42, lag(1)) }},
		{"calls without their records", func(r *Report) { r.Verdict.Lost = []witness.Fault{{Call: "CA1", What: "no logged call"}} }},
		{"records, files or events that are there twice", func(r *Report) { r.Verdict.Doubled = []witness.Fault{{Call: "CA1", What: "Task twice"}} }},
		{"records that went back", func(r *Report) { r.Verdict.OutOfOrder = []witness.Fault{{Call: "CA1", What: "back"}} }},
		{"dead letters", func(r *Report) { r.DeadLetters = 1 }},
		{"completed calls", func(r *Report) { r.Verdict.Calls = 99 }},
		{"webhooks and calls that were refused", func(r *Report) { r.Load.Webhooks.Failed = 1 }},
		{"webhooks that were delivered twice", func(r *Report) { r.Load.Webhooks.Doubled = 0 }},
		{"stall: calls ended", func(r *Report) { r.Stall.Owed = 0 }},
		{"stall: messages taken", func(r *Report) { each(r, 20, 21, func(s *Sample) { s.Taken = 5000 }) }},
		{"stall: backpressure", func(r *Report) { each(r, 20, 23, func(s *Sample) { s.Parked = 0 }) }},
		{"stall: memory", func(r *Report) { each(r, 20, 21, func(s *Sample) { s.Resident = 200 * mb }) }},
		{"stall: all of them written", func(r *Report) { r.Stall.Written = seconds(3 * time.Minute) }},
	} {
		r := soaked()
		tt.spoil(r)
		r.judge()
		var wrong []string
		for _, c := range r.Checks {
			if !c.Holds {
				wrong = append(wrong, c.What+" "+c.Found)
			}
		}
		if tt.name == "" && (len(wrong) > 0 || !r.Passed()) || tt.name != "" && (len(wrong) != 1 || !strings.HasPrefix(wrong[0], tt.name) || r.Passed()) {
			t.Errorf("%q: %q", tt.name, wrong)
		}
	}
}

// TestPausesAreThoseOfTheStall: earlier ones are none.
func TestPausesAreThoseOfTheStall(t *testing.T) {
	r := soaked()
	for i := range r.Processes[0].Samples {
		s := &r.Processes[0].Samples[i]
		s.Parked, s.Pauses = 0, 2
		if s.At > r.Stall.At {
			s.Pauses = 7
		}
	}
	r.judge()
	if r.Stall.Pauses != 5 || !r.Passed() {
		t.Errorf("%v pauses, %v", r.Stall.Pauses, r.Checks)
	}
}

func TestARunThatFailedHasNotPassed(t *testing.T) {
	r := soaked()
	r.judge()
	if r.Error = "a process has ended"; r.Passed() {
		t.Error("it has")
	}
	if new(Report).Passed() {
		t.Error("nothing was judged, and it has")
	}
}

func TestText(t *testing.T) {
	r := soaked()
	r.judge()
	text := r.Text()
	for _, want := range []string{
		"| dead letters | 0 | 0 | holds |", "| crm-writer-1 | 50 → 50 | 8.0 → 8.0 | 80 → 80 | 40 → 40 |",
		"`▄▄▄▄▄▄▄▄▄▄▆▆▆▆▆▆▆▆▆▆██▇▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆`",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestMiddle(t *testing.T) {
	for _, tt := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := middle(tt.of); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.of, got, tt.want)
		}
	}
}

func TestValidate(t *testing.T) {
	good := Config{Speed: 10, Duration: 30 * time.Minute, Stall: time.Minute}
	for says, spoil := range map[string]func(*Config){
		"":         func(*Config) {},
		"speed":    func(c *Config) { c.Speed = 0.5 },
		"duration": func(c *Config) { c.Duration = 3 * time.Minute },
		"stall":    func(c *Config) { c.Stall = -time.Second },
	} {
		cfg := good
		spoil(&cfg)
		err := cfg.Validate()
		if says == "" && err != nil || says != "" && (err == nil || !strings.HasPrefix(err.Error(), says)) {
			t.Errorf("%q: %v", says, err)
		}
	}
}
