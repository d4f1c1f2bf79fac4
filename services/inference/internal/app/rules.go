package app

import (
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Reasons of an InsightUnavailable, in our words; they stand in records and metrics.
const (
	reasonPending   = "transcript_pending"   // words are still missing
	reasonPartial   = "transcript_partial"   // nothing was recognised, and not everything was heard
	reasonRedaction = "redaction_confidence" // too unsure to let a third party read it
	reasonModel     = "model_unreachable"    // no answer within the budget
	reasonQuota     = "quota"                // the provider refuses for now
	reasonBlocked   = "blocked"              // the provider's safety rules
	reasonInvalid   = "invalid_answer"       // two answers that the transcript doesn't bear out
	reasonRefused   = "model_refused"        // credentials, settings or a retired model
)

// ruling is what is decided of a call without asking a model.
type ruling struct {
	// rule names an insight made by rule, label is its label.
	rule  string
	label tenant.Label
	// reason of an insight that is unavailable; empty otherwise.
	reason string
	// mute leaves the words out: they must not be passed on.
	mute bool
}

// rule decides calls that no model looks at; ok is false for a call that has something to ask about.
// The order matters: what the caller forbade comes before what he did, and what we have not heard is never
// called silence.
func rule(s *events.CallState, lines []line, t *tenant.Tenant, short time.Duration) (r ruling, ok bool) {
	rules, f, state := t.Catalogue.Rules, s.GetFacts(), transcriptState(s)
	brief := lengthOf(f) <= short && s.GetEnded() || neverAnswered(f.GetStatus())
	spoke := callerSpoke(lines)
	switch {
	case forbidden(f):
		return ruling{rule: "unheard", label: rules.Unheard, mute: true}, true
	case state == pending:
		return ruling{reason: reasonPending}, true
	case spoke && t.Inference.Provider == "none":
		return ruling{rule: "no_model", label: rules.Unavailable}, true
	case spoke:
		return ruling{}, false
	case f.GetHandling() == events.Handling_HANDLING_VOICEMAIL && !brief && state != complete:
		return ruling{rule: "voicemail", label: rules.Voicemail}, true
	case state == events.TranscriptState_TRANSCRIPT_STATE_UNHEARD:
		return ruling{rule: "unheard", label: rules.Unheard}, true
	case brief || state == none && inQuestion(f, t):
		return ruling{rule: "hang_up", label: rules.HangUp}, true
	case state == none && !s.GetMediaExpected() && f.GetConsent() != events.ConsentAnswer_CONSENT_ANSWER_GRANTED &&
		f.GetHandling() != events.Handling_HANDLING_FALLBACK:
		// Nothing was to be heard: no agreement on file.
		return ruling{rule: "unheard", label: rules.Unheard}, true
	case state == none:
		return ruling{rule: "no_media", label: rules.Unavailable}, true
	case state == events.TranscriptState_TRANSCRIPT_STATE_PARTIAL:
		return ruling{reason: reasonPartial}, true
	}
	return ruling{rule: "silent", label: rules.Silent}, true
}

const (
	none     = events.TranscriptState_TRANSCRIPT_STATE_NONE
	complete = events.TranscriptState_TRANSCRIPT_STATE_COMPLETE
)

// summary is the sentence that people read of a call that no model looked at.
func (r ruling) summary(f *events.CallFacts) string {
	switch r.rule {
	case "hang_up":
		return "The caller hung up before saying anything."
	case "silent":
		return "The caller said nothing."
	case "voicemail":
		return "The caller was sent to the voicemail; nothing of the message was heard."
	case "no_media":
		return "No sound of this call reached us."
	case "no_model":
		return "No model reads this line's calls; the transcript holds what was said."
	}
	switch f.GetConsent() { //nolint:exhaustive // the rest were not asked
	case events.ConsentAnswer_CONSENT_ANSWER_REFUSED:
		return "The caller refused consent, so nothing was recognised."
	case events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT:
		return "The caller did not answer the question for consent, so nothing was recognised."
	case events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN:
		return "The caller took consent back, so nothing that was said is used."
	}
	return "Nothing was recognised: consent was neither given nor needed by an agreement on file."
}

// inQuestion tells whether the call ended while the consent question was open: nothing follows it without an
// answer, so the caller hung up, however long the question was.
func inQuestion(f *events.CallFacts, t *tenant.Tenant) bool {
	return t.Consent.Policy == tenant.ConsentAsk && f.GetConsent() == events.ConsentAnswer_CONSENT_ANSWER_PENDING
}

// forbidden tells whether the caller has said no, or was asked and said nothing. An answer that was only
// assumed when the call opened is no answer yet.
func forbidden(f *events.CallFacts) bool {
	if f.GetConsentAt() == nil {
		return false
	}
	switch f.GetConsent() { //nolint:exhaustive // the rest allow
	case events.ConsentAnswer_CONSENT_ANSWER_REFUSED, events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT,
		events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN:
		return true
	}
	return false
}

// neverAnswered tells whether nobody took the call.
func neverAnswered(s events.CallStatus) bool {
	switch s { //nolint:exhaustive // the rest were answered, or we don't know
	case events.CallStatus_CALL_STATUS_BUSY, events.CallStatus_CALL_STATUS_FAILED,
		events.CallStatus_CALL_STATUS_NO_ANSWER, events.CallStatus_CALL_STATUS_CANCELED:
		return true
	}
	return false
}
