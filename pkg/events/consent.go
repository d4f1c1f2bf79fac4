package events

import (
	"slices"
	"time"
)

// Consent is an answer to the question for consent, and when it was decided. The zero value is none.
type Consent struct {
	Answer ConsentAnswer
	At     time.Time
}

// ConsentOf is the answer that m records.
func ConsentOf(m *ConsentRecorded) Consent {
	return Consent{Answer: m.GetAnswer(), At: m.GetDecidedAt().AsTime()}
}

// Then is the one of two answers of a call that counts, in whatever order they have come: the later, of the same instant
// the one that forbids more. A withdrawal is final.
func (c Consent) Then(now Consent) Consent {
	if c.yields(now) {
		return now
	}
	return c
}

func (c Consent) yields(to Consent) bool {
	const withdrawn = ConsentAnswer_CONSENT_ANSWER_WITHDRAWN
	switch {
	case to.Answer == ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED:
		return false
	case c.Answer == ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED:
		return true
	case (c.Answer == withdrawn) != (to.Answer == withdrawn):
		return to.Answer == withdrawn
	}
	later := to.At.Compare(c.At)
	return later > 0 || later == 0 && to.Answer.strictness() > c.Answer.strictness()
}

// strictness orders answers of the same instant.
func (x ConsentAnswer) strictness() int {
	return slices.Index([]ConsentAnswer{
		ConsentAnswer_CONSENT_ANSWER_PENDING, ConsentAnswer_CONSENT_ANSWER_NOT_ASKED, ConsentAnswer_CONSENT_ANSWER_GRANTED,
		ConsentAnswer_CONSENT_ANSWER_TIMED_OUT, ConsentAnswer_CONSENT_ANSWER_REFUSED, ConsentAnswer_CONSENT_ANSWER_WITHDRAWN,
	}, x)
}
