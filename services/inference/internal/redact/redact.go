// Package redact replaces personal data in a transcript by numbered placeholders before anybody else reads it.
package redact

// Line is one utterance as recognised.
type Line struct {
	// Caller tells the caller's lines from the agent's.
	Caller bool
	// StartMS and EndMS are call time.
	StartMS, EndMS int64
	Text           string
}

// Kind of a finding; the placeholder is "[" + kind + "_" + number + "]".
type Kind string

// The kinds.
const (
	Card    Kind = "CARD"
	CVV     Kind = "CVV"
	Email   Kind = "EMAIL"
	Phone   Kind = "PHONE"
	Address Kind = "ADDRESS"
	DOB     Kind = "DOB"
	ID      Kind = "ID" // national ids: SSN, DNI, NIE and the like
	Name    Kind = "NAME"
)

// Version of the rules: it stands in every insight.
const Version = "1"

// Result of one transcript.
type Result struct {
	// Redacted are the lines with placeholders, one for each line given, in the same order. The same value has the
	// same placeholder throughout.
	Redacted []string
	// Masked are the lines in full, but card numbers and security codes masked ("****1234", "***").
	Masked []string
	// Values are what the placeholders stand for, in the form that a record wants: a spelt name joined
	// ("Okonkwo"), spoken digits as digits, an e-mail address as an address. Cards and CVVs are not in it.
	Values map[string]string
	// Counts of distinct values per kind.
	Counts map[Kind]int
	// Confidence that nothing was missed, 0 to 1: one less the estimated share missed.
	Confidence float64
}

// Redact finds personal data in the joined transcript, across lines and tracks. language is BCP 47; English
// and Spanish are known, others fall back to both. It never fails; it is safe for concurrent use.
func Redact(lines []Line, language string) *Result { panic("not yet") }

// Restore puts the values back in place of their placeholders; ok is false if one has none (a card).
func (r *Result) Restore(s string) (restored string, ok bool) { panic("not yet") }
