package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// name is the caller's name as spoken; empty unless sure.
type name struct {
	first, last string
	confidence  any
	sure        bool
}

// whole is first and last name as people write them.
func (n name) whole() string { return strings.TrimSpace(n.first + " " + n.last) }

// spokenName takes the parts that inference gives, and splits a name that came whole by the same rule. It is sure above
// the tenant's threshold only.
func (v *view) spokenName() name {
	first, last, whole := v.details("first_name"), v.details("last_name"), v.details("name")
	n := name{first: v.detail("first_name"), last: v.detail("last_name")}
	var confidence float32
	switch {
	case last != nil:
		confidence = last.GetConfidence()
	case whole != nil:
		confidence = whole.GetConfidence()
	case first != nil:
		confidence = first.GetConfidence()
	default:
		return name{}
	}
	if first == nil && last == nil {
		n.first, n.last = events.SplitName(v.detail("name"), v.insight.GetLanguage(), nil)
	}
	n.confidence = share(confidence)
	// The tenant's threshold is decimal text, the confidence a float32: compared as people read them.
	if n.confidence.(float64) <= v.tenant.Salesforce.MinNameConfidence || n.first+n.last == "" {
		return name{confidence: n.confidence}
	}
	n.sure = true
	return n
}

func (v *view) redacted() string {
	if v.redactedText == nil {
		s := render(v.lines, (*events.Line).GetRedacted)
		v.redactedText = &s
	}
	return *v.redactedText
}

func (v *view) full() string {
	if v.fullText == nil {
		s := render(v.lines, (*events.Line).GetFull)
		v.fullText = &s
	}
	return *v.fullText
}

// hash tells one transcript from another, so that new words make a new file and the same words do not.
func (v *view) hash() string {
	if v.hashText == nil {
		sum := sha256.Sum256([]byte(v.full()))
		s := hex.EncodeToString(sum[:8])
		v.hashText = &s
	}
	return *v.hashText
}

// render writes "[00:12] Caller: I would like to …", a line an utterance.
func render(lines []*events.Line, words func(*events.Line) string) string {
	var b strings.Builder
	for _, l := range lines {
		if words(l) == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		seconds := l.GetStartMs() / 1000
		fmt.Fprintf(&b, "[%02d:%02d] %s: %s", seconds/60, seconds%60, party(l.GetParty()), words(l))
	}
	return b.String()
}

func party(p events.Party) string {
	switch p {
	case events.Party_PARTY_CALLER:
		return "Caller"
	case events.Party_PARTY_AGENT:
		return "Agent"
	default:
		return "Speaker"
	}
}

// words makes a label readable: "BookDemo" is "Book demo".
func words(label string) string {
	var b strings.Builder
	runes := []rune(strings.ReplaceAll(label, "_", " "))
	for i, r := range runes {
		begins := i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		switch {
		case begins && runes[i-1] != ' ':
			b.WriteByte(' ')
			fallthrough
		case begins:
			if i+1 < len(runes) && unicode.IsUpper(runes[i+1]) { // an abbreviation stays one
				b.WriteRune(r)
			} else {
				b.WriteRune(unicode.ToLower(r))
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// sentence is the first sentence of a text, its full stop left out. One that goes on in lower case or with a
// digit ("at 3 p.m. on Friday", "No. 12") has not ended; a quotation that ends it belongs to it.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	for i, r := range s {
		if r != '.' && r != '!' && r != '?' {
			continue
		}
		end := i + len(string(r))
		rest := strings.TrimLeft(s[end:], "\"”»")
		quoted := len(s) - len(rest)
		next, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, " "))
		switch {
		case rest != "" && rest[0] != ' ' && rest[0] != '\n':
		case r == '.' && (unicode.IsLower(next) || unicode.IsDigit(next)):
		case r == '.' && quoted == end:
			return s[:i]
		default:
			return s[:quoted]
		}
	}
	return s
}
