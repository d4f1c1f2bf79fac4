package report

import (
	"fmt"
	"slices"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// unmet lists how the CRM differs from what a call.yaml expects; nil when it is all there. madeByCall tells whether a
// record was created by this call rather than found.
func unmet(c *calls.Call, callID string, h holding, madeByCall func(Record) bool) []string {
	e := c.Expect
	if e.Recorded != nil && !*e.Recorded {
		if len(h.records) > 0 {
			return []string{"recorded, and must leave nothing"}
		}
		return nil
	}
	log, ok := h.log(callID)
	if !ok {
		return []string{"no Task " + callID + ":log"}
	}
	var diffs []string
	check := func(what string, want, got any) {
		if !calls.Matches(want, got) {
			diffs = append(diffs, fmt.Sprintf("%s is %v, expected %v", what, got, want))
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
				diffs = append(diffs, "a "+o+" was made, and none must be")
			}
		}
	}
	return diffs
}

// unmetRecords pairs each expected record with one of the call's that is not taken yet.
func unmetRecords(expected []calls.ExpectedRecord, h holding) []string {
	var diffs []string
	taken := map[string]bool{}
	for _, want := range expected {
		var nearest []string
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
			diffs = append(diffs, "no "+want.Object)
		default:
			diffs = append(diffs, nearest...)
		}
	}
	return diffs
}

func missing(want calls.ExpectedRecord, r Record) []string {
	var diffs []string
	for field, v := range want.Fields {
		if !calls.Matches(v, r.Fields[field]) {
			diffs = append(diffs, fmt.Sprintf("%s.%s is %v, expected %v", want.Object, field, r.Fields[field], v))
		}
	}
	slices.Sort(diffs)
	return diffs
}
