package report

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
)

// Leak is a hidden string found where it must not stand.
type Leak struct {
	Call string `json:"call"`
	// Where: a topic, "model" or "log".
	Where string `json:"where"`
	// Hidden is which of the call's strings it is, as "hidden[0]"; the string itself is not repeated.
	Hidden string `json:"hidden"`
	// Fields of the topic's events that hold it, as "call_insight.transcript.full".
	Fields []string `json:"fields,omitempty"`
}

// Places that are no topics.
const (
	inModel = "model"
	inLog   = "log"
)

// told says each of a call's leaked strings once, with every place where it stands.
func told(leaks []Leak, call string) []string {
	var order []string
	places := map[string][]string{}
	for _, l := range leaks {
		if l.Call != call {
			continue
		}
		if places[l.Hidden] == nil {
			order = append(order, l.Hidden)
		}
		places[l.Hidden] = append(places[l.Hidden], l.place())
	}
	for i, hidden := range order {
		order[i] = "a leak: " + hidden + " of call.yaml stands in " + strings.Join(places[hidden], "; ")
	}
	return order
}

func (l Leak) place() string {
	switch {
	case l.Where == inModel:
		return "what the model was asked"
	case l.Where == inLog:
		return "the services' log"
	case len(l.Fields) > 0:
		return l.Where + " (" + strings.Join(l.Fields, ", ") + ")"
	}
	return l.Where
}

// haystack is one place to search; what belongs to one call is searched for that call's strings only.
type haystack struct {
	where  string
	all    string
	byCall map[string]string
	// events are the same as byCall, decoded: they tell in which field a find stands.
	events map[string][]*events.CallEvent
}

func (h haystack) of(callID string) string { return h.all + h.byCall[callID] }

// findLeaks searches what the models were asked, the log, and every topic after calls.transcripts for what
// the calls hide.
func findLeaks(ctx context.Context, src Sources, played []Played) ([]Leak, error) {
	places := []haystack{{where: inModel, all: strings.Join(src.Asked, "\n")}, {where: inLog, all: src.Log}}
	for _, t := range events.Topics() {
		if t.Name == events.Lifecycle.Name || t.Name == events.Media.Name || t.Name == events.Transcripts.Name {
			continue
		}
		h, err := topicText(ctx, src, t)
		if err != nil {
			return nil, err
		}
		places = append(places, h)
	}
	own := asked(src.Asked, played)
	var leaks []Leak
	for _, p := range played {
		for _, h := range places {
			text := h.of(p.SID)
			digits := digitRuns(text)
			for i, s := range p.Call.Expect.Hidden {
				if holds(text, digits, s) {
					leaks = append(leaks, Leak{p.Call.Name, h.where, fmt.Sprintf("hidden[%d]", i), fieldsWith(h.events[p.SID], s)})
				}
			}
		}
		text := own.of(p.SID)
		digits := digitRuns(text)
		for i, s := range p.Call.Expect.HiddenFromModel {
			if holds(text, digits, s) {
				leaks = append(leaks, Leak{p.Call.Name, inModel, fmt.Sprintf("hidden_from_model[%d]", i), nil})
			}
		}
	}
	return leaks, nil
}

// asked is what the models were asked, by the call that each prompt is about. A prompt names no call: it is about the one
// whose script shares the most letters of its words with it; of calls with the same script, about all. A name that one
// caller hides may be another's everyday word, so names are looked for there only; cards are looked for everywhere.
func asked(prompts []string, played []Played) haystack {
	h := haystack{where: inModel, byCall: map[string]string{}}
	scripts := make([]map[string]bool, len(played))
	for i, p := range played {
		var text strings.Builder
		for _, u := range p.Call.Script {
			text.WriteString(u.Text + " ")
		}
		scripts[i] = distinct(text.String())
	}
	for _, prompt := range prompts {
		_, account, _ := strings.Cut(prompt, "<transcript>")
		words := distinct(account)
		shared, most := make([]int, len(played)), 0
		for i, script := range scripts {
			for w := range words {
				if script[w] {
					shared[i] += len(w)
				}
			}
			most = max(most, shared[i])
		}
		if most == 0 {
			h.all += prompt + "\n"
			continue
		}
		for i, p := range played {
			if shared[i] == most {
				h.byCall[p.SID] += prompt + "\n"
			}
		}
	}
	return h
}

