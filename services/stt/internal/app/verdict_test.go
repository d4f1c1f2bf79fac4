package app

import (
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// TestJudge is the consent table: policy, agreement, whose recogniser, and the answer.
func TestJudge(t *testing.T) {
	const (
		unspecified = events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED
		granted     = events.ConsentAnswer_CONSENT_ANSWER_GRANTED
		refused     = events.ConsentAnswer_CONSENT_ANSWER_REFUSED
		timedOut    = events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT
		withdrawn   = events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN
		notAsked    = events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED
		pending     = events.ConsentAnswer_CONSENT_ANSWER_PENDING
	)
	signed, unsigned := &tenant.Document{Reference: "DPA", Signed: "2026-01-01"}, &tenant.Document{Reference: "DPA"}
	asks := map[events.ConsentAnswer]verdict{
		granted: {kind: hear}, pending: {kind: wait}, refused: {unheard, "consent refused"},
		timedOut: {unheard, "consent question not answered"}, withdrawn: {unheard, "consent withdrawn"},
		notAsked: {unheard, "consent not asked"}, unspecified: {unheard, "consent unknown"},
	}
	askedNobody := map[events.ConsentAnswer]verdict{
		granted: {kind: hear}, pending: {kind: hear}, timedOut: {kind: hear}, notAsked: {kind: hear}, unspecified: {kind: hear},
		refused: {unheard, "consent refused"}, withdrawn: {unheard, "consent withdrawn"},
	}
	groundless := map[events.ConsentAnswer]verdict{}
	for answer, v := range askedNobody {
		groundless[answer] = v
		if v.kind == hear && answer != granted {
			groundless[answer] = verdict{unheard, "no ground to hear callers whom nobody asks"}
		}
	}
	always := func(reason string) map[events.ConsentAnswer]verdict {
		out := map[events.ConsentAnswer]verdict{}
		for a := range asks {
			out[a] = verdict{unheard, reason}
		}
		return out
	}
	for name, c := range map[string]struct {
		policy    tenant.ConsentPolicy
		provider  string
		onPrem    bool
		agreement *tenant.Document
		basis     *tenant.Document
		want      map[events.ConsentAnswer]verdict
	}{
		"asked, third party, agreement":             {tenant.ConsentAsk, "googlespeech", false, signed, nil, asks},
		"asked, third party, no agreement":          {tenant.ConsentAsk, "googlespeech", false, nil, nil, always("no agreement for third-party speech")},
		"asked, third party, agreement not signed":  {tenant.ConsentAsk, "googlespeech", false, unsigned, nil, always("no agreement for third-party speech")},
		"asked, our own recogniser":                 {tenant.ConsentAsk, "openai", true, nil, nil, asks},
		"reported, third party, agreement":          {tenant.ConsentReported, "googlespeech", false, signed, nil, asks},
		"reported, our own recogniser":              {tenant.ConsentReported, "openai", true, nil, nil, asks},
		"not asked, third party, agreement":         {tenant.ConsentNotAsked, "googlespeech", false, signed, signed, askedNobody},
		"not asked, third party, no agreement":      {tenant.ConsentNotAsked, "googlespeech", false, nil, signed, always("no agreement for third-party speech")},
		"not asked, third party, no ground":         {tenant.ConsentNotAsked, "googlespeech", false, signed, unsigned, groundless},
		"not asked, our own recogniser":             {tenant.ConsentNotAsked, "openai", true, nil, nil, askedNobody},
		"no recogniser, whatever else":              {tenant.ConsentNotAsked, "none", false, signed, nil, always("no recogniser configured")},
		"no recogniser named":                       {tenant.ConsentNotAsked, "", true, signed, nil, always("no recogniser configured")},
		"a policy that this version does not know":  {"guess", "googlespeech", false, signed, nil, asks},
		"no policy at all counts as one that asks":  {"", "googlespeech", false, signed, nil, asks},
		"asked, recogniser on premises, agreement":  {tenant.ConsentAsk, "openai", true, signed, nil, asks},
		"reported, third party, agreement unsigned": {tenant.ConsentReported, "googlespeech", false, unsigned, nil, always("no agreement for third-party speech")},
	} {
		t.Run(name, func(t *testing.T) {
			tt := &tenant.Tenant{
				Consent: tenant.Consent{Policy: c.policy, Basis: c.basis}, Privacy: tenant.Privacy{ThirdPartySpeech: c.agreement},
				Speech: tenant.Speech{Provider: c.provider, OnPrem: c.onPrem},
			}
			for answer, want := range c.want {
				if got := judge(tt, answer); got != want {
					t.Errorf("%v: %+v, want %+v", answer, got, want)
				}
			}
		})
	}
	if got := judge(nil, granted); got.kind != unheard {
		t.Errorf("without a tenant: %+v", got)
	}
}

// TestLedger is the arithmetic of what is done when.
func TestLedger(t *testing.T) {
	var done []uint64
	var l ledger
	for n := range uint64(5) {
		l.add(entry{chunk: n, end: int64(n+1) * 200, done: func(error) { done = append(done, n) }})
	}
	for _, c := range []struct {
		cover int64
		want  int
	}{{0, 0}, {199, 0}, {200, 1}, {399, 1}, {450, 2}, {450, 2}, {100, 2}, {1000, 5}, {5000, 5}} {
		l.cover(c.cover)
		if len(done) != c.want {
			t.Errorf("covered up to %d, %d are done, want %d", c.cover, len(done), c.want)
		}
	}
	again := 0
	l.add(entry{chunk: 7, end: 1600, done: func(error) { t.Error("a completion that no longer counts was called") }})
	l.add(entry{chunk: 9, end: 2000, done: func(error) { again++ }})
	if l.again(6, nil) || l.again(8, nil) || l.again(10, nil) {
		t.Error("a chunk that is not open counts as open")
	}
	l.orphan()
	if !l.again(9, func(error) { again += 10 }) {
		t.Error("an open chunk does not count as open")
	}
	if !l.again(9, func(error) { again += 100 }) { // published twice
		t.Error("an open chunk does not count as open")
	}
	l.close()
	if again != 110 || len(l.entries) != 0 {
		t.Errorf("completions after a change of hands: %d, want 110", again)
	}
}

func TestSlots(t *testing.T) {
	s := newSlots(2)
	granted := make(chan int, 8)
	take := func(n int) *slot { return s.take(func(*slot) { granted <- n }) }
	a, b, c, d := take(1), take(2), take(3), take(4)
	first := map[int]bool{<-granted: true, <-granted: true}
	if !first[1] || !first[2] || len(granted) > 0 {
		t.Errorf("granted %v of two slots", first)
	}
	c.give() // leaves the queue
	a.give()
	a.give() // counts once
	if n := <-granted; n != 4 {
		t.Errorf("granted %d, want 4", n)
	}
	take(5)
	if len(granted) > 0 {
		t.Error("a slot was granted that is taken")
	}
	b.give()
	if n := <-granted; n != 5 {
		t.Errorf("granted %d, want 5", n)
	}
	d.give()
	(*slot)(nil).give()
}
