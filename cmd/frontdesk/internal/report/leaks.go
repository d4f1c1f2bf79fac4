package report

import (
	"context"
	"fmt"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// Leak is a hidden string found where it must not stand.
type Leak struct {
	Call string `json:"call"`
	// Where: a topic, "model" or "log".
	Where string `json:"where"`
	// Hidden is which of the call's strings it is, as "hidden[0]"; the string itself is not repeated.
	Hidden string `json:"hidden"`
}

// haystack is one place to search; what belongs to one call is searched for that call's strings only.
type haystack struct {
	where  string
	all    string
	byCall map[string]string
}

func (h haystack) of(callID string) string { return h.all + h.byCall[callID] }

// findLeaks searches what the models were asked, the log, and every topic after calls.transcripts for what
// the calls hide.
func findLeaks(ctx context.Context, src Sources, played []Played) ([]Leak, error) {
	places := []haystack{{where: "model", all: strings.Join(src.Asked, "\n")}, {where: "log", all: src.Log}}
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
	var leaks []Leak
	for _, h := range places {
		for _, p := range played {
			text := h.of(p.SID)
			digits := digitRuns(text)
			leaks = append(leaks, search(p.Call, h.where, "hidden", p.Call.Expect.Hidden, text, digits)...)
			if h.where == "model" {
				leaks = append(leaks, search(p.Call, h.where, "hidden_from_model", p.Call.Expect.HiddenFromModel, text, digits)...)
			}
		}
	}
	return leaks, nil
}

// topicText is everything that a topic holds, by call. Strings stand in protobuf as they are, so the raw bytes are searched: no
// field is missed.
func topicText(ctx context.Context, src Sources, t events.Topic) (haystack, error) {
	h := haystack{where: t.Name, byCall: map[string]string{}}
	text := map[string]*strings.Builder{}
	for p := range src.Partitions {
		err := src.Conn.ReadRange(ctx, t.Name, p, -1, -1, func(r broker.Record) error {
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
			return nil
		})
		if err != nil {
			return haystack{}, err //nolint:wrapcheck // broker names topic and partition
		}
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

func search(c *calls.Call, where, list string, hidden []string, text, digits string) []Leak {
	var leaks []Leak
	for i, s := range hidden {
		if holds(text, digits, s) {
			leaks = append(leaks, Leak{Call: c.Name, Where: where, Hidden: fmt.Sprintf("%s[%d]", list, i)})
		}
	}
	return leaks
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
