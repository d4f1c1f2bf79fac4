package report

import (
	"slices"
	"strings"
)

// diff is how a stretch of what was heard differs from what was said.
type diff struct {
	// edits is how many words differ; kept how many of those said were heard.
	edits, kept int
	// text has the words as they are compared: [-said and not heard-] {+heard and not said+}.
	text string
}

// nearest finds the stretch of heard that is most like said. Whatever was heard before and after it costs nothing: it is
// other utterances.
func nearest(said, heard []string) diff {
	n, m := len(said), len(heard)
	// cost[i][j] is the fewest edits that make said[:i] of a stretch of heard that ends at j.
	cost := make([][]int, n+1)
	for i := range cost {
		cost[i] = make([]int, m+1)
		cost[i][0] = i
	}
	for i := 1; i <= n; i++ {
		for j := 1; j <= m; j++ {
			change := cost[i-1][j-1]
			if said[i-1] != heard[j-1] {
				change++
			}
			cost[i][j] = min(change, cost[i-1][j]+1, cost[i][j-1]+1)
		}
	}
	end := 0
	for j, c := range cost[n] {
		if c <= cost[n][end] { // of two as near the later, which keeps more of what was said
			end = j
		}
	}
	return trace(said, heard, cost, end)
}

// trace walks back from the end of the stretch and tells of each word.
func trace(said, heard []string, cost [][]int, j int) diff {
	d := diff{edits: cost[len(said)][j]}
	var words []edit
	for i := len(said); i > 0; {
		same := j > 0 && said[i-1] == heard[j-1]
		switch {
		case same && cost[i][j] == cost[i-1][j-1]:
			i, j = i-1, j-1
			words = append(words, edit{' ', said[i]})
			d.kept++
		case j > 0 && !same && cost[i][j] == cost[i-1][j-1]+1:
			i, j = i-1, j-1
			words = append(words, edit{'+', heard[j]}, edit{'-', said[i]})
		case cost[i][j] == cost[i-1][j]+1:
			i--
			words = append(words, edit{'-', said[i]})
		default:
			j--
			words = append(words, edit{'+', heard[j]})
		}
	}
	slices.Reverse(words)
	d.text = marked(words)
	return d
}

// edit is one word: ' ' in both, '-' said only, '+' heard only.
type edit struct {
	op   rune
	word string
}

// around is how many words are shown before and after a difference; what is longer is left out.
const around = 4

// marked joins words of one kind, changes of one place first what was said, and leaves out what is the same for long.
func marked(words []edit) string {
	var out []string
	for i := 0; i < len(words); {
		if words[i].op == ' ' {
			j := i
			for j < len(words) && words[j].op == ' ' {
				j++
			}
			out = append(out, shorten(words[i:j], i == 0, j == len(words))...)
			i = j
			continue
		}
		var said, heard []string
		for ; i < len(words) && words[i].op != ' '; i++ {
			if words[i].op == '-' {
				said = append(said, words[i].word)
			} else {
				heard = append(heard, words[i].word)
			}
		}
		change := ""
		if len(said) > 0 {
			change = "[-" + strings.Join(said, " ") + "-]"
		}
		if len(heard) > 0 {
			change += "{+" + strings.Join(heard, " ") + "+}"
		}
		out = append(out, change)
	}
	return strings.Join(out, " ")
}

// shorten leaves out the middle of a run of equal words, or its far end where nothing differs beyond.
func shorten(run []edit, first, last bool) []string {
	words := make([]string, len(run))
	for i, e := range run {
		words[i] = e.word
	}
	switch {
	case first && last:
	case first && len(words) > around:
		return append([]string{"…"}, words[len(words)-around:]...)
	case last && len(words) > around:
		return append(words[:around:around], "…")
	case len(words) > 2*around:
		return slices.Concat(words[:around], []string{"…"}, words[len(words)-around:])
	}
	return words
}
