package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// revision is what is to be told of a call: one of the two.
type revision struct {
	insight     *events.CallInsight
	unavailable *events.InsightUnavailable
}

func (r *revision) number(n uint32) {
	if r.insight != nil {
		r.insight.Revision = n
		return
	}
	r.unavailable.Revision = n
}

// outcome for metrics: who decided, or why nobody could.
func (r *revision) outcome() string {
	if r.insight != nil {
		return r.insight.GetProvenance().GetProvider()
	}
	return r.unavailable.GetReason()
}

// sameAs tells whether the last revision told the same lack of an answer.
func (r *revision) sameAs(s *events.CallState) bool {
	return r.unavailable != nil && r.unavailable.GetReason() == s.GetUnanswered().GetReason()
}

// revise makes the next revision of next, a copy of c's state, and notes in it what asking has cost and when to ask
// again. The error is ctx's, or says that the words can't be read now.
func (d *Desk) revise(ctx context.Context, p *Partition, c *Call, next *events.CallState) (*revision, error) {
	t := d.tenants.ByID(c.of.Tenant)
	if t == nil {
		return nil, fmt.Errorf("revising a call of a tenant that is no longer configured")
	}
	whole, err := d.read(ctx, p, c)
	if err != nil {
		return nil, err
	}
	told, _ := proto.Clone(next.GetFacts()).(*events.CallFacts)
	told.TranscriptState = transcriptState(next)
	if !whole && (next.GetAnswered() != nil || next.GetUnanswered() != nil) {
		// The topic no longer holds the words: what was found when it did still stands.
		return d.again(next, t, told), nil
	}
	lines := c.words.chosen(next)
	ruled, ok := rule(next, lines, t, d.set.Timing.ShortCall)
	if ruled.mute {
		lines = nil
	}
	r := d.redact(lines, spoken(lines, told.GetLanguage())).cautious(t.Privacy.MinRedactionConfidence)
	m := maker{d: d, t: t, s: next, facts: told, r: r, id: transcriptID(lines)}
	switch {
	case ok:
		next.AskAgain = nil
		return m.ruled(ruled), nil
	case standsFor(next.GetAnswered(), m.id) || standsFor(next.GetUnanswered(), m.id) && !due(next.GetAskAgain(), d.now()):
		return d.again(next, t, told), nil
	case t.Inference.ThirdParty() && !t.Privacy.DPIA.OnFile() && r.result.Confidence < t.Privacy.MinRedactionConfidence:
		next.AskAgain = nil
		return m.unavailable(reasonRedaction, 0), nil
	}
	return d.consult(ctx, c, next, m)
}

// standsFor tells whether an answer, or the lack of one, is about these words. Rules are cheap: what they said is
// said anew.
func standsFor(had interface{ GetProvenance() *events.Provenance }, id string) bool {
	p := had.GetProvenance()
	return p.GetTranscriptId() == id && p.GetProvider() != "" && p.GetProvider() != ruleProvider
}

// ruleProvider stands where a model's provider would.
const ruleProvider = "rule"

// consult asks the model.
func (d *Desk) consult(ctx context.Context, c *Call, next *events.CallState, m maker) (*revision, error) {
	full := m.t.Privacy.DPIA.OnFile()
	q := &question{
		call: c.of, tenant: m.t, payer: payerOf(m.facts, d.tenants), id: m.id, full: full, shown: m.r.shown(full),
	}
	q.req = request(m.t, c.of.LineOfBusiness, next, q.shown)
	a, err := d.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, raw := range a.Bill {
		var u events.UsageRecorded
		if protojson.Unmarshal(raw, &u) == nil {
			next.Cost = addCost(next.GetCost(), &u)
		}
	}
	if a.Reason == "" {
		if ans, _ := check(a.Text, m.t, q.shown); ans != nil {
			next.AskAgain, next.Asks = nil, 0
			return m.answered(d.insight(ans, q, m.r, full), a), nil
		}
		a.Reason = reasonInvalid // kept by another version of us, and not good enough for this one
	}
	d.putOff(next, a.Again)
	return m.unavailable(a.Reason, a.Requests), nil
}

// putOff schedules the question for later: after a pause that doubles, until the budget is spent.
func (d *Desk) putOff(s *events.CallState, again bool) {
	s.AskAgain = nil
	if !again {
		return
	}
	p, pause, spent := d.set.AskAgain, d.set.AskAgain.Initial, time.Duration(0)
	for range s.GetAsks() {
		spent += pause
		pause = min(2*pause, p.Max)
	}
	s.Asks++
	if spent+pause <= p.Budget {
		s.AskAgain = timestamppb.New(d.now().Add(pause))
	}
}

// again is the last revision with today's facts: no new words, no new answer.
func (d *Desk) again(s *events.CallState, t *tenant.Tenant, told *events.CallFacts) *revision {
	if s.GetAnswered() != nil {
		i, _ := proto.Clone(s.GetAnswered()).(*events.CallInsight)
		i.Facts, i.Cost = told, s.GetCost()
		i.Disposition, i.DispositionSource = decide(s, t, i.GetDisposition(), i.GetDispositionSource())
		return &revision{insight: i}
	}
	u, _ := proto.Clone(s.GetUnanswered()).(*events.InsightUnavailable)
	u.Facts, u.Cost = told, s.GetCost()
	u.Disposition, u.DispositionSource = decide(s, t, nil, 0)
	return &revision{unavailable: u}
}

