package calls

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Suggest says what to write in place of a word that is none of the options: the nearest if one is near, else all of
// them under what they are called ("known here"). It is the end of a message.
func Suggest(word string, options []string, called string) string {
	if n := Nearest(word, options); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return called + ": " + strings.Join(options, ", ")
}

// Nearest option to a mistyped word; empty if none is near. A third of the letters may be wrong, or one of the two may
// hold the other.
func Nearest(word string, options []string) string {
	best, least := "", max(1, (utf8.RuneCountInString(word)+1)/3)+1
	w := strings.ToLower(word)
	for _, o := range options {
		if d := edits(w, strings.ToLower(o)); d < least {
			best, least = o, d
		}
	}
	if best != "" || len(w) < 4 {
		return best
	}
	for _, o := range options {
		if l := strings.ToLower(o); len(l) >= 4 && (strings.Contains(l, w) || strings.Contains(w, l)) {
			return o
		}
	}
	return ""
}

// edits is how many letters must be put in, left out, replaced or exchanged with their neighbour to make b of a.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before []int
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		next := make([]int, len(y)+1)
		next[0] = i + 1
		for j := range y {
			change := 1
			if x[i] == y[j] {
				change = 0
			}
			next[j+1] = min(row[j]+change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(y)]
}

// sentence joins words as a sentence does: "a", "a and b", "a, b and c".
func sentence(words []string, and string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	words = slices.Clone(words)
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + and + " " + words[last]
}
