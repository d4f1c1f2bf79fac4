package app

import (
	"time"

	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Plan is what is to happen to the caller now. The parts are done in the order of the fields.
type Plan struct {
	// Facts go, signed, into every URL that the plan hands out.
	Facts Facts
	// Ask plays the consent question and comes back with the answer; nothing below is done before.
	Ask *Question
	// Stream starts a media stream of both tracks beside what follows.
	Stream bool
	// Record has the carrier record both sides, as far as what follows can be recorded.
	Record bool
	// Onward is where the caller goes; nil is nowhere: Farewell, and the call ends.
	Onward *tenant.Onward
	// Farewell is said before the call ends by itself.
	Farewell Phrase
	// Language of everything said, BCP 47.
	Language string
}

// Question is the consent question.
type Question struct {
	// Prompt as the tenant's file has it.
	Prompt string
	// Timeout until no answer is an answer.
	Timeout time.Duration
	// Speech lets the caller answer by voice, through the carrier's recogniser.
	Speech bool
}

// Phrase is something that ingress itself says; the words, per language, are the adapter's.
type Phrase int

// The phrases.
const (
	PhraseNone Phrase = iota
	// PhraseUnknownNumber: nobody owns the dialled number.
	PhraseUnknownNumber
	// PhraseNoMessage: a message can't be taken without consent.
	PhraseNoMessage
	// PhraseNoMessageNow: no message can be taken, since nobody knows what the caller says to being recorded.
	PhraseNoMessageNow
	// PhraseNobody: the dialled receptionist did not answer.
	PhraseNobody
	// PhraseThanks: the message is taken.
	PhraseThanks
)