// distinct words of a text.
func distinct(text string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		out[w] = true
	}
	return out
}

// fieldsWith names the fields that hold a hidden string, each once.
func fieldsWith(list []*events.CallEvent, hidden string) []string {
	found := map[string]bool{}
	for _, e := range list {
		walk(e.ProtoReflect(), "", func(path, text string) {
			if holds(text, digitRuns(text), hidden) {
				found[path] = true
			}
		})
	}
	return slices.Sorted(maps.Keys(found))
}

// walk visits every text in a message; path is the field's, without the envelope's own "body".
func walk(m protoreflect.Message, path string, visit func(path, text string)) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		at := strings.TrimPrefix(path+"."+string(f.Name()), ".")
		at = strings.TrimPrefix(at, "body.")
		value := func(v protoreflect.Value, kind protoreflect.FieldDescriptor) {
			switch kind.Kind() {
			case protoreflect.StringKind:
				visit(at, v.String())
			case protoreflect.BytesKind:
				visit(at, string(v.Bytes()))
			case protoreflect.MessageKind:
				walk(v.Message(), at, visit)
			default: // numbers hold no text
			}
		}
		switch {
		case f.IsList():
			for i := range v.List().Len() {
				value(v.List().Get(i), f)
			}
		case f.IsMap():
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool { value(v, f.MapValue()); return true })
		default:
			value(v, f)
		}
		return true
	})
}

// topicText is everything that a topic holds, by call. Strings stand in protobuf as they are, so the raw bytes are searched: no
// field is missed.
func topicText(ctx context.Context, src Sources, t events.Topic) (haystack, error) {
	h := haystack{where: t.Name, byCall: map[string]string{}, events: map[string][]*events.CallEvent{}}
	text := map[string]*strings.Builder{}
	err := readTopic(ctx, src.Conn, t, src.Partitions, func(r broker.Record) {
		key := string(r.Key)
		if text[key] == nil {
			text[key] = &strings.Builder{}
		}
		text[key].Write(r.Value)
		for _, header := range r.Headers {
			text[key].WriteByte('\n')
			text[key].Write(header.Value)
		}
		text[key].WriteByte('\n')
		if e, err := events.Unmarshal(r.Value); err == nil {
			h.events[key] = append(h.events[key], e)
		}
	})
	if err != nil {
		return haystack{}, err
	}
	for key, b := range text {
		if t.Key == "call id" {
			h.byCall[key] = b.String()
		} else {
			h.all += b.String()
		}
	}
	return h, nil
}

// shortest number that is looked for inside of other numbers; a shorter one would be found in any id.
const shortest = 7

// holds tells whether text contains hidden. Digits are compared without the separators between them, so that
// "4242-4242" does not hide "42424242"; a short number counts only where it stands alone.
func holds(text, digits, hidden string) bool {
	bare := onlyDigits(hidden)
	if bare == "" || len(bare) < len(strings.ReplaceAll(hidden, " ", ""))-4 {
		return strings.Contains(strings.ToLower(text), strings.ToLower(hidden))
	}
	if len(bare) >= shortest {
		return strings.Contains(digits, bare)
	}
	for rest := digits; ; {
		i := strings.Index(rest, bare)
		if i < 0 {
			return false
		}
		end := i + len(bare)
		if (i == 0 || !isWord(rest[i-1])) && (end == len(rest) || !isWord(rest[end])) {
			return true
		}
		rest = rest[end:]
	}
}

func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c == '.'
}

// digitRuns drops the spaces, dashes and dots that stand between two digits.
func digitRuns(s string) string {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if strings.IndexByte(" -.", s[i]) >= 0 && len(b) > 0 && isDigit(b[len(b)-1]) && i+1 < len(s) && isDigit(s[i+1]) {
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
