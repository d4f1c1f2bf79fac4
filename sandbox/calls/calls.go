// Package calls is the format of sample calls: what is said and pressed, its sound, and what must come out.
// samples/README.md documents it for people.
package calls

import "time"

// Call is one folder: call.yaml and its audio.
type Call struct {
	// Name is the folder's.
	Name string `yaml:"-"`
	// Title says in a line what the call is about.
	Title string `yaml:"title"`
	// From is the caller's number in E.164, or "anonymous".
	From string `yaml:"from"`
	// To is the dialled number in E.164; a tenant must own it.
	To string `yaml:"to"`
	// ForwardedFrom is the number that forwarded the call, E.164; empty if none.
	ForwardedFrom string `yaml:"forwarded_from"`
	// After names a call that must be in the CRM before this one begins.
	After string `yaml:"after"`
	// Keypad are the keys pressed, in order: each answers one <Gather>. "" lets the question time out.
	Keypad []string `yaml:"keypad"`
	// Audio files of the stream, relative to the folder: 8 kHz mono, raw mu-law (.ulaw) or WAV (mu-law or
	// 16-bit PCM, at 8 kHz). Time 0 is the stream's first frame. A track may be left out: silence.
	Audio Audio `yaml:"audio"`
	// Script is what is said, in order of start.
	Script []Utterance `yaml:"script"`
	// Agent is the leg that <Dial> makes; nil means that the receptionist answers at once and nobody else.
	Agent *Agent `yaml:"agent"`
	// Duration of the stream; default the longest audio. The caller hangs up then.
	Duration Duration `yaml:"duration"`
	// HangUp ends the call before a stream begins: "ringing" or "question".
	HangUp string `yaml:"hang_up"`
	// CRM is what Salesforce holds before the call.
	CRM []CRMRecord `yaml:"crm"`
	// Expect is what must come out.
	Expect Expect `yaml:"expect"`

	// Caller and AgentAudio are the tracks' mu-law bytes, 8 a millisecond, filled by Load; padded to the
	// same length with silence (0xFF).
	Caller     []byte `yaml:"-"`
	AgentAudio []byte `yaml:"-"`
}

// Audio files of a call. Each is one file, or several joined with pauses (a long call built from parts).
type Audio struct {
	Caller []Part `yaml:"caller"`
	Agent  []Part `yaml:"agent"`
}

// Part is one file at one time.
type Part struct {
	File string `yaml:"file"`
	// At is where it begins; default the end of the part before.
	At Duration `yaml:"at"`
}

// Utterance is one thing said.
type Utterance struct {
	// Track is "caller" or "agent".
	Track string `yaml:"track"`
	// Start and End in the stream.
	Start Duration `yaml:"start"`
	End   Duration `yaml:"end"`
	// Text as a recogniser should write it.
	Text string `yaml:"text"`
	// Language, BCP 47; default that of the dialled number.
	Language string `yaml:"language"`
}

// Agent is a dialled leg.
type Agent struct {
	// AnswersAfter the dial begins.
	AnswersAfter Duration `yaml:"answers_after"`
	// Disposition that the agent sets after the call, and how long after.
	Disposition      string   `yaml:"disposition"`
	DispositionAfter Duration `yaml:"disposition_after"`
}

// CRMRecord is one record that Salesforce holds before the call.
type CRMRecord struct {
	// Object's API name, e.g. "Contact".
	Object string `yaml:"object"`
	// Fields by API name.
	Fields map[string]any `yaml:"fields"`
}

// Expect is what must come out. An empty field is not checked.
type Expect struct {
	// Recorded is false for a call that must leave nothing (a refused number). Default true.
	Recorded *bool `yaml:"recorded"`
	// Intent and Disposition as written to Salesforce.
	Intent      string `yaml:"intent"`
	Disposition string `yaml:"disposition"`
	// Consent as written: Consent_Record__c.
	Consent *bool `yaml:"consent"`
	// Objects that this call makes or updates, sorted; each with the fields that must stand there. "*" stands for any
	// non-empty value.
	Records []ExpectedRecord `yaml:"records"`
	// Absent objects must not be made by this call, e.g. [Lead].
	Absent []string `yaml:"absent"`
	// Hidden strings must appear in nothing that a model was asked, in no topic after calls.transcripts and
	// in no log; digits are compared without separators.
	Hidden []string `yaml:"hidden"`
	// Transcript that must stand word for word in the recognised text; default the whole script.
	Transcript []string `yaml:"transcript"`
}

// ExpectedRecord is one record that must stand in Salesforce after the call.
type ExpectedRecord struct {
	Object string         `yaml:"object"`
	Fields map[string]any `yaml:"fields"`
}

// Duration reads "1.5s", "320ms" or "2m".
type Duration time.Duration

// Load reads a folder of calls, each a folder with a call.yaml, in an order that respects After. The error
// lists every fault of every call, one a line.
func Load(dir string) ([]*Call, error) { panic("not yet") }
