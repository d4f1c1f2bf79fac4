package vertexai

import (
	"cmp"
	"slices"
	"strings"
)

// signs are what an utterance is compared by: its words, each two that follow one another, each two around a third, what
// the lexicon finds in it, and whether it asks.
func signs(u utterance, lex *lexicon) []string {
	out := []string{""}
	add := func(s string) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	before, beforeThat := "^", ""
	for _, w := range u.words {
		if strings.HasSuffix(u.raw[w.at], "?") {
			add("?")
		}
		this := begin(w.norm)
		class := cmp.Or(classes[w.norm], classes[strings.TrimSuffix(w.norm, "s")])
		add(this)
		if class != "" {
			add(class)
			this = class
		}
		add(before + " " + this)
		if beforeThat != "" {
			add(beforeThat + " * " + this)
		}
		beforeThat, before = before, this
	}
	add(before + " $")
	for _, m := range claim(find(u, 0, lex)) {
		if m.weight > 2 {
			add("=" + string(m.phrase.concept))
		}
	}
	return out
}

// classes are families of which each word means the same beside others, by word.
var classes = func() map[string]string {
	out := map[string]string{}
	all := families()
	for _, name := range []string{"look", "trouble", "missing", "falla", "meeting", "cita", "negocio", "money", "person", "ring", "device", "weekday", "fixed", "shifted", "shift", "charges", "logged", "handover", "send", "showing", "buy", "parcel"} {
		for w := range strings.SplitSeq(all[name], "|") {
			if out[w] == "" {
				out[w] = "@" + name
			}
		}
	}
	return out
}()

// begin is as much of a word as is compared; of a number only that it is one.
func begin(w string) string {
	if w != "" && strings.Trim(w, "0123456789") == "" {
		return "#"
	}
	return w[:min(len(w), 6)]
}
