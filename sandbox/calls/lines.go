package calls

import (
	"fmt"
	"slices"
	"strings"
)

// Lines are the numbers that calls can dial, whoever owns them. What is known of them is what a call.yaml can be wrong
// about; who gives them knows the tenants.
type Lines []Line

// Line is one number.
type Line struct {
	// Number in E.164, and the name of the tenant that owns it.
	Number, Tenant string
	// Consent is how the tenant learns whether the caller agrees: AskedByKeypad, ReportedByAgent or NotAsked. Grant is the
	// key that agrees.
	Consent, Grant string
	// Languages that are recognised on it, BCP 47, its own first.
	Languages []string
	// Voicemail tells that callers leave a message and nobody is dialled.
	Voicemail bool
	// Intents and Dispositions are the tenant's own names. PersonOnly are the dispositions that no model may choose, Ruled
	// those of calls that no model reads.
	Intents, Dispositions, PersonOnly, Ruled []string
	// Objects are those of which a call can leave records.
	Objects []string
	// CRM is the tenant's; it is asked about all records that call.yaml names. Lines may share one.
	CRM CRM
}

// How a tenant learns whether a caller agrees.
const (
	AskedByKeypad   = "asked"
	ReportedByAgent = "reported"
	NotAsked        = "not asked"
)

// CRM knows which records a line's CRM takes.
type CRM interface {
	// Seed tells what the CRM would refuse of records that are to stand there before a call. It keeps what it accepts:
	// records of a later call are refused where they clash.
	Seed(records []CRMRecord) []RecordFault
	// Expect tells why no record of the CRM can ever be as described.
	Expect(record ExpectedRecord) []RecordFault
	// Object tells what is wrong with an object's name; empty if nothing is.
	Object(name string) string
}

// RecordFault is one fault of a record.
type RecordFault struct {
	// Record is its place in the list, Key its key in the record, as "object" or "fields.Email"; empty for the whole.
	Record int
	Key    string
	// Text says what is wrong and what to write, without a full stop.
	Text string
}

// check says what is wrong with a call in view of the number that it dials.
func (all Lines) check(c *Call, f *faults) {
	if !f.clean("to") {
		return // whom it concerns can't be known
	}
	nothing := c.Expect.Recorded != nil && !*c.Expect.Recorded
	i := slices.IndexFunc(all, func(l Line) bool { return l.Number == c.To })
	switch {
	case i < 0 && !nothing:
		f.add("to", "no tenant owns %s: dial one of %s; or write expect: {recorded: false} for a call that must leave nothing",
			c.To, all.numbers())
		return
	case i < 0:
		if len(c.CRM) > 0 {
			f.add("crm", "no tenant owns %s, so there is no CRM to hold records: leave it out", c.To)
		}
		return
	case nothing:
		f.add("expect.recorded", "%s owns %s, and every call to it leaves a record: leave it out, or dial a number that nobody owns",
			all[i].Tenant, c.To)
	}
	l := all[i]
	l.consent(c, f)
	l.labels(c, f)
	l.granted(c, f)
	l.heard(c, f)
	l.records(c, f)
	if c.Agent != nil && l.Voicemail {
		f.add("agent", "%s goes to %s's voicemail, where nobody answers: leave it out", c.To, l.Tenant)
	}
}

// numbers are all that can be dialled, with their tenants; of very many the first.
func (all Lines) numbers() string {
	const most = 20
	var parts []string
	for _, l := range all[:min(most, len(all))] {
		parts = append(parts, fmt.Sprintf("%s (%s)", l.Number, l.Tenant))
	}
	if len(all) > most {
		return strings.Join(parts, ", ") + " and others"
	}
	return sentence(parts, "or")
}

// consent finds answers to a question that is not asked, or not so.
func (l Line) consent(c *Call, f *faults) {
	how := map[string]string{
		AskedByKeypad: "asks for consent and takes a key", ReportedByAgent: "lets the receptionist ask for consent and report the answer",
		NotAsked: "asks nobody for consent",
	}[l.Consent]
	if len(c.Keypad) > 0 && l.Consent != AskedByKeypad {
		f.add("keypad", "%s %s, so no key is ever taken: %s", l.Tenant, how, l.instead())
	}
	if len(c.ReportConsent) > 0 && l.Consent != ReportedByAgent {
		f.add("report_consent", "%s %s, so no answer is ever reported: %s", l.Tenant, how, l.instead())
	}
	if c.HangUp == HangUpQuestion && l.Consent != AskedByKeypad {
		f.add("hang_up", "%s %s, so nobody hangs up while asked: write %q, or dial another tenant", l.Tenant, how, HangUpRinging)
	}
	for i, k := range c.Keypad {
		if key := fmt.Sprintf("keypad[%d]", i); l.Consent == AskedByKeypad && len(k) > 1 && f.clean(key) {
			f.add(key, "%q: %s's question takes one key; write the key alone, as [%q]", k, l.Tenant, l.Grant)
		}
	}
}