// read brings the call's words into memory if they have left it, and tells whether all of them are there.
func (d *Desk) read(ctx context.Context, p *Partition, c *Call) (whole bool, err error) {
	if c.words != nil {
		return true, nil
	}
	offsets := c.state.GetSegmentOffsets()
	segments, err := d.past.Segments(ctx, p.number, slices.Clone(offsets))
	if err != nil {
		return false, fmt.Errorf("reading a call's words again: %w", err)
	}
	words := newTranscript()
	for _, s := range segments {
		words.add(s)
	}
	c.words = words
	return len(segments) == len(offsets), nil
}

// maker makes revisions of one call.
type maker struct {
	d     *Desk
	t     *tenant.Tenant
	s     *events.CallState
	facts *events.CallFacts
	r     *redacted
	id    string
}

// ruled is a revision that no model was asked for.
func (m maker) ruled(r ruling) *revision {
	if r.reason != "" {
		return m.unavailable(r.reason, 0)
	}
	i := &events.CallInsight{
		Intent:      &events.Finding{Value: r.label.Intent, Confidence: 1},
		Disposition: &events.Finding{Value: r.label.Disposition, Confidence: 1},

		DispositionSource: events.DispositionSource_DISPOSITION_SOURCE_RULE,
		Provenance:        &events.Provenance{Provider: ruleProvider, Model: r.rule},
		Summary:           r.summary(m.facts),
	}
	if intent := m.t.Intent(r.label.Intent); intent != nil && intent.NextAction != "" {
		i.NextAction = &events.NextAction{Subject: intent.NextAction, DueInDays: uint32(max(0, intent.DueInDays))} //nolint:gosec // a setting of few days
	}
	return m.finish(i)
}

// answered is a revision that a model was asked for.
func (m maker) answered(i *events.CallInsight, a asked) *revision {
	i.Provenance = &events.Provenance{
		Provider: m.t.Inference.Provider, Model: m.t.Inference.Model, PromptVersion: PromptVersion,
		Requests: uint32(a.Requests), //nolint:gosec // a handful
	}
	return m.finish(i)
}

func (m maker) finish(i *events.CallInsight) *revision {
	i.Facts, i.Transcript, i.Redaction, i.Cost = m.facts, m.r.transcript(), m.r.report(m.t.Privacy.MinRedactionConfidence), m.s.GetCost()
	i.Provenance.TranscriptId, i.Provenance.CatalogueVersion = m.id, m.t.Catalogue.Version
	i.Language = spoken(m.r.lines, "")
	i.Disposition, i.DispositionSource = decide(m.s, m.t, i.GetDisposition(), i.GetDispositionSource())
	i.Transcript = fit(i.Transcript, i.Facts)
	return &revision{insight: i}
}

// unavailable is a revision without findings.
func (m maker) unavailable(reason string, requests int) *revision {
	u := &events.InsightUnavailable{
		Facts: m.facts, Reason: reason, Transcript: m.r.transcript(),
		Redaction: m.r.report(m.t.Privacy.MinRedactionConfidence), Cost: m.s.GetCost(),
		Provenance: &events.Provenance{
			Provider: ruleProvider, Model: reason, PromptVersion: PromptVersion, CatalogueVersion: m.t.Catalogue.Version,
			Requests: uint32(requests), TranscriptId: m.id, //nolint:gosec // a handful
		},
	}
	if requests > 0 || reason != reasonPending && reason != reasonPartial && reason != reasonRedaction {
		u.Provenance.Provider, u.Provenance.Model = m.t.Inference.Provider, m.t.Inference.Model
	}
	u.Disposition, u.DispositionSource = decide(m.s, m.t, nil, 0)
	u.Transcript = fit(u.Transcript, u.Facts)
	return &revision{unavailable: u}
}

// maxTranscript is the room for a transcript in an event, with as much again to spare for the rest.
const maxTranscript = events.MaxEventBytes * 3 / 4

// fit cuts the middle out of a transcript that no event can hold: some nine hours of talk. What a call is about is
// said at its beginning and its end, and the record says that the transcript is not whole.
func fit(lines []*events.Line, f *events.CallFacts) []*events.Line {
	size := 0
	for _, l := range lines {
		size += proto.Size(l) + 4
	}
	if size <= maxTranscript {
		return lines
	}
	f.TranscriptState = events.TranscriptState_TRANSCRIPT_STATE_PARTIAL
	from, to := len(lines)/2, len(lines)/2
	for size > maxTranscript && to-from < len(lines) {
		if from > 0 && from >= len(lines)-to {
			from--
			size -= proto.Size(lines[from]) + 4
		} else {
			size -= proto.Size(lines[to]) + 4
			to++
		}
	}
	return slices.Delete(lines, from, to)
}
