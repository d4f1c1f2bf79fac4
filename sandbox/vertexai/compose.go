package vertexai

import (
	"slices"
	"strings"
)

// compose writes summary and next action from what was found.
func (f *findings) compose(p *prompt) {
	value := func(name string) string {
		if i := slices.IndexFunc(f.details, func(d detail) bool { return d.name == name }); i >= 0 {
			return f.details[i].value
		}
		return ""
	}
	whoCalls := "The caller"
	if n := value("name"); n != "" {
		whoCalls += " " + n
	} else if n := strings.TrimSpace(value("first_name") + " " + value("last_name")); n != "" {
		whoCalls += " " + n
	}
	if c := value("company"); c != "" {
		whoCalls += " of " + c
	}
	s := whoCalls + " " + f.wish(value("order_number"), p) + "."
	if end := f.end(value("preferred_time")); end != "" {
		s += " " + end + "."
	}
	f.summary = s
	f.next(p, value)
}

// wish says what was wanted.
func (f *findings) wish(order string, p *prompt) string {
	switch f.intent.by { //nolint:exhaustive // the rest mean nothing here
	case demo:
		return "asked to see the product"
	case pricing:
		return "asked about prices"
	case support:
		if order != "" {
			return "asked for help with order " + order
		}
		return "reported a problem and asked for help"
	case reschedule:
		return "asked to change an appointment"
	case general:
		return "asked a general question"
	case wrongNumber:
		return "had dialled the wrong number"
	case spam:
		return "tried to sell something"
	case voicemail:
		return "left a message"
	}
	if d := strings.TrimRight(p.described[f.intent.name].description, ". "); d != "" && f.intent.by != unknown {
		return "called about this: " + strings.ToLower(d[:1]) + d[1:]
	}
	return "did not make clear what the call was about"
}

// end says what came of it.
func (f *findings) end(when string) string {
	at := ""
	if when != "" {
		at = " (" + when + ")"
	}
	switch f.disposition.by { //nolint:exhaustive // the rest mean nothing here
	case booked:
		return "A time was agreed" + at
	case lead:
		return "The caller is interested and waits to hear from us" + at
	case ticket:
		return "The problem was taken down for support"
	case moved:
		return "The appointment was changed" + at
	case informed:
		return "The question was answered"
	case left:
		return "It was left on the voicemail"
	case transferred:
		return "The caller was handed on to a person"
	}
	return ""
}

// next is what the company should do: nothing where the matter is closed or was none.
func (f *findings) next(p *prompt, value func(string) string) {
	switch f.intent.by { //nolint:exhaustive // the rest mean nothing here
	case wrongNumber, spam, hangUp, unknown:
		return
	case general:
		if f.disposition.by != left {
			return
		}
	}
	switch f.disposition.by { //nolint:exhaustive // the rest mean nothing here
	case informed, transferred, dialled, unwanted:
		return
	}
	a := &action{subject: "Call back", due: 1}
	switch f.intent.by { //nolint:exhaustive // the rest mean nothing here
	case demo:
		a.subject = "Prepare the demo"
		if f.disposition.by != booked {
			a.subject = "Call back to book the demo"
		}
	case pricing:
		a.subject = "Send a quote"
	case support:
		a.subject = "Follow up on the support request"
	case reschedule:
		a.subject = "Confirm the new appointment"
	}
	if it := p.described[f.intent.name]; it.action != "" {
		a.subject, a.due = it.action, it.due
	}
	if o := value("order_number"); o != "" && f.intent.by == support {
		a.reason = "The caller waits for help with order " + o + "."
	} else if t := value("preferred_time"); t != "" {
		a.reason = "The caller named a time: " + strings.TrimRight(t, ".") + "."
	} else {
		a.reason = "The caller " + f.wish("", p) + "."
	}
	f.action = a
}
