package vertexai

import (
	"fmt"
	"strings"
	"sync"
)

// concept is what a phrase speaks of. Labels of a catalogue are tied to concepts by what their names and
// descriptions speak of, so that a catalogue with other names works as well.
type concept string

// What callers want.
const (
	demo        concept = "demo"
	pricing     concept = "pricing"
	support     concept = "support"
	reschedule  concept = "reschedule"
	wrongNumber concept = "wrong number"
	spam        concept = "spam"
	voicemail   concept = "voicemail"
	general     concept = "general"
	hangUp      concept = "hang up"
	unknown     concept = "unknown"
	// history is no wish: what has been, and manners of speaking.
	history concept = "history"
)

// How calls end.
const (
	booked      concept = "booked"
	lead        concept = "lead"
	ticket      concept = "ticket"
	moved       concept = "moved"
	informed    concept = "informed"
	left        concept = "message left"
	transferred concept = "transferred"
	dialled     concept = "misdialled"
	unwanted    concept = "unwanted"
	silent      concept = "silent"
	hungUp      concept = "hung up"
	refused     concept = "refused"
	review      concept = "review"
)

// who may say a phrase for it to count.
type who int

const (
	anyone who = iota
	caller
	agent
	label // stands in names and descriptions of labels only
)

// entry is one phrase of the lexicon.
type entry struct {
	concept concept
	weight  float64
	who     who
	phrase  string
}

// phrase is a compiled entry.
type phrase struct {
	entry
	pattern pattern
}

// lexicon is phrases, and which of them may begin with a word.
type lexicon struct {
	phrases []phrase
	begun   map[string][]int
	rest    []int // those that may begin with more words than are listed
}

func compileAll(lists ...[]entry) *lexicon {
	out := &lexicon{begun: map[string][]int{}}
	all := families()
	for _, list := range lists {
		for _, e := range list {
			k := len(out.phrases)
			out.phrases = append(out.phrases, phrase{entry: e, pattern: compileWith(e.phrase, all)})
			if e.who == label {
				continue // nobody says it
			}
			first, ok := out.phrases[k].pattern.begins()
			if !ok {
				out.rest = append(out.rest, k)
			}
			for _, w := range first {
				out.begun[w] = append(out.begun[w], k)
			}
		}
	}
	return out
}

// reader is the lexicons of both languages, compiled. It is safe for concurrent use.
type reader struct {
	wants, outcomes *lexicon
	caller          *learnt[concept]
	agent           *learnt[act]
	// studied are catalogues read before, by what they say: a tenant's is the same for every call.
	studied sync.Map
}

// mostStudied is how many catalogues are kept in mind.
const mostStudied = 100

// labels is what a catalogue's labels speak of; see [study]. Nobody changes what it returns.
func (r *reader) labels(names []string, described map[string]item, lex *lexicon) []labelled {
	var key strings.Builder
	fmt.Fprintf(&key, "%p", lex)
	for _, n := range names {
		fmt.Fprintf(&key, "%q%q", n, described[n].description)
	}
	if had, ok := r.studied.Load(key.String()); ok {
		return had.([]labelled) //nolint:forcetypeassert // nothing else is stored
	}
	out, n := study(names, described, lex), 0
	r.studied.Range(func(any, any) bool { n++; return n < mostStudied })
	if n < mostStudied {
		r.studied.Store(key.String(), out)
	}
	return out
}

// newReader is the reader, which is the same for everybody and trained once.
var newReader = sync.OnceValue(func() *reader {
	r := &reader{
		wants:    compileAll(wantsEnglish(), wantsSpanish(), wantsIndirect(), wantsIndirectSpanish(), wantsLabels()),
		outcomes: compileAll(outcomesEnglish(), outcomesSpanish(), outcomesLabels()),
	}
	r.caller = learn(signsOf(callerExamples(), r.wants, true))
	r.agent = learn(signsOf(agentExamples(), r.outcomes, false))
	return r
})

// signsOf is the signs in each example.
func signsOf[K ~string](examples map[K][]string, lex *lexicon, caller bool) map[K][][]string {
	out := map[K][][]string{}
	for k, list := range examples {
		for _, text := range list {
			out[k] = append(out[k], signs(newUtterance(caller, text), lex))
		}
	}
	return out
}

