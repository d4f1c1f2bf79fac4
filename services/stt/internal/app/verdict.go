package app

import (
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// verdict says whether a party may be heard.
type verdict struct {
	kind   verdictKind
	reason string // why not, in our words
}

type verdictKind int

const (
	wait    verdictKind = iota // the question is open: audio is kept, nothing is sent out
	hear                       // go ahead
	unheard                    // never
)

// judge decides for a tenant and the latest answer. A recogniser of somebody else's needs the tenant's
// agreement on file besides, whatever the caller said; a withdrawal or a refusal counts whatever the policy
// is.
func judge(t *tenant.Tenant, answer events.ConsentAnswer) verdict {
	switch {
	case t == nil:
		return verdict{unheard, "no such tenant"}
	case t.Speech.Provider == "none" || t.Speech.Provider == "":
		return verdict{unheard, "no recogniser configured"}
	case t.Speech.ThirdParty() && !t.Privacy.ThirdPartySpeech.OnFile():
		return verdict{unheard, "no agreement for third-party speech"}
	}
	switch answer {
	case events.ConsentAnswer_CONSENT_ANSWER_GRANTED:
		return verdict{kind: hear}
	case events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN:
		return verdict{unheard, "consent withdrawn"}
	case events.ConsentAnswer_CONSENT_ANSWER_REFUSED:
		return verdict{unheard, "consent refused"}
	default:
	}
	if t.Consent.Policy == tenant.ConsentNotAsked {
		if t.Speech.ThirdParty() && !t.Consent.Basis.OnFile() {
			return verdict{unheard, "no ground to hear callers whom nobody asks"}
		}
		return verdict{kind: hear}
	}
	switch answer {
	case events.ConsentAnswer_CONSENT_ANSWER_PENDING:
		return verdict{kind: wait}
	case events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT:
		return verdict{unheard, "consent question not answered"}
	case events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED:
		return verdict{unheard, "consent not asked"}
	default:
		return verdict{unheard, "consent unknown"}
	}
}
