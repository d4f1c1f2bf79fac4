package calls

import (
	"fmt"
	"math"
	"strings"
)

// Matches tells whether a field holds what a call.yaml expects. Text is compared whole, a * in it standing for any
// run of characters, so that "*" alone is any non-empty value and "*order 4711*" any that names it; numbers by
// value; null stands for an empty field.
func Matches(want, got any) bool {
	if want == nil {
		return got == nil || got == ""
	}
	if got == nil {
		return false
	}
	if w, ok := number(want); ok {
		g, ok := number(got)
		return ok && math.Abs(w-g) < 1e-9
	}
	w, ok := want.(string)
	if !ok {
		return want == got
	}
	g := fmt.Sprint(got)
	if strings.Contains(w, "*") {
		return g != "" && glob(w, g)
	}
	return w == g
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	}
	return 0, false
}

// glob matches s against a pattern of pieces between stars.
func glob(pattern, s string) bool {
	pieces := strings.Split(pattern, "*")
	first, last := pieces[0], pieces[len(pieces)-1]
	if !strings.HasPrefix(s, first) || !strings.HasSuffix(s[len(first):], last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range pieces[1 : len(pieces)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}
