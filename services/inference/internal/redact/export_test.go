package redact

// Span is what one placeholder replaced: bytes [Start, End) of a line.
type Span struct {
	Kind       Kind
	Start, End int
}

// Spans is [Redact] with what each placeholder replaced, by line.
func Spans(lines []Line, language string) (*Result, map[int][]Span) {
	out := map[int][]Span{}
	doc := read(lines, languageOf(language))
	for _, s := range doc.spans() {
		out[s.line] = append(out[s.line], Span{s.kind, s.start, s.end})
	}
	return Redact(lines, language), out
}
