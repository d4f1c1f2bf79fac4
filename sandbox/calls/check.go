package calls

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	e164     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	apiName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	keys     = regexp.MustCompile(`^[0-9*#]*$`)
)

// longest stream that is laid out in memory; a mistaken unit ("40m" for "40s") would else take gigabytes.
const longest = Duration(2 * time.Hour)

// check says what is wrong with a call that stands on its own; its script is checked once the audio is laid.
func check(c *Call, f *faults) {
	numbers(c, f)
	for i, k := range c.Keypad {
		if !keys.MatchString(k) {
			f.add(fmt.Sprintf("keypad[%d]", i), "%q: want keys 0 to 9, * and #, or \"\" for no answer", k)
		}
	}
	reports(c, f)
	switch c.HangUp {
	case "":
	case HangUpRinging, HangUpQuestion:
		if len(c.Script)+len(c.Audio.Caller)+len(c.Audio.Agent) > 0 {
			f.add("hang_up", "ends the call before its stream: leave out script and audio")
		}
	default:
		f.add("hang_up", "%q: want %q or %q", c.HangUp, HangUpRinging, HangUpQuestion)
	}
	if c.Duration < 0 || c.Duration > longest {
		f.add("duration", "%v: want up to %v", c.Duration, longest)
		c.Duration = 0
	}
	if a := c.Agent; a != nil && (a.AnswersAfter < 0 || a.DispositionAfter < 0) {
		f.add("agent", "times can't be negative")
	}
	records(c, f)
}

func numbers(c *Call, f *faults) {
	if c.From != Anonymous && !e164.MatchString(c.From) {
		f.add("from", "%q: want a number in E.164, as +14155550123, or %q", c.From, Anonymous)
	}
	if !e164.MatchString(c.To) {
		f.add("to", "%q: want a number in E.164, as +14155550100", c.To)
	}
	if c.ForwardedFrom != "" && !e164.MatchString(c.ForwardedFrom) {
		f.add("forwarded_from", "%q: want a number in E.164", c.ForwardedFrom)
	}
}

func reports(c *Call, f *faults) {
	for i, r := range c.ReportConsent {
		key := fmt.Sprintf("report_consent[%d]", i)
		switch r.Answer {
		case ConsentGranted, ConsentRefused, ConsentWithdrawn:
		default:
			f.add(key+".answer", "%q: want %q, %q or %q", r.Answer, ConsentGranted, ConsentRefused, ConsentWithdrawn)
		}
		if r.At < 0 || (i > 0 && r.At < c.ReportConsent[i-1].At) {
			f.add(key+".at", "%v: want them in order of time", r.At)
		}
	}
}

func records(c *Call, f *faults) {
	for i, r := range c.CRM {
		key := fmt.Sprintf("crm[%d]", i)
		object(r.Object, key+".object", f)
		if len(r.Fields) == 0 {
			f.add(key, "has no fields")
		}
	}
	for i, r := range c.Expect.Records {
		object(r.Object, fmt.Sprintf("expect.records[%d].object", i), f)
	}
	for i, o := range c.Expect.Absent {
		object(o, fmt.Sprintf("expect.absent[%d]", i), f)
	}
	hidden(c.Expect.Hidden, "expect.hidden", f)
	hidden(c.Expect.HiddenFromModel, "expect.hidden_from_model", f)
}

func hidden(list []string, key string, f *faults) {
	for i, h := range list {
		if strings.TrimSpace(h) == "" {
			f.add(fmt.Sprintf("%s[%d]", key, i), "is empty: it would stand everywhere")
		}
	}
}

func object(name, key string, f *faults) {
	if !apiName.MatchString(name) {
		f.add(key, "%q: want an object's API name, as Lead or Case", name)
	}
}

// checkScript says what is wrong between the script and the sound.
func checkScript(c *Call, f *faults) {
	last := map[string]Duration{}
	for i, u := range c.Script {
		key := fmt.Sprintf("script[%d]", i)
		if len(strings.Fields(u.Text)) == 0 {
			f.add(key+".text", "is empty: write what is said, as a recogniser should write it")
		}
		if u.Language != "" && !language.MatchString(u.Language) {
			f.add(key+".language", "%q: want BCP 47, as en-US", u.Language)
		}
		if i > 0 && u.Start < c.Script[i-1].Start {
			f.add(key, "starts before the utterance before it: write the script in order of start")
		}
		track := c.Caller
		switch u.Track {
		case TrackCaller:
		case TrackAgent:
			track = c.AgentAudio
		default:
			f.add(key+".track", "%q: want %q or %q", u.Track, TrackCaller, TrackAgent)
			continue
		}
		if u.Start < last[u.Track] {
			f.add(key, "overlaps the utterance before it on the %s's track", u.Track)
		}
		last[u.Track] = max(last[u.Track], u.End)
		heard(c, u, track, key, f)
	}
}

// heard checks that there is sound where the script says that somebody speaks.
func heard(c *Call, u Utterance, track []byte, key string, f *faults) {
	switch {
	case u.File != "" && u.End == 0: // its file could not be read, and that was told
	case u.Start < 0 || u.End <= u.Start:
		f.add(key, "says start %v and end %v: want 0s <= start < end", u.Start, u.End)
	case span(u.End) > len(track):
		f.add(key, "ends at %v, after the stream (%v)", u.End, c.Duration)
	case !sounds(track[span(u.Start):span(u.End)]):
		f.add(key, "the %s's audio holds no sound from %v to %v", u.Track, u.Start, u.End)
	}
}
