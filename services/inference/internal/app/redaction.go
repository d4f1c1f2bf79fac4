package app

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// redacted is a transcript with its redaction.
type redacted struct {
	lines  []line
	result *redact.Result
}

func (d *Desk) redact(lines []line, language string) *redacted {
	in := make([]redact.Line, len(lines))
	for i, l := range lines {
		in[i] = redact.Line{Caller: l.party == events.Party_PARTY_CALLER, StartMS: l.startMS, EndMS: l.endMS, Text: l.text}
	}
	return &redacted{lines: lines, result: d.redactor.Redact(in, language)}
}

// cautious is r, below the threshold with the numbers masked that nothing explains: what a model may not see for that is
// not passed on to others either.
func (r *redacted) cautious(threshold float64) *redacted {
	if r.result.Confidence < threshold {
		r.result = r.result.Cautious()
	}
	return r
}

// transcript is the lines as a revision holds them.
func (r *redacted) transcript() []*events.Line {
	out := make([]*events.Line, len(r.lines))
	for i, l := range r.lines {
		out[i] = &events.Line{
			Party: l.party, StartMs: l.startMS, EndMs: l.endMS, Redacted: r.result.Redacted[i], Full: r.result.Masked[i],
		}
	}
	return out
}

// report is what the redactor did; nil where there was nothing to redact.
func (r *redacted) report(threshold float64) *events.Redaction {
	if len(r.lines) == 0 {
		return nil
	}
	out := &events.Redaction{
		Confidence: float32(r.result.Confidence), Review: r.result.Confidence < threshold, Version: redact.Version,
	}
	for k, n := range r.result.Counts {
		out.Counts = append(out.Counts, &events.RedactionCount{Type: string(k), Count: uint32(n)}) //nolint:gosec // a count of findings
	}
	slices.SortFunc(out.Counts, func(a, b *events.RedactionCount) int { return cmp.Compare(a.GetType(), b.GetType()) })
	return out
}

// shown is what the model may see: placeholders, or the words themselves but for card numbers and security codes.
func (r *redacted) shown(full bool) []shown {
	out := make([]shown, len(r.lines))
	for i, l := range r.lines {
		out[i] = shown{party: l.party, startMS: l.startMS, text: r.result.Redacted[i]}
		if full {
			out[i].text = r.result.Masked[i]
		}
	}
	return out
}

// hide takes personal data out of a text that a model wrote after it had seen an unredacted transcript:
// summaries and quotes go where values may not. What is in the transcript gets its own placeholder; what the
// redactor finds beyond that gets one without a number, which stands for nothing.
func (d *Desk) hide(r *redact.Result, text, language string) string {
	for _, s := range substitutes(r.Values) {
		text = s.pattern.ReplaceAllString(text, "${1}"+s.placeholder+"${2}")
	}
	found := d.redactor.Redact([]redact.Line{{Text: text}}, language)
	if len(found.Counts) == 0 || len(found.Redacted) == 0 {
		return text
	}
	known := map[string]bool{}
	for _, p := range placeholder.FindAllString(text, -1) {
		known[p] = true
	}
	return placeholder.ReplaceAllStringFunc(found.Redacted[0], func(p string) string {
		if known[p] {
			return p
		}
		kind, _, _ := strings.Cut(p, "_")
		return kind + "]"
	})
}

type substitute struct {
	placeholder string
	pattern     *regexp.Regexp
}

// substitutes finds the values of a transcript in other text, the longest first, and a name also by its parts.
func substitutes(values map[string]string) []substitute {
	type pair struct{ placeholder, value string }
	var pairs []pair
	for p, v := range values {
		pairs = append(pairs, pair{p, v})
		if strings.HasPrefix(p, "["+string(redact.Name)+"_") {
			for _, part := range strings.Fields(v) {
				if utf8.RuneCountInString(part) > 2 {
					pairs = append(pairs, pair{p, part})
				}
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(len(b.value), len(a.value)), cmp.Compare(a.placeholder, b.placeholder), cmp.Compare(a.value, b.value))
	})
	out := make([]substitute, 0, len(pairs))
	for _, p := range pairs {
		// Word by word, whatever the space between: \b would not hold beside "+" or an accent.
		words := strings.Fields(p.value)
		for i, w := range words {
			words[i] = regexp.QuoteMeta(w)
		}
		re, err := regexp.Compile(`(?i)(^|[^\p{L}\p{N}])` + strings.Join(words, `\s+`) + `($|[^\p{L}\p{N}])`)
		if err == nil && len(words) > 0 {
			out = append(out, substitute{p.placeholder, re})
		}
	}
	return out
}
