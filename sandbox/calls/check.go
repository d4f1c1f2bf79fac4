package calls

import (
	"fmt"
	"regexp"
	"time"
)

var (
	e164     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	keys     = regexp.MustCompile(`^[0-9*#]*$`)
)

// longest stream that is laid out in memory; a mistaken unit ("40m" for "40s") would else take gigabytes.
const longest = Duration(2 * time.Hour)

// check says what is wrong with a call's words, in the order of call.yaml; its sound is checked once it is laid.
func check(c *Call, f *faults) {
	numbers(c, f)
	for i, k := range c.Keypad {
		if !keys.MatchString(k) {
			f.add(fmt.Sprintf("keypad[%d]", i), "%q: want keys 0 to 9, * and #, or \"\" for no answer", k)
		}
	}
	reports(c, f)
	voices(c, f)
	script(c, f)
	switch c.HangUp {
	case "":
	case HangUpRinging, HangUpQuestion:
		if len(c.Script)+len(c.Audio.Caller)+len(c.Audio.Agent) > 0 || c.Duration != 0 {
			f.add("hang_up", "ends the call before its stream: leave out script, audio and duration, or hang_up")
		}
	default:
		f.add("hang_up", "%q: want %q or %q", c.HangUp, HangUpRinging, HangUpQuestion)
	}
	if c.Duration < 0 || c.Duration > longest {
		f.add("duration", "%v: want 0s to %v", c.Duration, longest)
		c.Duration = 0
	}
	if a := c.Agent; a != nil {
		for key, d := range map[string]Duration{"agent.answers_after": a.AnswersAfter, "agent.disposition_after": a.DispositionAfter} {
			if d < 0 || d > longest {
				f.add(key, "%v: want 0s to %v", d, longest)
			}
		}
	}
	records(c, f)
	hidden(c, f)
	transcript(c, f)
}

func numbers(c *Call, f *faults) {
	switch {
	case !f.clean("from"):
	case c.From == "":
		f.add("from", "is missing: give the caller's number in E.164, as +14155550123, or %q", Anonymous)
	case c.From != Anonymous && !e164.MatchString(c.From):
		f.add("from", "%q: want a number in E.164, as +14155550123, or %q", c.From, Anonymous)
	}
	switch {
	case !f.clean("to"):
	case c.To == "":
		f.add("to", "is missing: give the dialled number in E.164, as +14155550100")
	case !e164.MatchString(c.To):
		f.add("to", "%q: want a number in E.164, as +14155550100", c.To)
	}
	if c.ForwardedFrom != "" && !e164.MatchString(c.ForwardedFrom) {
		f.add("forwarded_from", "%q: want a number in E.164, as +14155550100", c.ForwardedFrom)
	}
}

func reports(c *Call, f *faults) {
	for i, r := range c.ReportConsent {
		key := fmt.Sprintf("report_consent[%d]", i)
		switch r.Answer {
		case ConsentGranted, ConsentRefused, ConsentWithdrawn:
		default:
			if !f.clean(key + ".answer") {
				continue
			}
			f.add(key+".answer", "%q: want %q, %q or %q", r.Answer, ConsentGranted, ConsentRefused, ConsentWithdrawn)
		}
		switch before := fmt.Sprintf("report_consent[%d].at", i-1); {
		case !f.clean(key + ".at"):
		case r.At < 0 || r.At > longest:
			f.add(key+".at", "%v: want 0s to %v", r.At, longest)
		case i > 0 && r.At < c.ReportConsent[i-1].At && f.clean(before):
			f.add(key+".at", "%v: is before the answer before it: write them in order of time", r.At)
		}
	}
}

func records(c *Call, f *faults) {
	for i, r := range c.CRM {
		key := fmt.Sprintf("crm[%d]", i)
		object(r.Object, key, f)
		if len(r.Fields) == 0 && f.clean(key+".fields") {
			f.add(key, "has no fields")
		}
	}
	for i, r := range c.Expect.Records {
		object(r.Object, fmt.Sprintf("expect.records[%d]", i), f)
	}
	for i, o := range c.Expect.Absent {
		if key := fmt.Sprintf("expect.absent[%d]", i); o == "" && f.clean(key) {
			f.add(key, "is empty: name an object, as Lead or Case")
		}
	}
	if e := c.Expect; e.Recorded != nil && !*e.Recorded {
		var moot []string
		for _, x := range []struct {
			key   string
			given bool
		}{{"intent", e.Intent != ""}, {"disposition", e.Disposition != ""}, {"consent", e.Consent != nil}, {"records", len(e.Records) > 0}} {
			if x.given {
				moot = append(moot, x.key)
			}
		}
		if moot != nil {
			f.add("expect.recorded", "false leaves nothing to look at: leave it out, or leave out %s", sentence(moot, "and"))
		}
	}
}

func object(name, key string, f *faults) {
	switch {
	case !f.clean(key + ".object"):
	case name == "":
		f.add(key, "names no object: give its API name, as in {object: Lead, fields: {LastName: Reed}}")
	}
}