// granted finds calls that expect what only a caller who agrees brings about, and in which nobody does.
func (l Line) granted(c *Call, f *faults) {
	e := c.Expect
	agrees := l.agrees(c)
	if !f.clean("keypad", "report_consent", "hang_up") || c.HangUp != "" {
		return
	}
	switch {
	case !agrees && c.Agent == nil && e.Disposition != "" && !slices.Contains(l.Ruled, e.Disposition) && f.clean("expect.disposition"):
		f.add("expect.disposition", "a call is %s only if it is heard, and here nobody consents: %s", e.Disposition, l.instead())
	case e.Consent == nil || !*e.Consent || c.After != "" || len(c.CRM) > 0: // an earlier consent may stand
	case l.Consent == NotAsked && f.clean("expect.consent"):
		f.add("expect.consent", "%s asks nobody for consent, so none is ever recorded: write false", l.Tenant)
	case !agrees:
		f.add("expect.consent", "nobody consents here: %s", l.instead())
	}
}

// heard finds calls of which more is expected to be recognised than is heard: without a list of its own the whole script.
func (l Line) heard(c *Call, f *faults) {
	e := c.Expect
	if e.Transcript != nil || len(c.Script) == 0 || !f.clean("expect.transcript", "keypad", "report_consent") || f.has("hang_up") {
		return
	}
	withdrawn := slices.ContainsFunc(c.ReportConsent, func(r ConsentReport) bool { return r.Answer == ConsentWithdrawn })
	switch {
	case !l.agrees(c) && (e.Consent == nil || *e.Consent):
		f.add("expect", "nobody consents here, so nothing is recognised: write transcript: [], or %s", l.instead())
	case l.Consent == ReportedByAgent && withdrawn:
		f.add("expect", "consent is taken back here, so not all of the script is recognised: list under transcript the lines that must be")
	case l.agrees(c):
		l.languages(c, f)
	}
}

// languages finds words that nobody will recognise.
func (l Line) languages(c *Call, f *faults) {
	primary := func(tag string) string { p, _, _ := strings.Cut(strings.ToLower(tag), "-"); return p }
	for i, u := range c.Script {
		key := fmt.Sprintf("script[%d].language", i)
		known := slices.ContainsFunc(l.Languages, func(have string) bool { return primary(have) == primary(u.Language) })
		if u.Language != "" && !known && f.clean(key) {
			f.add(key, "%s is not recognised on %s, which hears %s: dial another number, or list under transcript the lines that must be recognised",
				u.Language, l.Number, sentence(l.Languages, "and"))
		}
	}
}

// agrees tells whether the caller may be heard.
func (l Line) agrees(c *Call) bool {
	return l.Consent == NotAsked || slices.Contains(c.Keypad, l.Grant) ||
		slices.ContainsFunc(c.ReportConsent, func(r ConsentReport) bool { return r.Answer == ConsentGranted })
}

// instead is how the caller's answer is written for this line.
func (l Line) instead() string {
	switch l.Consent {
	case AskedByKeypad:
		return fmt.Sprintf("write keypad: [%q]", l.Grant)
	case ReportedByAgent:
		return "write report_consent: [{at: 7s, answer: granted}]"
	default:
		return "leave it out"
	}
}

// labels finds names that the tenant doesn't have.
func (l Line) labels(c *Call, f *faults) {
	known := func(key, name, what string, names []string) bool {
		if name == "" || slices.Contains(names, name) || !f.clean(key) {
			return name != ""
		}
		f.add(key, "%s has no %s %q; %s", l.Tenant, what, name, Suggest(name, names, "it has"))
		return false
	}
	e := c.Expect
	known("expect.intent", e.Intent, "intent", l.Intents)
	person := ""
	if c.Agent != nil {
		person = c.Agent.Disposition
		known("agent.disposition", person, "disposition", l.Dispositions)
	}
	if known("expect.disposition", e.Disposition, "disposition", l.Dispositions) && e.Disposition != person &&
		slices.Contains(l.PersonOnly, e.Disposition) && f.clean("agent") {
		f.add("expect.disposition", "only a person sets %s: write agent: {answers_after: 3s, disposition: %s}", e.Disposition, e.Disposition)
	}
}

// records finds what the tenant's CRM refuses, or what a call never leaves there.
func (l Line) records(c *Call, f *faults) {
	tell := func(at string, faults []RecordFault) {
		for _, x := range faults {
			key := at
			if key == "" {
				key = fmt.Sprintf("crm[%d]", x.Record)
			}
			if x.Key != "" {
				key += "." + x.Key
			}
			if f.clean(key) || x.Key == "" {
				f.add(key, "%s", x.Text)
			}
		}
	}
	if len(c.CRM) > 0 && f.clean("crm") {
		tell("", l.CRM.Seed(c.CRM))
	}
	for i, r := range c.Expect.Records {
		key := fmt.Sprintf("expect.records[%d]", i)
		if r.Object == "" || !f.clean(key+".object", key+".fields") || !l.leaves(r.Object, key+".object", f) {
			continue
		}
		tell(key, l.CRM.Expect(r))
	}
	for i, o := range c.Expect.Absent {
		if o != "" {
			l.leaves(o, fmt.Sprintf("expect.absent[%d]", i), f)
		}
	}
}

// leaves tells whether a call can leave records of an object, and says so if not.
func (l Line) leaves(object, key string, f *faults) bool {
	if slices.Contains(l.Objects, object) {
		return true
	}
	switch wrong := l.CRM.Object(object); {
	case Nearest(object, l.Objects) != "":
		f.add(key, "there is no object %q; %s", object, Suggest(object, l.Objects, ""))
	case wrong != "":
		f.add(key, "there is no object %q; a call leaves records of %s", object, sentence(l.Objects, "and"))
	default:
		f.add(key, "no call leaves records of %s; it leaves them of %s", object, sentence(l.Objects, "and"))
	}
	return false
}
