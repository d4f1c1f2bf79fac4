package twilio

import (
	"maps"
	"strconv"
	"sync"
	"time"
)

// Report says what a carrier, or one of its runs, did and met. It carries no numbers, names or tokens.
type Report struct {
	// Seed and Speed of the run.
	Seed  uint64  `json:"seed"`
	Speed float64 `json:"speed"`
	// Seconds of wall time that the run took.
	Seconds float64 `json:"seconds"`
	// Calls by how they ended.
	Calls CallCounts `json:"calls"`
	// PeakConcurrent is the most calls that were up at once.
	PeakConcurrent int `json:"peak_concurrent"`
	// Webhooks sent to the customer.
	Webhooks WebhookCounts `json:"webhooks"`
	// Streams of media.
	Streams StreamCounts `json:"streams"`
	// Recordings made, and agents' dispositions and consent answers delivered.
	Recordings     int `json:"recordings"`
	Dispositions   int `json:"dispositions"`
	ConsentReports int `json:"consent_reports"`
	// REST requests that were answered, and those refused with 4xx or 5xx. A run's are those that came while it was
	// under way.
	REST RESTCounts `json:"rest"`
	// Errors by Twilio's code.
	Errors map[string]int `json:"errors"`
}

// CallCounts are calls by their last status.
type CallCounts struct {
	Placed    int `json:"placed"`
	Completed int `json:"completed"`
	NoAnswer  int `json:"no_answer"`
	Busy      int `json:"busy"`
	// Failed: neither the number's URL nor its fallback gave TwiML to answer with.
	Failed int `json:"failed"`
	// Aborted: the run was stopped first.
	Aborted int `json:"aborted"`
	// Fallbacks is how often only a fallback URL gave TwiML.
	Fallbacks int `json:"fallbacks"`
}

// WebhookCounts are requests to the customer.
type WebhookCounts struct {
	// Sent counts webhooks, each once however often it was tried.
	Sent int `json:"sent"`
	// Tries that were more than the first.
	Retried int `json:"retried"`
	// Refused were answered 4xx in the end.
	Refused int `json:"refused"`
	// Failed got no answer, or 3xx or 5xx, in the end.
	Failed int `json:"failed"`
	// Answers are tries by HTTP status, "none" for those that got no answer.
	Answers map[string]int `json:"answers"`
	// Doubled were delivered twice on purpose, HeldBack late on purpose.
	Doubled  int `json:"doubled"`
	HeldBack int `json:"held_back"`
	// Latency of answered tries; Twiml of those that had to bring TwiML.
	Latency Latency `json:"latency_ms"`
	Twiml   Latency `json:"twiml_latency_ms"`
}

// Latency in milliseconds, percentiles right to 2 %.
type Latency struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// StreamCounts are Media Streams.
type StreamCounts struct {
	// Started got through, by TwiML or REST; ByREST of them by REST.
	Started int `json:"started"`
	ByREST  int `json:"by_rest"`
	// Stopped ended in order, Failed by an error, a broken socket on purpose included.
	Stopped int `json:"stopped"`
	Failed  int `json:"failed"`
	// Messages of media that were sent.
	Messages int `json:"media_messages"`
	// Discarded frames had waited too long for a slow reader; Dropped were taken out on purpose.
	Discarded int `json:"discarded_frames"`
	Dropped   int `json:"dropped_frames"`
}

// RESTCounts are requests by the customer.
type RESTCounts struct {
	Requests int `json:"requests"`
	Refused  int `json:"refused"`
}

// stats adds up a Report; what it counts, its parent counts too. Safe for concurrent use.
type stats struct {
	parent *stats
	began  time.Time

	mu      sync.Mutex
	r       Report
	active  int
	latency histogram
	twiml   histogram
}

func newStats(parent *stats, seed uint64, speed float64) *stats {
	return &stats{parent: parent, began: time.Now(), r: Report{
		Seed: seed, Speed: speed, Errors: map[string]int{}, Webhooks: WebhookCounts{Answers: map[string]int{}},
	}}
}

// count changes the report.
func (s *stats) count(f func(*Report)) {
	for ; s != nil; s = s.parent {
		s.mu.Lock()
		f(&s.r)
		s.mu.Unlock()
	}
}

// up counts calls that are under way.
func (s *stats) up(by int) {
	for ; s != nil; s = s.parent {
		s.mu.Lock()
		s.active += by
		s.r.PeakConcurrent = max(s.r.PeakConcurrent, s.active)
		s.mu.Unlock()
	}
}

func (s *stats) answered(d time.Duration, twiml bool) {
	for ; s != nil; s = s.parent {
		s.mu.Lock()
		s.latency.add(d)
		if twiml {
			s.twiml.add(d)
		}
		s.mu.Unlock()
	}
}

// status counts a try by how it was answered.
func (s *stats) status(code string) { s.count(func(r *Report) { r.Webhooks.Answers[code]++ }) }

func (s *stats) fault(code int) {
	s.count(func(r *Report) { r.Errors[strconv.Itoa(code)]++ })
}

// report is what was counted so far.
func (s *stats) report() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.r
	r.Errors, r.Webhooks.Answers = maps.Clone(s.r.Errors), maps.Clone(s.r.Webhooks.Answers)
	r.Seconds = time.Since(s.began).Seconds()
	r.Webhooks.Latency, r.Webhooks.Twiml = s.latency.summary(), s.twiml.summary()
	return r
}

// progress is a glance at a run.
func (s *stats) progress() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.r.Calls
	return Progress{
		Placed: c.Placed, Active: s.active, Done: c.Completed + c.NoAnswer + c.Busy + c.Failed + c.Aborted,
		Failed: c.Failed + c.Aborted, Elapsed: time.Since(s.began),
	}
}
