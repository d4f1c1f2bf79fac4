package drivertest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// planVector is what plans come to, given what stands: the vectors that the package in the org runs, too.
type planVector struct {
	Name    string
	Records []struct {
		Object string
		Fields map[string]any
	}
	Plans []travelled
	Want  map[string][]map[string]any
}

// travelled is a plan as it travels.
type travelled struct {
	Call, Revision    string
	Writes, Ambiguous []struct {
		Ref, Object   string
		Match         crm.Match
		Key           *crm.Key
		Revision      string
		RevisionScope crm.Scope `json:"revision_scope"`
		Fields        map[string]any
		Other         map[string]map[string]any
		OnlyNew       []string          `json:"only_new"`
		OnlyBlank     map[string]string `json:"only_blank"`
	}
}

func (v travelled) plan(t *testing.T) *crm.Plan {
	t.Helper()
	revision, err := strconv.ParseUint(v.Revision, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	p := &crm.Plan{Call: events.Call{ID: v.Call, Tenant: "acme"}, Revision: uint32(revision), Event: map[string]any{"Call_Id__c": v.Call}}
	for _, w := range v.Writes {
		p.Writes = append(p.Writes, crm.Write{
			Ref: w.Ref, Object: w.Object, Match: w.Match, Key: w.Key, Revision: w.Revision, Scope: w.RevisionScope,
			Fields: w.Fields, FieldsOf: w.Other, OnlyNew: w.OnlyNew, OnlyBlank: w.OnlyBlank,
		})
	}
	for _, w := range v.Ambiguous {
		p.Ambiguous = append(p.Ambiguous, crm.Write{
			Ref: w.Ref, Object: w.Object, Match: w.Match, Key: w.Key, Revision: w.Revision, Scope: w.RevisionScope,
			Fields: w.Fields, FieldsOf: w.Other, OnlyNew: w.OnlyNew, OnlyBlank: w.OnlyBlank,
		})
	}
	return p
}

// Plans runs the vectors of whole plans, directly and by event: both come to the same records. The harness must tell
// when its events are applied.
func Plans(t *testing.T, vectors []byte, open func(t *testing.T) *Harness) {
	t.Helper()
	var all struct{ Plans []planVector }
	if err := json.Unmarshal(vectors, &all); err != nil {
		t.Fatal(err)
	}
	for way, write := range map[string]func(*testing.T, *Harness, *crm.Plan) crm.Outcome{
		"directly": func(t *testing.T, h *Harness, p *crm.Plan) crm.Outcome { //nolint:thelper // it is the test
			return h.Driver.Apply(t.Context(), []*crm.Plan{p})[0]
		},
		"by event": func(t *testing.T, h *Harness, p *crm.Plan) crm.Outcome { //nolint:thelper // it is the test
			out := h.Driver.Publish(t.Context(), []*crm.Plan{p})[0]
			h.Applied(t)
			return out
		},
	} {
		for _, v := range all.Plans {
			t.Run(way+"/"+v.Name, func(t *testing.T) {
				h := open(t)
				v.seed(t, h)
				for _, p := range v.Plans {
					if out := write(t, h, p.plan(t)); out.Err != nil {
						t.Fatalf("%v: %v", out.Err, cause(out.Err))
					}
				}
				v.check(t, h)
			})
		}
	}
}

func (v planVector) seed(t *testing.T, h *Harness) {
	t.Helper()
	var ids []string
	for _, r := range v.Records {
		for name, value := range r.Fields {
			if at, ok := strings.CutPrefix(fmt.Sprint(value), "@"); ok {
				i, err := strconv.Atoi(at)
				if err != nil {
					t.Fatal(err)
				}
				r.Fields[name] = ids[i]
			}
		}
		ids = append(ids, h.Seed(t, r.Object, r.Fields))
	}
}

func (v planVector) check(t *testing.T, h *Harness) {
	t.Helper()
	for object, want := range v.Want {
		got := h.Records(t, object)
		if len(got) != len(want) {
			t.Errorf("%d records of %s, want %d: %v", len(got), object, len(want), got)
			continue
		}
		for i, fields := range want {
			for name, w := range fields {
				is(t, got[i], name, meant(t, h, w))
			}
		}
	}
}

// meant is a value of the vectors: "@Lead/0" is the first Lead's id.
func meant(t *testing.T, h *Harness, v any) any {
	t.Helper()
	ref, ok := strings.CutPrefix(fmt.Sprint(v), "@")
	if !ok {
		return v
	}
	object, at, _ := strings.Cut(ref, "/")
	i, err := strconv.Atoi(at)
	records := h.Records(t, object)
	if err != nil || i >= len(records) {
		t.Fatalf("no record %q", ref)
	}
	return records[i]["Id"]
}
