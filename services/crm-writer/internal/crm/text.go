package crm

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// length of s as Salesforce counts it: UTF-16 units.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// Cut shortens s to at most limit characters as Salesforce counts them, at the last space in the last
// fifth if there is one, and shows the cut by an ellipsis. Shorter text comes back as it is.
func Cut(s string, limit int) string {
	if len(s) <= limit || length(s) <= limit {
		return s
	}
	if limit < 1 {
		return ""
	}
	units, end := 0, 0
	for end < len(s) {
		r, width := utf8.DecodeRuneInString(s[end:])
		if units += utf16.RuneLen(r); units > limit-1 {
			break
		}
		end += width
	}
	head := s[:end]
	if i := strings.LastIndexAny(head, " \n\t"); i > len(head)*4/5 {
		head = head[:i]
	}
	return strings.TrimRight(head, " \n\t") + "…"
}
