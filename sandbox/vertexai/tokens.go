package vertexai

import (
	"strings"
	"unicode"

	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
)

// tokens counts a text as Google's rule of thumb does, four characters a token; the same text always counts
// the same. https://ai.google.dev/gemini-api/docs/tokens
func tokens(text string) int { return (len([]rune(text)) + 3) / 4 }

// characters counts what is billable by character: all but white space.
func characters(text string) int {
	n := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// cut keeps the first n tokens.
func cut(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), 4*n)])
}

// textOf joins instruction and turns.
func textOf(system *pb.Content, turns []*pb.Content) string {
	var parts []string
	for _, c := range append([]*pb.Content{system}, turns...) {
		for _, p := range c.GetParts() {
			parts = append(parts, p.GetText())
		}
	}
	return strings.Join(parts, "\n")
}
