package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestProgressInALog: a log gets a line at each tenth and every few seconds, and nothing that moves a cursor.
func TestProgressInALog(t *testing.T) {
	var b bytes.Buffer
	p, ok := newProgress(&b, 200, false).(*lines)
	if !ok {
		t.Fatal("a buffer is no terminal")
	}
	now := time.Unix(0, 0)
	p.now = func() time.Time { return now }
	for done := range 201 {
		for range 50 {
			p.at(done, "under way")
		}
	}
	if got := strings.Count(b.String(), "\n"); got != 10 {
		t.Errorf("%d lines for 200 calls in no time:\n%s", got, b.String())
	}
	b.Reset()
	for range 60 {
		now = now.Add(time.Second)
		p.at(200, "waits")
	}
	p.end()
	if got := strings.Count(b.String(), "\n"); got != 12 {
		t.Errorf("%d lines in a minute without a call:\n%s", got, b.String())
	}
	if strings.ContainsAny(b.String(), "\r\x1b") {
		t.Errorf("a log can't be drawn on: %q", b.String())
	}
}

func TestProgressOfUnknownLength(t *testing.T) {
	var b bytes.Buffer
	p := &lines{w: &b, now: func() time.Time { return time.Unix(0, 0) }}
	p.at(0, "starting")
	p.now = func() time.Time { return time.Unix(5, 0) }
	p.at(3, "5 placed")
	if got := b.String(); got != "3: 5 placed\n" {
		t.Errorf("told %q", got)
	}
}

func TestQuietTellsNothing(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b, 10, true)
	for done := range 11 {
		p.at(done, fmt.Sprint(done))
	}
	if p.end(); b.Len() > 0 {
		t.Errorf("told %q", b.String())
	}
}
