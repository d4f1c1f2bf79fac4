package report

import (
	"context"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// Leak is a hidden string found where it must not stand.
type Leak struct {
	Call string `json:"call"`
	// Where: a topic, "model" or "log". The string itself is not repeated.
	Where string `json:"where"`
}

// haystack is one place to search.
type haystack struct{ where, text string }

// findLeaks searches what the models were asked, the log, and every topic after calls.transcripts for what
// the calls hide.
func findLeaks(ctx context.Context, conn *broker.Conn, partitions int, all []*calls.Call, asked []string, log string) ([]Leak, error) {
	places := []haystack{{"model", strings.Join(asked, "\n")}, {"log", log}}
	for _, t := range events.Topics() {
		if t.Name == events.Lifecycle.Name || t.Name == events.Media.Name || t.Name == events.Transcripts.Name {
			continue
		}
		var b strings.Builder
		for p := range partitions {
			err := conn.ReadRange(ctx, t.Name, p, -1, -1, func(r broker.Record) error {
				// Strings stand in protobuf as they are, so the raw bytes are searched: no field is missed.
				b.Write(r.Value)
				b.WriteByte('\n')
				for _, h := range r.Headers {
					b.Write(h.Value)
					b.WriteByte('\n')
				}
				return nil
			})
			if err != nil {
				return nil, err //nolint:wrapcheck // broker names topic and partition
			}
		}
		places = append(places, haystack{t.Name, b.String()})
	}
	var leaks []Leak
	for _, h := range places {
		digits := digitRuns(h.text)
		for _, c := range all {
			hidden := c.Expect.Hidden
			if h.where == "model" {
				hidden = slices.Concat(hidden, c.Expect.HiddenFromModel)
			}
			if slices.ContainsFunc(hidden, func(s string) bool { return holds(h.text, digits, s) }) {
				leaks = append(leaks, Leak{Call: c.Name, Where: h.where})
			}
		}
	}
	return leaks, nil
}

// holds tells whether text contains hidden. Digits are compared without the separators between them, so that
// "4242-4242" does not hide "42424242".
func holds(text, digits, hidden string) bool {
	if bare := onlyDigits(hidden); len(bare) >= 4 && len(bare) >= len(strings.ReplaceAll(hidden, " ", ""))-4 {
		return strings.Contains(digits, bare)
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(hidden))
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
