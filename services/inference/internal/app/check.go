package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// fault is one thing wrong with an answer.
type fault struct {
	// code for metrics, e.g. "intent.quote".
	code string
	// text tells the model; it may repeat the model's own words and goes nowhere else.
	text string
	// fatal: without this the answer is none.
	fatal bool
}

// Limits of what a CRM field takes: a summary goes into a long text, a subject into a Task's Subject.
const (
	maxSummary = 2000
	maxSubject = 200
	maxReason  = 500
	maxValue   = 255
	maxDueDays = 60
)

// placeholder as the redactor writes it.
var placeholder = regexp.MustCompile(`\[[A-Z]+_[0-9]+\]`)

// check decodes an answer, removes what the transcript doesn't bear out and says what was wrong. The
// answer is nil if a fatal fault leaves nothing to use.
func check(raw string, t *tenant.Tenant, lines []shown) (*answer, []fault) {
	a, err := decode(raw)
	if err != nil {
		return nil, []fault{{code: "json", text: "it is not the JSON that was asked for", fatal: true}}
	}
	c := checker{lines: lines, known: placeholders(lines)}
	intents, dispositions := labels(t)
	c.label("intent", a.Intent, intents)
	c.disposition(&a.Disposition, dispositions)
	if fault := c.prose("summary", a.Summary, maxSummary); fault {
		a.Summary = ""
	}
	c.action(a)
	a.Details = slices.DeleteFunc(a.Details, func(d detailed) bool { return !c.detail(d) })
	if slices.ContainsFunc(c.faults, func(f fault) bool { return f.fatal }) {
		return nil, c.faults
	}
	return a, c.faults
}

// decode is strict: an unknown member or a second document is no answer.
func decode(raw string) (*answer, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(raw)))
	d.DisallowUnknownFields()
	a := &answer{}
	if err := d.Decode(a); err != nil {
		return nil, fmt.Errorf("decoding the answer: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("decoding the answer: something follows it")
	}
	return a, nil
}

// checker collects faults.
type checker struct {
	lines  []shown
	known  map[string]bool
	faults []fault
}

func (c *checker) fault(code string, fatal bool, format string, args ...any) {
	c.faults = append(c.faults, fault{code: code, text: fmt.Sprintf(format, args...), fatal: fatal})
}

// label checks one of the two labels. Without its label, its confidence or words that bear it out the answer is none.
func (c *checker) label(name string, l labelled, allowed []string) {
	c.named(name, l, allowed)
	if !c.said(l.Quote, l.Speaker) {
		c.fault(name+".quote", true, "the quote of %s, %q, is not what the %s said", name, l.Quote, l.Speaker)
	}
}

// disposition checks how the call ended. Where that stands in no line the answer must say so, and can't be sure of it.
func (c *checker) disposition(l *labelled, allowed []string) {
	if norm(l.Quote) != noLine || c.said(l.Quote, l.Speaker) {
		c.label("disposition", *l, allowed)
		return
	}
	c.named("disposition", *l, allowed)
	l.Quote, l.Confidence = noLine, min(l.Confidence, mostWithoutLine)
}

func (c *checker) named(name string, l labelled, allowed []string) {
	if !slices.Contains(allowed, l.Value) {
		c.fault(name+".value", true, "%s %q is not one of: %s", name, l.Value, strings.Join(allowed, ", "))
	}
	if !(l.Confidence >= 0 && l.Confidence <= 1) {
		c.fault(name+".confidence", true, "the confidence of %s is not between 0 and 1", name)
	}
}

func (c *checker) said(quote, who string) bool {
	_, _, ok := findQuote(c.lines, party(who), quote)
	return ok
}

// prose checks a text of the model's own and reports whether it must be left out.
func (c *checker) prose(name, text string, limit int) (bad bool) {
	switch p := c.unknown(text); {
	case strings.TrimSpace(text) == "":
		c.fault(name, false, "%s is empty", name)
	case utf8.RuneCountInString(text) > limit:
		c.fault(name, false, "%s is longer than %d characters", name, limit)
	case p != "":
		c.fault(name, false, "%s holds %s, which is not in the transcript", name, p)
	default:
		return false
	}
	return true
}

// unknown is the first placeholder in text that the transcript doesn't hold; "" if none.
func (c *checker) unknown(text string) string {
	for _, p := range placeholder.FindAllString(text, -1) {
		if !c.known[p] {
			return p
		}
	}
	return ""
}

func (c *checker) action(a *answer) {
	n := a.NextAction
	if n == nil {
		return
	}
	bad := c.prose("next_action.subject", n.Subject, maxSubject)
	bad = c.prose("next_action.reason", n.Reason, maxReason) || bad
	if n.DueInDays < 0 || n.DueInDays > maxDueDays {
		c.fault("next_action.due_in_days", false, "next_action.due_in_days is not between 0 and %d", maxDueDays)
		bad = true
	}
	if !c.said(n.Quote, n.Speaker) {
		c.fault("next_action.quote", false, "the quote of next_action, %q, is not what the %s said", n.Quote, n.Speaker)
		bad = true
	}
	if bad {
		a.NextAction = nil
	}
}

func (c *checker) detail(d detailed) bool {
	before := len(c.faults)
	switch {
	case !slices.Contains(detailNames(), d.Name):
		c.fault("details.name", false, "there is no detail %q", d.Name)
	case strings.TrimSpace(d.Value) == "" || utf8.RuneCountInString(d.Value) > maxValue:
		c.fault("details.value", false, "the value of detail %s is empty or longer than %d characters", d.Name, maxValue)
	case c.unknown(d.Value) != "":
		c.fault("details.value", false, "detail %s holds %s, which is not in the transcript", d.Name, c.unknown(d.Value))
	case !(d.Confidence >= 0 && d.Confidence <= 1):
		c.fault("details.confidence", false, "the confidence of detail %s is not between 0 and 1", d.Name)
	case !c.said(d.Quote, d.Speaker):
		c.fault("details.quote", false, "the quote of detail %s, %q, is not what the %s said", d.Name, d.Quote, d.Speaker)
	}
	return len(c.faults) == before
}

// party is the speaker of an answer; UNSPECIFIED, who never speaks, for any other word.
func party(speaker string) events.Party {
	switch speaker {
	case "caller":
		return events.Party_PARTY_CALLER
	case "agent":
		return events.Party_PARTY_AGENT
	}
	return events.Party_PARTY_UNSPECIFIED
}

func placeholders(lines []shown) map[string]bool {
	known := map[string]bool{}
	for _, l := range lines {
		for _, p := range placeholder.FindAllString(l.text, -1) {
			known[p] = true
		}
	}
	return known
}