// wantsLabels are words for what callers want as people write catalogues.
func wantsLabels() []entry {
	return []entry{
		{demo, 3, label, "demo|demonstration|trial|walkthrough|presentation|tour|showing|viewing|viewings"},
		{demo, 2, label, "book|schedule|arrange|request demo|meeting|appointment|visit|viewing|consultation"},
		{demo, 1.5, label, "sales meeting|call|inquiry|enquiry"}, {demo, 1, label, "see|try the? product|software|platform"},
		{pricing, 3, label, "price|prices|pricing|cost|costs|quote|quotes|quotation|estimate|fees|rates|plans|discount|discounts"},
		{support, 3, label, "support|problem|problems|issue|issues|fault|broken|defect|defective|repair|repairs|complaint|complaints|help|troubleshooting|outage|technical"},
		{support, 2, label, "order|orders|delivery|refund|refunds|return|returns|billing|account|warranty|incident|bug"},
		{reschedule, 4, label, "reschedul~|rebook|postpone|postpones|move|moves|moving|change|changes|cancel|cancels|cancelling|shift"},
		{reschedule, 1, label, "appointment|appointments|meeting|date|time|booking|visit"},
		{wrongNumber, 6, label, "wrong number"}, {wrongNumber, 5, label, "misdial~"},
		{wrongNumber, 3, label, "somebody|someone|another|different else|company|person|business"},
		{spam, 5, label, "spam|robocall|robocalls|telemarket~|unsolicited|scam|junk|soliciting|solicitation|nuisance"},
		{spam, 4, label, "sales call|calls|pitch"}, {spam, 3, label, "recorded|automated message|call|announcement|pitch"}, {spam, 3, label, "sell|sells|selling * us|something"},
		{voicemail, 5, label, "voicemail|voice mail"}, {voicemail, 4, label, "left|leave|leaves a message"}, {voicemail, 2, label, "message"},
		{general, 3, label, "general|info|information|faq|enquiry|inquiry|question|questions"},
		{general, 4, label, "opening|business hours|times"}, {general, 3, label, "hours|location|directions|address|opening"},
		{hangUp, 5, label, "hang|hung|hangs up"}, {hangUp, 4, label, "abandon~|disconnected|dropped"}, {hangUp, 3, label, "said|says nothing"},
		{unknown, 4, label, "unknown|unclear|undetermined|none|unclassified"}, {unknown, 2, label, "other"},
	}
}

// outcomesLabels are words for how calls end as people write catalogues.
func outcomesLabels() []entry {
	return []entry{
		{booked, 5, label, "demo|meeting|appointment|visit|viewing booked|scheduled|arranged|set|fixed|agreed"},
		{booked, 3, label, "booked|scheduled"}, {booked, 3, label, "booking made|confirmed"},
		{lead, 5, label, "qualified lead"}, {lead, 3, label, "lead|prospect|opportunity|interested|qualified"},
		{lead, 2, label, "follow up|sales"},
		{ticket, 5, label, "ticket|case opened|created|raised|logged"}, {ticket, 4, label, "ticket|case"}, {ticket, 2, label, "support|problem|complaint|logged|escalated"},
		{moved, 5, label, "reschedul~|rebooked|postponed"}, {moved, 3, label, "moved|changed|cancelled|canceled"},
		{informed, 4, label, "information|info|answer given|provided"}, {informed, 4, label, "question|enquiry|inquiry answered"},
		{informed, 3, label, "information|informed|answered|explained|resolved"},
		{left, 5, label, "voicemail|message left"}, {left, 4, label, "left * message|voicemail"}, {left, 3, label, "voicemail"},
		{transferred, 5, label, "transfer~"}, {transferred, 3, label, "handed|passed|connected|forwarded|put on|over|through|to"},
		{dialled, 6, label, "wrong number"}, {dialled, 4, label, "misdial~"},
		{unwanted, 5, label, "spam|robocall|telemarket~|unsolicited|scam|junk"}, {unwanted, 3, label, "sales call|pitch"},
		{silent, 5, label, "no speech|words|answer"}, {silent, 5, label, "silent|silence"}, {silent, 4, label, "said|spoke|says nothing"},
		{hungUp, 5, label, "hung|hang|hangs up"}, {hungUp, 4, label, "abandon~|disconnected"},
		{refused, 5, label, "consent"}, {refused, 3, label, "refused|declined|withheld"},
		{review, 5, label, "review"}, {review, 3, label, "unclear|unknown|undecided|unresolved|check|manual|human"}, {review, 2, label, "person must|should|needs|look"},
	}
}
