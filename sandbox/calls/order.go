package calls

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// order puts calls behind those that they name in After, by name otherwise. A call loaded alone may name one that is
// not there.
func order(list []*Call, alone bool) ([]*Call, error) {
	byName := make(map[string]*Call, len(list))
	for _, c := range list {
		byName[c.Name] = c
	}
	var (
		errs   []error
		sorted = make([]*Call, 0, len(list))
		done   = map[string]bool{}
	)
	for _, c := range list {
		var chain []string
		for c := c; c != nil && !done[c.Name]; c = byName[c.After] {
			if i := slices.Index(chain, c.Name); i >= 0 {
				if i == 0 { // told once, by the first of the ring
					errs = append(errs, fmt.Errorf("%s/%s: after: the calls wait for each other: %s",
						c.Name, file, strings.Join(append(chain, c.Name), " -> ")))
				}
				chain = nil
				break
			}
			chain = append(chain, c.Name)
			if c.After != "" && byName[c.After] == nil && !alone {
				errs = append(errs, fmt.Errorf("%s/%s: after: there is no call %q", c.Name, file, c.After))
			}
		}
		for _, name := range slices.Backward(chain) {
			done[name] = true
			sorted = append(sorted, byName[name])
		}
		done[c.Name] = true
	}
	return sorted, errors.Join(errs...)
}
