package events

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// InvalidError lists every fault of one event, by field and rule; it never quotes a value.
type InvalidError struct {
	// Kind of the event.
	Kind Kind
	// Faults, e.g. "call_id is empty".
	Faults []string
}

// Error names the kind and all faults.
func (e *InvalidError) Error() string {
	return "invalid " + e.Kind.String() + " event: " + strings.Join(e.Faults, "; ")
}

// SafeWords is Error: fields and rules, never a value, so it may stand in a dead letter's headers.
func (e *InvalidError) SafeWords() string { return e.Error() }

// faults collects what is wrong.
type faults []string

func (f *faults) need(ok bool, fault string) {
	if !ok {
		*f = append(*f, fault)
	}
}

// Validate reports every fault of e as one *InvalidError, or nil.
func Validate(e *CallEvent) error {
	var f faults
	f.need(isUUID(e.GetEventId()), "event_id is not a UUID")
	f.need(e.GetCallId() != "", "call_id is empty")
	f.need(e.GetLegId() != "", "leg_id is empty")
	f.need(e.GetTenant() != "", "tenant is empty")
	f.need(e.GetSource() != Source_SOURCE_UNSPECIFIED, "source is not set")
	f.need(isTime(e.GetOccurredAt()), "occurred_at is missing or out of range")
	switch p := e.GetPayload().(type) {
	case *CallEvent_Sealed:
		f.need(p.Sealed.GetKeyId() != "", "sealed.key_id is empty")
		f.need(p.Sealed.GetAlgorithm() != "", "sealed.algorithm is empty")
		f.need(len(p.Sealed.GetCiphertext()) > 0, "sealed.ciphertext is empty")
		f.need(p.Sealed.GetKind() != 0, "sealed.kind is not set")
	case *CallEvent_Body:
		f.body(p.Body)
	default:
		f.need(false, "payload is missing")
	}
	if len(f) == 0 {
		return nil
	}
	return &InvalidError{Kind: e.Kind(), Faults: f}
}

