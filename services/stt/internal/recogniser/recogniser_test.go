package recogniser_test

import (
	"reflect"
	"testing"

	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

func TestFormat(t *testing.T) {
	mulaw := recogniser.Format{Encoding: recogniser.Mulaw, Rate: 8000}
	pcm := recogniser.Format{Encoding: recogniser.Linear16, Rate: 16000}
	if got := mulaw.Millis(1600); got != 200 {
		t.Errorf("1600 bytes of telephone sound are %d ms, want 200", got)
	}
	if got := pcm.Bytes(100); got != 3200 {
		t.Errorf("100 ms of wideband PCM are %d bytes, want 3200", got)
	}
	a := recogniser.Audio{Start: 1000, Data: make([]byte, 1600)} // [1000, 1200)
	for _, c := range []struct {
		cut              recogniser.Audio
		start, end, size int64
	}{
		{mulaw.From(a, 900), 1000, 1200, 1600},
		{mulaw.From(a, 1050), 1050, 1200, 1200},
		{mulaw.From(a, 1200), 1200, 1200, 0},
		{mulaw.From(a, 5000), 5000, 5000, 0},
		{mulaw.Until(a, 1300), 1000, 1200, 1600},
		{mulaw.Until(a, 1050), 1000, 1050, 400},
		{mulaw.Until(a, 1000), 1000, 1000, 0},
		{mulaw.Until(a, 10), 1000, 1000, 0},
	} {
		if c.cut.Start != c.start || mulaw.End(c.cut) != c.end || int64(len(c.cut.Data)) != c.size {
			t.Errorf("cut to [%d,%d) of %d bytes, want [%d,%d) of %d", c.cut.Start, mulaw.End(c.cut), len(c.cut.Data), c.start, c.end, c.size)
		}
	}
}

func TestAfter(t *testing.T) {
	words := []recogniser.Word{{Text: "book", Start: 100, End: 400}, {Text: "a", Start: 400, End: 500}, {Text: "demo", Start: 500, End: 900}}
	whole := recogniser.Final{Start: 100, End: 1000, Text: "Book a demo.", Words: words}
	bare := recogniser.Final{Start: 100, End: 1000, Text: "Book a demo."}
	for name, c := range map[string]struct {
		f          recogniser.Final
		mark       int64
		want       bool
		start, end int64
		text       string
	}{
		"nothing told before":                 {whole, 0, true, 100, 1000, "Book a demo."},
		"told up to its start":                {whole, 100, true, 100, 1000, "Book a demo."},
		"less than half of a word told":       {whole, 240, true, 240, 1000, "Book a demo."},
		"more than half of a word told":       {whole, 260, true, 400, 1000, "a demo"},
		"told up to a word":                   {whole, 500, true, 500, 1000, "demo"},
		"all words told":                      {whole, 950, false, 950, 1000, ""},
		"told beyond its end":                 {whole, 1200, false, 1200, 1200, ""},
		"no word times, first half told":      {bare, 500, true, 500, 1000, "Book a demo."},
		"no word times, more than half told":  {bare, 600, false, 600, 1000, ""},
		"no words at all":                     {recogniser.Final{Start: 0, End: 700}, 0, false, 0, 700, ""},
		"no word times, nothing told":         {bare, 0, true, 100, 1000, "Book a demo."},
		"words begin before the final claims": {recogniser.Final{Start: 300, End: 1000, Text: "Book a demo.", Words: words}, 260, true, 400, 1000, "a demo"},
	} {
		t.Run(name, func(t *testing.T) {
			before := append([]recogniser.Word(nil), c.f.Words...)
			got, ok := c.f.After(c.mark)
			if ok != c.want || got.End != c.end || ok && (got.Start != c.start || got.Text != c.text) {
				t.Errorf("got [%d,%d) %q %v, want [%d,%d) %q %v", got.Start, got.End, got.Text, ok, c.start, c.end, c.text, c.want)
			}
			for _, w := range got.Words {
				if w.Start < c.mark {
					t.Errorf("word at %d begins before %d", w.Start, c.mark)
				}
			}
			if !reflect.DeepEqual(before, c.f.Words) {
				t.Error("the words that were given have changed")
			}
		})
	}
}

// TestBefore: of each final [recogniser.Final.Before] and [recogniser.Final.After] tell every word once.
func TestBefore(t *testing.T) {
	words := []recogniser.Word{{Text: "book", Start: 100, End: 400}, {Text: "a", Start: 400, End: 500}, {Text: "demo", Start: 500, End: 900}}
	whole := recogniser.Final{Start: 100, End: 1000, Text: "Book a demo.", Words: words}
	bare := recogniser.Final{Start: 100, End: 1000, Text: "Book a demo."}
	for name, c := range map[string]struct {
		f          recogniser.Final
		at         int64
		want       bool
		start, end int64
		text       string
	}{
		"all of it":                       {whole, 1000, true, 100, 1000, "Book a demo."},
		"all of it, long before":          {whole, 5000, true, 100, 1000, "Book a demo."},
		"all words, in the middle of one": {whole, 800, true, 100, 900, "Book a demo."},
		"less than half of a word":        {whole, 600, true, 100, 500, "book a"},
		"more than half of a word":        {whole, 260, true, 100, 400, "book"},
		"nothing":                         {whole, 100, false, 100, 100, ""},
		"no word times, more than half":   {bare, 600, true, 100, 600, "Book a demo."},
		"no word times, less than half":   {bare, 500, false, 100, 500, ""},
		"no words at all":                 {recogniser.Final{Start: 0, End: 700}, 900, false, 0, 700, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := c.f.Before(c.at)
			if ok != c.want || got.Start != c.start || got.End != c.end || ok && got.Text != c.text {
				t.Errorf("got [%d,%d) %q %v, want [%d,%d) %q %v", got.Start, got.End, got.Text, ok, c.start, c.end, c.text, c.want)
			}
			rest, _ := c.f.After(c.at)
			if n := len(got.Words) + len(rest.Words); n != len(c.f.Words) {
				t.Errorf("%d words on both sides, want %d", n, len(c.f.Words))
			}
		})
	}
}

func TestTimeline(t *testing.T) {
	var tl recogniser.Timeline
	tl.Add(5_000, 6_000) // offsets 0 to 1000
	tl.Add(6_000, 7_000) // 1000 to 2000, no hole
	tl.Add(9_000, 9_500) // 2000 to 2500, after a hole
	if tl.Given() != 2_500 {
		t.Errorf("given %d, want 2500", tl.Given())
	}
	for _, c := range []struct{ offset, start, end int64 }{
		{0, 5_000, 5_000}, {1_000, 6_000, 6_000}, {1_999, 6_999, 6_999},
		{2_000, 9_000, 7_000}, // the hole: what ends here ends before it, what begins here after it
		{2_100, 9_100, 9_100}, {2_500, 9_500, 9_500}, {2_600, 9_500, 9_500},
	} {
		if s, e := tl.Start(c.offset), tl.End(c.offset); s != c.start || e != c.end {
			t.Errorf("offset %d begins at %d and ends at %d, want %d and %d", c.offset, s, e, c.start, c.end)
		}
	}
	for _, c := range []struct{ at, want int64 }{{4_000, 0}, {5_000, 0}, {6_500, 1_500}, {7_000, 2_000}, {8_000, 2_000}, {9_000, 2_000}, {9_250, 2_250}, {9_900, 2_500}} {
		if got := tl.Offset(c.at); got != c.want {
			t.Errorf("at %d, %d had been given, want %d", c.at, got, c.want)
		}
	}
}
