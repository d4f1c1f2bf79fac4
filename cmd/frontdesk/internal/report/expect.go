package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// Difference is one way in which a call came out otherwise than its call.yaml says.
type Difference struct {
	// Text says it in a line.
	Text string
	// Lacks is the object of which a record is not there; empty for any other difference.
	Lacks string
}

// texts are differences as the report lists them.
func texts(list []Difference) []string {
	out := make([]string, len(list))
	for i, d := range list {
		out[i] = d.Text
	}
	return out
}

// Nothing tells whether a call must leave nothing at all.
func Nothing(c *calls.Call) bool { return c.Expect.Recorded != nil && !*c.Expect.Recorded }

// unmet lists how the CRM differs from what a call.yaml expects; nil when it is all there. madeByCall tells whether a
// record was created by this call rather than found.
func unmet(c *calls.Call, callID string, h holding, madeByCall func(Record) bool) []Difference {
	e := c.Expect
	if Nothing(c) {
		if len(h.records) > 0 {
			return []Difference{{Text: "it left records, and must leave nothing"}}
		}
		return nil
	}
	log, ok := h.log(callID)
	if !ok {
		return []Difference{{Text: "no logged call (Task " + callID + ":log)", Lacks: "Task"}}
	}
	var diffs []Difference
	check := func(what string, want, got any) {
		if !calls.Matches(want, got) {
			diffs = append(diffs, otherwise(what, want, got))
		}
	}
	if e.Disposition != "" {
		check("disposition", e.Disposition, log.Fields["Disposition__c"])
	}
	if e.Consent != nil {
		if people := slices.Concat(h.records["Lead"], h.records["Contact"]); len(people) > 0 {
			check("consent", *e.Consent, people[0].Fields["Consent_Record__c"])
		}
	}
	diffs = append(diffs, unmetRecords(e.Records, h)...)
	for _, o := range e.Absent {
		for _, r := range h.records[o] {
			if madeByCall(r) {
				diffs = append(diffs, Difference{Text: "a " + o + " was made (" + r.ID + "), and none must be"})
			}
		}
	}
	return diffs
}

// unmetRecords pairs each expected record with one of the call's that is not taken yet.
func unmetRecords(expected []calls.ExpectedRecord, h holding) []Difference {
	var diffs []Difference
	taken := map[string]bool{}
	for _, want := range expected {
		var nearest []Difference
		found := false
		for _, r := range h.records[want.Object] {
			if taken[r.ID] {
				continue
			}
			miss := missing(want, r)
			if len(miss) == 0 {
				taken[r.ID], found = true, true
				break
			}
			if nearest == nil || len(miss) < len(nearest) {
				nearest = miss
			}
		}
		switch {
		case found:
		case nearest == nil:
			diffs = append(diffs, Difference{Text: "no " + want.Object, Lacks: want.Object})
		default:
			diffs = append(diffs, nearest...)
		}
	}
	return diffs
}

func missing(want calls.ExpectedRecord, r Record) []Difference {
	var diffs []Difference
	for _, field := range slices.Sorted(maps.Keys(want.Fields)) {
		if v := want.Fields[field]; !calls.Matches(v, r.Fields[field]) {
			diffs = append(diffs, otherwise(want.Object+"."+field, v, r.Fields[field]))
		}
	}
	return diffs
}

func otherwise(what string, want, got any) Difference {
	return Difference{Text: fmt.Sprintf("%s is %s, expected %s", what, show(got), show(want))}
}

// show is a field's value as call.yaml would write it.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "empty"
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(v)
}