func (f *faults) body(b *Body) {
	switch m := b.GetKind().(type) {
	case *Body_CallStarted:
		f.callStarted(m.CallStarted)
	case *Body_ConsentRecorded:
		c := m.ConsentRecorded
		f.need(c.GetAnswer() != ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED, "consent_recorded.answer is not set")
		f.need(c.GetMethod() != ConsentMethod_CONSENT_METHOD_UNSPECIFIED, "consent_recorded.method is not set")
		f.need(isTime(c.GetDecidedAt()), "consent_recorded.decided_at is missing or out of range")
	case *Body_MediaStarted:
		s := m.MediaStarted
		f.need(s.GetStreamId() != "", "media_started.stream_id is empty")
		f.need(len(s.GetParties()) > 0, "media_started.parties is empty")
		f.need(s.GetEncoding() != Encoding_ENCODING_UNSPECIFIED, "media_started.encoding is not set")
		f.need(s.GetSampleRate() > 0, "media_started.sample_rate is 0")
		f.need(s.GetConsent() != ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED, "media_started.consent is not set")
		f.need(s.GetOffsetMs() >= 0, "media_started.offset_ms is negative")
	case *Body_AudioChunk:
		c := m.AudioChunk
		f.need(c.GetStreamId() != "", "audio_chunk.stream_id is empty")
		f.need(c.GetParty() != Party_PARTY_UNSPECIFIED, "audio_chunk.party is not set")
		f.need(c.GetStartMs() >= 0, "audio_chunk.start_ms is negative")
		f.need(len(c.GetAudio()) > 0, "audio_chunk.audio is empty")
		f.need(c.GetEncoding() != Encoding_ENCODING_UNSPECIFIED, "audio_chunk.encoding is not set")
		f.need(c.GetSampleRate() > 0, "audio_chunk.sample_rate is 0")
	case *Body_MediaGap:
		f.need(m.MediaGap.GetStreamId() != "", "media_gap.stream_id is empty")
		f.span(m.MediaGap.GetStartMs(), m.MediaGap.GetEndMs(), "media_gap")
		f.need(m.MediaGap.GetReason() != MediaGapReason_MEDIA_GAP_REASON_UNSPECIFIED, "media_gap.reason is not set")
	case *Body_MediaEnded:
		f.need(m.MediaEnded.GetStreamId() != "", "media_ended.stream_id is empty")
		f.need(m.MediaEnded.GetReason() != MediaEndReason_MEDIA_END_REASON_UNSPECIFIED, "media_ended.reason is not set")
	case *Body_CallEnded:
		c := m.CallEnded
		f.need(c.GetStatus() != CallStatus_CALL_STATUS_UNSPECIFIED, "call_ended.status is not set")
		f.need(isTime(c.GetEndedAt()), "call_ended.ended_at is missing or out of range")
		f.need(isLength(c.GetDuration()), "call_ended.duration is no length of a call")
		if c.GetOpenedBy() != nil {
			f.callStarted(c.GetOpenedBy())
		}
	case *Body_RecordingStarted:
		f.need(m.RecordingStarted.GetRecordingId() != "", "recording_started.recording_id is empty")
	case *Body_RecordingReady:
		f.need(m.RecordingReady.GetRecordingId() != "", "recording_ready.recording_id is empty")
		f.need(m.RecordingReady.GetStatus() != "", "recording_ready.status is empty")
		f.need(isLength(m.RecordingReady.GetDuration()), "recording_ready.duration is no length of a recording")
	case *Body_DispositionSet:
		f.need(m.DispositionSet.GetDisposition() != "", "disposition_set.disposition is empty")
		f.need(m.DispositionSet.GetSource() != DispositionSource_DISPOSITION_SOURCE_UNSPECIFIED, "disposition_set.source is not set")
	case *Body_TranscriptSegment:
		s := m.TranscriptSegment
		f.need(s.GetStreamId() != "", "transcript_segment.stream_id is empty")
		f.need(s.GetParty() != Party_PARTY_UNSPECIFIED, "transcript_segment.party is not set")
		f.span(s.GetStartMs(), s.GetEndMs(), "transcript_segment")
		f.need(s.GetText() != "", "transcript_segment.text is empty")
		f.need(s.GetRun() != "", "transcript_segment.run is empty")
		f.share(s.GetConfidence(), "transcript_segment.confidence")
		for _, w := range s.GetWords() {
			f.span(w.GetStartMs(), w.GetEndMs(), "transcript_segment.words")
			f.share(w.GetConfidence(), "transcript_segment.words.confidence")
		}
	case *Body_TranscriptCompleted:
		f.need(m.TranscriptCompleted.GetStreamId() != "", "transcript_completed.stream_id is empty")
		f.need(m.TranscriptCompleted.GetRun() != "", "transcript_completed.run is empty")
		f.need(m.TranscriptCompleted.GetOutcome() != TranscriptOutcome_TRANSCRIPT_OUTCOME_UNSPECIFIED, "transcript_completed.outcome is not set")
	case *Body_CallInsight:
		f.insight(m.CallInsight)
	case *Body_InsightUnavailable:
		f.unavailable(m.InsightUnavailable)
	case *Body_CallRecord:
		r := m.CallRecord
		f.need(r.GetRevision() > 0, "call_record.revision is 0")
		f.need(r.GetCrmStatus() != CrmStatus_CRM_STATUS_UNSPECIFIED, "call_record.crm_status is not set")
		switch d := r.GetDecision().(type) {
		case *CallRecord_Insight:
			f.insight(d.Insight)
		case *CallRecord_Unavailable:
			f.unavailable(d.Unavailable)
		default:
			f.need(false, "call_record.decision is missing")
		}
	case *Body_UsageRecorded:
		f.usage(m.UsageRecorded)
	case *Body_CallState:
		f.state(m.CallState)
	case *Body_BeforeImage:
		f.need(m.BeforeImage.GetRevision() > 0, "before_image.revision is 0")
		f.need(m.BeforeImage.GetRecord().GetObject() != "", "before_image.record.object is empty")
	case nil:
		// A kind that a newer producer added: its field is among the unknown ones, and a reader skips it.
		f.need(b != nil && len(b.ProtoReflect().GetUnknown()) > 0, "body is empty")
	}
}

func (f *faults) callStarted(c *CallStarted) {
	f.need(c.GetDirection() != Direction_DIRECTION_UNSPECIFIED, "call_started.direction is not set")
	f.need(c.GetFrom() == "" || isE164(c.GetFrom()), "call_started.from is neither empty nor E.164")
}

