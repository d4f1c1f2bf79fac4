package vertexai

import (
	"slices"
	"strings"
	"unicode/utf8"
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
		whoCalls = n
	} else if n := strings.TrimSpace(value("first_name") + " " + value("last_name")); n != "" {
		whoCalls = n
	}
	if c := value("company"); c != "" {
		whoCalls += " from " + c
	}
	s := whoCalls + " " + f.wish(p)
	if o := value("order_number"); o != "" && f.intent.by == support {
		s += " (order " + o + ")"
	}
	s = stop(s + f.quoted())
	if end := f.end(value("preferred_time")); end != "" {
		s += " " + end + "."
	}
	f.summary = s
	f.next(p, value)
}

// quoted is the matter in the caller's words, where the kind of call does not say all.
func (f *findings) quoted() string {
	switch f.intent.by { //nolint:exhaustive // the rest have one
	case wrongNumber, unknown, hangUp, "":
		return ""
	}
	if m := f.matter(); m != "" {
		return ": \"" + strings.ReplaceAll(m, "\"", "'") + "\""
	}
	return ""
}

// stop ends a sentence, unless a question that is quoted has.
func stop(s string) string {
	if strings.HasSuffix(s, "?\"") || strings.HasSuffix(s, "!\"") {
		return s
	}
	return s + "."
}

// wish says what was wanted.
func (f *findings) wish(p *prompt) string {
	switch f.intent.by { //nolint:exhaustive // the rest mean nothing here
	case demo:
		return "asked to see the product"
	case pricing:
		return "asked about prices"
	case support:
		return "reported a problem"
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
	promise := f.promise()
	switch f.intent.by { //nolint:exhaustive // the rest mean nothing here
	case wrongNumber, spam, hangUp, unknown:
		return
	case general:
		if f.disposition.by != left && promise == "" {
			return
		}
	}
	switch f.disposition.by { //nolint:exhaustive // the rest mean nothing here
	case transferred, dialled, unwanted:
		return
	case informed:
		if promise == "" {
			return
		}
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
		a.reason = f.waits(p)
	}
	if promise != "" {
		a.reason = "A call back was promised: \"" + promise + "\" " + a.reason
	}
	f.action = a
}

// promise is what an agent said of somebody who will call the caller; empty if nobody will.
func (f *findings) promise() string {
	out := ""
	for _, s := range f.gist.said {
		if !s.caller && !s.asks() && (s.acts[actCalls] >= probable || saysAny(s.utterance, ringsBack) && s.does(actCalls, actQuotes, actTickets)) {
			out = strings.Trim(strings.Join(s.raw, " "), ` .,;:"`)
		}
	}
	if utf8.RuneCountInString(out) > mostPromise {
		return ""
	}
	return capital(strings.ReplaceAll(out, "\"", "'"))
}

var ringsBack = []pattern{
	compile("call|ring|phone|contact you"), compile("get|come back to you"), compile("in touch"), compile("give you a ring|call|bell|shout|buzz"), compile("hear from"), compile("you back"),
	compile("le|la|lo|les * llama|llamara|llamamos|llamaremos|llamar|marca|marcamos|contacta|contactara"), compile("se comunica|comunicara|comunican"),
}

// mostPromise is how long an agent's words may be to be repeated.
const mostPromise = 160

// waits says why something is left to do, where neither order nor time tells.
func (f *findings) waits(p *prompt) string {
	switch f.intent.by { //nolint:exhaustive // the rest mean nothing here
	case demo:
		return "The caller wants to see the product."
	case pricing:
		return "The caller waits for a price."
	case support:
		return "The caller waits for help."
	case reschedule:
		return "The caller needs another time."
	case voicemail:
		return "The caller waits to be called back."
	}
	return "The caller " + f.wish(p) + "."
}
