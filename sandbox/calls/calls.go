// Package calls is the format of sample calls: what is said and pressed, its sound, and what must come out.
// samples/README.md documents it for people. A call reads in the order of its life: call.yaml is decoded
// strictly (decode.go), what it says checked (check.go, script.go, hidden.go), also against the tenants that are dialled
// and their CRM (lines.go), its audio loaded and laid on two tracks (files.go, audio.go, tracks.go) and held against its
// words (script.go, tone.go, cuts.go), and the calls put in order (order.go). Every fault is told at once, with its place,
// and what follows from it is not (faults.go).
package calls

import "time"

// Call is one folder: call.yaml and its audio.
type Call struct {
	// Name is the folder's.
	Name string `yaml:"-"`
	// Title says in a line what the call is about; default Name.
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
	// ReportConsent are answers to the consent question that the receptionist reports during the stream, for
	// tenants whose policy is "reported"; in order of At.
	ReportConsent []ConsentReport `yaml:"report_consent"`
	// Audio files of the stream, relative to the folder: 8 kHz mono, raw mu-law (.ulaw) or WAV (mu-law or
	// 16-bit PCM, at 8 kHz). Time 0 is the stream's first frame. A track may be left out: silence. Where
	// utterances bring files of their own ([Utterance.File]), no Audio is needed.
	Audio Audio `yaml:"audio"`
	// Script is what is said, in order of start.
	Script []Utterance `yaml:"script"`
	// Voices that the tool say speaks the script with; nothing else reads them.
	Voices Voices `yaml:"voices"`
	// Agent is the leg that <Dial> makes; nil means that the receptionist answers at once and nobody else.
	Agent *Agent `yaml:"agent"`
	// Duration of the stream; default the longest audio. The caller hangs up then.
	Duration Duration `yaml:"duration"`
	// HangUp ends the call before a stream begins: HangUpRinging or HangUpQuestion; empty otherwise.
	HangUp string `yaml:"hang_up"`
	// CRM is what Salesforce holds before the call.
	CRM []CRMRecord `yaml:"crm"`
	// Expect is what must come out.
	Expect Expect `yaml:"expect"`

	// Caller and AgentAudio are the tracks' mu-law bytes, 8 a millisecond, filled by Load; padded to the
	// same length with silence (0xFF). Both are empty for a call that hangs up before its stream.
	Caller     []byte `yaml:"-"`
	AgentAudio []byte `yaml:"-"`
}

// The tracks of a call.
const (
	TrackCaller = "caller"
	TrackAgent  = "agent"
)

// When a caller hangs up before the stream.
const (
	HangUpRinging  = "ringing"
	HangUpQuestion = "question"
)

// Answers that a receptionist reports.
const (
	ConsentGranted   = "granted"
	ConsentRefused   = "refused"
	ConsentWithdrawn = "withdrawn"
)

// Anonymous is From of a caller who withholds the number.
const Anonymous = "anonymous"

// ConsentReport is one answer of the caller that the receptionist reports by the consent callback.
type ConsentReport struct {
	// At is when, in the stream.
	At Duration `yaml:"at"`
	// Answer is ConsentGranted, ConsentRefused or ConsentWithdrawn.
	Answer string `yaml:"answer"`
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
	// Track is TrackCaller or TrackAgent.
	Track string `yaml:"track"`
	// File holds the sound of this utterance alone; empty if it stands in Audio.
	File string `yaml:"file"`
	// Start and End in the stream. With a File, Start may be left out: it is then the end of the utterance
	// before plus Pause; and End follows from the file's length.
	Start Duration `yaml:"start"`
	End   Duration `yaml:"end"`
	// Pause before an utterance with a File and no Start; default [DefaultPause]. Negative speaks over the end of
	// the one before.
	Pause Duration `yaml:"pause"`
	// Text as a recogniser should write it.
	Text string `yaml:"text"`
	// Language, BCP 47; default whatever the recogniser is asked for.
	Language string `yaml:"language"`
	// Voice and Say are for the tool say alone: who speaks this utterance, if not the track's voice, and what to
	// speak where a synthesiser would read Text wrongly ("4 2 4 2" for 4242).
	Voice string `yaml:"voice"`
	Say   string `yaml:"say"`

	// Line of call.yaml that it begins in.
	Line int `yaml:"-"`
}

// Voices names a synthesiser's voice for each track, as "flite:slt" or "espeak-ng:es-419"; see [ParseVoice].
type Voices struct {
	Caller string `yaml:"caller"`
	Agent  string `yaml:"agent"`
}

// DefaultPause stands before an utterance that gives neither a start nor a pause.
const DefaultPause = Duration(300 * time.Millisecond)

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
	// Records that this call makes or updates; each with the fields that must stand there, compared by
	// [Matches]. Two of one object mean two records.
	Records []ExpectedRecord `yaml:"records"`
	// Absent objects must not be made by this call, e.g. [Lead]; one that was there before and is only
	// updated is not made.
	Absent []string `yaml:"absent"`
	// Hidden strings must appear in nothing that a model was asked, in no topic after calls.transcripts and
	// in no log; digits are compared without separators.
	Hidden []string `yaml:"hidden"`
	// HiddenFromModel strings must appear in nothing that a model was asked; they may stand in records that people
	// see (a name, an address).
	HiddenFromModel []string `yaml:"hidden_from_model"`
	// Transcript that must stand word for word in the recognised text; default the whole script. An empty list
	// ([]) means that nothing may have been recognised.
	Transcript []string `yaml:"transcript"`
}

// ExpectedRecord is one record that must stand in Salesforce after the call.
type ExpectedRecord struct {
	Object string         `yaml:"object"`
	Fields map[string]any `yaml:"fields"`
}

// Duration reads "1.5s", "320ms" or "2m".
type Duration time.Duration

// Std is d as the standard library's.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is as call.yaml writes it, e.g. "1.5s".
func (d Duration) String() string { return time.Duration(d).String() }