func (f *faults) insight(i *CallInsight) {
	f.need(i.GetRevision() > 0, "call_insight.revision is 0")
	f.facts(i.GetFacts(), "call_insight.facts")
	f.finding(i.GetIntent(), "call_insight.intent")
	f.finding(i.GetDisposition(), "call_insight.disposition")
	f.need(i.GetDispositionSource() != DispositionSource_DISPOSITION_SOURCE_UNSPECIFIED, "call_insight.disposition_source is not set")
	f.need(i.GetProvenance().GetProvider() != "", "call_insight.provenance.provider is empty")
	f.share(i.GetRedaction().GetConfidence(), "call_insight.redaction.confidence")
	for _, d := range i.GetDetails() {
		f.need(d.GetName() != "", "call_insight.details.name is empty")
		f.share(d.GetConfidence(), "call_insight.details.confidence")
	}
}

func (f *faults) unavailable(u *InsightUnavailable) {
	f.need(u.GetRevision() > 0, "insight_unavailable.revision is 0")
	f.facts(u.GetFacts(), "insight_unavailable.facts")
	f.need(u.GetReason() != "", "insight_unavailable.reason is empty")
}

func (f *faults) facts(c *CallFacts, at string) {
	f.need(c != nil, at+" is missing")
	f.need(c == nil || isTime(c.GetStartedAt()), at+".started_at is missing or out of range")
}

func (f *faults) finding(x *Finding, at string) {
	f.need(x.GetValue() != "", at+".value is empty")
	f.share(x.GetConfidence(), at+".confidence")
}

func (f *faults) usage(u *UsageRecorded) {
	f.need(u.GetProvider() != "", "usage_recorded.provider is empty")
	f.need(u.GetRequestId() != "", "usage_recorded.request_id is empty")
	f.need(u.GetPayer() == "product" || u.GetPayer() == "central", "usage_recorded.payer is neither product nor central")
	f.need(len(u.GetQuantities()) > 0, "usage_recorded.quantities is empty")
	for _, q := range u.GetQuantities() {
		f.need(q.GetUnit() != "", "usage_recorded.quantities.unit is empty")
		f.need(q.GetAmount() >= 0, "usage_recorded.quantities.amount is negative")
		f.need((q.GetPrice() == nil) == (q.GetCost() == nil), "usage_recorded.quantities: price and cost come together or not at all")
	}
}

func (f *faults) span(start, end int64, at string) {
	f.need(start >= 0 && end >= start, at+": start_ms and end_ms are no span of call time")
}

func (f *faults) share(v float32, at string) {
	f.need(v >= 0 && v <= 1, at+" is not between 0 and 1")
}

// state holds what a revision is made of to what a revision must be: a fold that could be stored and never told would be
// lost without a word.
func (f *faults) state(s *CallState) {
	c := s.GetFacts()
	f.need(c != nil, "call_state.facts is missing")
	for _, t := range []struct {
		at    *timestamppb.Timestamp
		fault string
	}{
		{c.GetStartedAt(), "call_state.facts.started_at is out of range"},
		{c.GetEndedAt(), "call_state.facts.ended_at is out of range"},
		{c.GetConsentAt(), "call_state.facts.consent_at is out of range"},
	} {
		f.need(t.at == nil || isTime(t.at), t.fault)
	}
	f.need(!s.GetOpened() || c.GetStartedAt() != nil, "call_state.facts.started_at is missing")
}

// The years that a call can be of. A carrier's clock that is off is no reason to lose a call, and whoever reads it sets
// it right; beyond these, CRMs refuse it and the sum of two overflows.
const firstYear, lastYear = 2000, 2100

func isTime(t *timestamppb.Timestamp) bool {
	if t == nil || t.CheckValid() != nil {
		return false
	}
	year := t.AsTime().Year()
	return firstYear <= year && year <= lastYear
}

// longestCall is longer than any: Twilio ends one after 24 hours.
const longestCall = 7 * 24 * time.Hour

func isLength(d *durationpb.Duration) bool {
	return d == nil || d.CheckValid() == nil && d.AsDuration() >= 0 && d.AsDuration() <= longestCall
}

// isE164 accepts "+" and up to 15 digits (ITU-T E.164).
func isE164(s string) bool {
	if len(s) < 3 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
