package vertexai

import (
	"regexp"
	"strconv"
	"strings"

	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
)

// prompt is what the reader understands of a request: a catalogue, a transcript, and a few facts beside it.
// Nothing else of the request reaches it.
type prompt struct {
	// described are list items of the instruction: "- Name: description".
	described map[string]item
	lines     []utterance
	// handling, business and language as the account of the call tells.
	handling, business, language string
	// repair tells that an answer of ours was sent back.
	repair bool
}

// item is one label of the catalogue.
type item struct {
	description string
	// action and due are the usual next action, if the item names one.
	action string
	due    int
}

// utterance is one line of the transcript.
type utterance struct {
	caller bool
	raw    []string // words as they stand
	words  []word
}

var (
	itemLine   = regexp.MustCompile(`^\s*(?:[-*•]|\d+[.)])\s*"?([\pL][\pL\pN_ -]{0,60}?)"?\s*(?::|\x{2013}|\x{2014}| - )\s*(.+)$`)
	bareItem   = regexp.MustCompile(`^\s*(?:[-*•]|\d+[.)])\s*"?([\pL][\pL\pN_-]{0,60})"?\s*(\(.*\))?\s*$`)
	usual      = regexp.MustCompile(`\(usual next action: (.+?), due in business days: (\d+)\)\s*$`)
	spokenLine = regexp.MustCompile(`(?i)^\s*(?:\d+[.:)]?\s+)?(?:\[?(?:\d+:)?\d+:\d+(?:\.\d+)?\]?\s+)?(caller|customer|user|agent|receptionist|assistant|representative)\s*:\s*(.*)$`)
	factLine   = regexp.MustCompile(`(?i)^\s*[-*•]\s*(handling|line of business|language of the line)\s*:\s*(.+)$`)
)

// read takes a request apart.
func read(req *pb.GenerateContentRequest) *prompt {
	p := &prompt{described: map[string]item{}}
	p.instruction(textOf(req.GetSystemInstruction(), nil))
	for i, c := range req.GetContents() {
		if c.GetRole() == "model" {
			p.repair = true
			continue
		}
		if i > 0 {
			continue // what was wrong with our answer: the reader has no second opinion to look up
		}
		p.account(textOf(nil, []*pb.Content{c}))
	}
	return p
}

func (p *prompt) instruction(text string) {
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if m := itemLine.FindStringSubmatch(l); m != nil {
			p.describe(strings.TrimSpace(m[1]), m[2])
		} else if m := bareItem.FindStringSubmatch(l); m != nil {
			p.describe(m[1], m[2])
		}
	}
}

func (p *prompt) describe(name, description string) {
	it := item{description: description}
	if m := usual.FindStringSubmatch(description); m != nil {
		it.description = strings.TrimSpace(strings.TrimSuffix(description, m[0]))
		it.action = m[1]
		it.due, _ = strconv.Atoi(m[2]) // digits by the pattern; too many of them mean none
	}
	p.described[name] = it
}

// account reads the call: facts, then lines. Where the transcript is fenced, only what is inside counts.
func (p *prompt) account(text string) {
	before, inside, fenced := strings.Cut(text, "<transcript>")
	if fenced {
		inside, _, _ = strings.Cut(inside, "</transcript>")
	} else {
		inside = text
	}
	for l := range strings.Lines(before) {
		if m := factLine.FindStringSubmatch(strings.TrimSpace(l)); m != nil {
			switch value := strings.TrimSpace(m[2]); strings.ToLower(m[1]) {
			case "handling":
				p.handling = value
			case "line of business":
				p.business = value
			default:
				p.language = value
			}
		}
	}
	for l := range strings.Lines(inside) {
		if m := spokenLine.FindStringSubmatch(strings.TrimSpace(l)); m != nil {
			who := strings.ToLower(m[1])
			p.lines = append(p.lines, newUtterance(who == "caller" || who == "customer" || who == "user", m[2]))
		}
	}
}

func newUtterance(caller bool, text string) utterance {
	u := utterance{caller: caller, raw: strings.Fields(text)}
	u.words = words(u.raw)
	return u
}

// quote is a piece of the line as it stands: words from to to, widened to the clause but to no more than
// most words.
func (u utterance) quote(from, to int) string {
	const most = 20
	if len(u.raw) == 0 {
		return ""
	}
	from, to = max(0, min(from, len(u.raw)-1)), max(1, min(to, len(u.raw)))
	for from > 0 && to-from < most && !ends(u.raw[from-1]) {
		from--
	}
	for to < len(u.raw) && to-from < most && !ends(u.raw[to-1]) {
		to++
	}
	if to-from > most {
		to = from + most
	}
	return strings.Join(u.raw[from:to], " ")
}

// ends tells whether a word ends a sentence, which the point of a title doesn't.
func ends(w string) bool {
	switch w {
	case "Mr.", "Mrs.", "Ms.", "Dr.", "St.", "Sr.", "Sra.":
		return false
	}
	return strings.HasSuffix(w, ".") || strings.HasSuffix(w, "?") || strings.HasSuffix(w, "!")
}
