package app

import (
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Facts is what every webhook of a call needs to know of it. It holds no number of the caller.
type Facts struct {
	// CallID is the root leg's id.
	CallID string
	// Source and Account of the carrier.
	Source  events.Source
	Account string
	// Tenant is the tenant's slug; Line is the number of the tenant's file that the call is handled by: the dialled one,
	// or the default tenant's first for a number that nobody owns.
	Tenant, Line string
	// LineOfBusiness, Payer and Language as the line had them when the call began.
	LineOfBusiness, Payer, Language string
	// CallerRef finds the caller without naming him; empty when withheld.
	CallerRef string
	// Start of the call, the zero of call time; milliseconds precise. Zero if it isn't known.
	Start time.Time
	// Consent as known when these facts were written down. It only ever grows stale: see [History].
	Consent events.ConsentAnswer
	// Handling is where the caller was sent.
	Handling events.Handling
	// Attempt counts the streams that were started for the call before this one.
	Attempt int
	// Failed counts the starts in a row, before this stream's, that came to nothing.
	Failed int
	// Heard is the call time up to which earlier streams were heard, as far as is known, or, before the first, from which on
	// somebody is to listen: a new one begins no earlier, whatever the clock of the replica that it comes to.
	Heard time.Duration
	// Expires is when these facts are no longer taken from a token: the tenant's longest call and 48 hours
	// after the start.
	Expires time.Time
}

// afterCall is how long after the longest call a late webhook (a recording, an agent's disposition) still counts.
const afterCall = 48 * time.Hour

// listenedTo are f of a stream that is asked for at now, where none was before.
func (f Facts) listenedTo(now time.Time) Facts {
	f.Heard = max(f.Heard, now.Sub(f.Start).Truncate(time.Millisecond))
	return f
}

// Leg is the call's common part in events about one of its legs.
func (f Facts) Leg(id string) events.Call {
	return events.Call{
		ID: f.CallID, Leg: id, Tenant: f.Tenant, LineOfBusiness: f.LineOfBusiness,
		Source: f.Source, Account: f.Account, CallerRef: f.CallerRef,
	}
}

// Root is the call's common part in events about its root leg.
func (f Facts) Root() events.Call { return f.Leg(f.CallID) }

// MayStream tells whether a stream may run on what the facts say: consent granted, not asked for by policy,
// or still open under the policy that lets audio wait in stt.
func (f Facts) MayStream(p tenant.ConsentPolicy) bool {
	switch f.Consent {
	case events.ConsentAnswer_CONSENT_ANSWER_GRANTED, events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED:
		return true
	case events.ConsentAnswer_CONSENT_ANSWER_PENDING:
		return p == tenant.ConsentReported
	default:
		return false
	}
}

// denied tells whether the caller has said no, or nothing, or has taken a yes back.
func (f Facts) denied() bool {
	switch f.Consent {
	case events.ConsentAnswer_CONSENT_ANSWER_REFUSED, events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT,
		events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN:
		return true
	default:
		return false
	}
}

// mayRecord is MayStream without the waiting: a recording at the carrier can't wait.
func (f Facts) mayRecord() bool {
	return f.Consent == events.ConsentAnswer_CONSENT_ANSWER_GRANTED || f.Consent == events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED
}
