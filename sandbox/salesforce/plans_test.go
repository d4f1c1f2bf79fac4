package salesforce_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/rules"
)

// TestTriggerComesToWhatThePlansSay: the same vectors are run by the writer's own drivers.
func TestTriggerComesToWhatThePlansSay(t *testing.T) {
	var vectors struct {
		Plans []struct {
			Name    string
			Records []salesforce.Record
			Plans   []json.RawMessage
			Want    map[string][]map[string]any
		}
	}
	if err := json.Unmarshal(rules.Plans, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors.Plans {
		t.Run(v.Name, func(t *testing.T) {
			s := start(t)
			c := login(t, s, integration)
			if _, err := s.Seed("", v.Records); err != nil {
				t.Fatal(err)
			}
			for _, p := range v.Plans {
				var of struct{ Call string }
				if err := json.Unmarshal(p, &of); err != nil {
					t.Fatal(err)
				}
				publish(c, of.Call, p)
			}
			for _, r := range told(t, s) {
				if r["outcome"] == "failed" {
					t.Errorf("told: %v", r)
				}
			}
			for object, want := range v.Want {
				got := s.Records("", object)
				if len(got) != len(want) {
					t.Errorf("%d records of %s, want %d: %v", len(got), object, len(want), got)
					continue
				}
				for i, fields := range want {
					for name, w := range fields {
						if g := got[i][name]; g != meantBy(s, w) {
							t.Errorf("%s %d: %s is %v, want %v", object, i, name, g, w)
						}
					}
				}
			}
		})
	}
}

// meantBy is a value of the vectors: "@Lead/0" is the first Lead's id.
func meantBy(s *salesforce.Server, v any) any {
	ref, is := strings.CutPrefix(fmt.Sprint(v), "@")
	if !is {
		return v
	}
	object, at, _ := strings.Cut(ref, "/")
	i, err := strconv.Atoi(at)
	if records := s.Records("", object); err == nil && i < len(records) {
		return records[i]["Id"]
	}
	return "no such record: " + ref
}
