package calls

import (
	"fmt"
	"slices"
	"strings"
)

// order puts calls behind those that they name in After, by name otherwise, and tells of names and rings that can't be.
// A call that was loaded alone waits for nobody.
func order(list []*Call, told []*faults) []*Call {
	if len(list) == 1 && list[0].After != list[0].Name {
		list[0].After = ""
	}
	byName := make(map[string]*Call, len(list))
	faultsOf := make(map[string]*faults, len(list))
	names := make([]string, len(list))
	for i, c := range list {
		byName[c.Name], faultsOf[c.Name], names[i] = c, told[i], c.Name
	}
	sorted := make([]*Call, 0, len(list))
	done := map[string]bool{}
	for _, c := range list {
		var chain []string
		for c := c; c != nil && !done[c.Name]; c = byName[c.After] {
			if i := slices.Index(chain, c.Name); i >= 0 { // told once, by the first of the ring
				faultsOf[c.Name].add("after", "the calls wait for each other: %s; leave one of them out", strings.Join(append(chain[i:], c.Name), " -> "))
				break
			}
			chain = append(chain, c.Name)
			if c.After != "" && byName[c.After] == nil {
				others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == c.Name })
				hint := "name the folder of another call here"
				if n := Nearest(c.After, others); n != "" {
					hint = fmt.Sprintf("did you mean %q?", n)
				}
				faultsOf[c.Name].add("after", "there is no call %q; %s", c.After, hint)
			}
		}
		for _, name := range slices.Backward(chain) {
			done[name] = true
			sorted = append(sorted, byName[name])
		}
	}
	return sorted
}
