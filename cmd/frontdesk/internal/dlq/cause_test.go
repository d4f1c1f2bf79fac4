package dlq

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// bookOf is a book of records, as Read makes one.
func bookOf(records ...broker.Record) *Book {
	b := &Book{letters: map[deadletter.ID]*Letter{}, children: map[string][]*Letter{}}
	for _, r := range records {
		b.add(&r)
	}
	return b
}

// letter is the record of a dead letter given up some minutes after noon.
func letter(offset int64, minutes int, group, tenant string, cause *retry.Error, more ...kafka.Header) broker.Record {
	at := noon.Add(time.Duration(minutes) * time.Minute)
	h := append([]kafka.Header{{Key: events.HeaderTenant, Value: []byte(tenant)}}, more...)
	return broker.Record{
		Offset: offset, Time: at, Key: []byte("CA1"), Value: []byte("v"),
		Headers: deadletter.Headers(h, deadletter.Origin{Topic: "calls.insights", Offset: offset, Group: group, FailedAt: at}, cause),
	}
}

func mark(offset, about int64, what string) broker.Record {
	m := deadletter.Mark{What: what, About: deadletter.ID{Offset: about}.String(), By: "ops@host", At: noon, Why: "why"}
	return broker.Record{Offset: offset, Headers: m.Headers()}
}

var (
	tooLong = &retry.Error{Class: retry.Permanent, Code: "salesforce.STRING_TOO_LONG", Field: "LastName"}
	broken  = &retry.Error{Class: retry.Permanent, Code: "undecodable"}
	away    = &retry.Error{Class: retry.Retryable, Code: "salesforce.transport", Dependency: "salesforce:acme"}
)

func TestCauses(t *testing.T) {
	redriven := []kafka.Header{{Key: deadletter.HeaderRedrives, Value: []byte("1")}, {Key: deadletter.HeaderRedriven, Value: []byte("0-9")}}
	b := bookOf(
		letter(0, 5, "crm-writer", "acme", tooLong), letter(1, 1, "crm-writer", "globex", tooLong), letter(2, 9, "crm-writer", "acme", tooLong, redriven...),
		letter(3, 2, "crm-writer", "", broken), letter(4, 3, "inference", "", broken), letter(5, 4, "crm-writer", "acme", away),
		mark(6, 2, deadletter.Redriven), mark(7, 5, deadletter.Revealed), mark(8, 4, deadletter.Dropped), mark(9, 77, deadletter.Dropped),
	)
	got := []string{}
	for _, g := range Causes(b.Select(Filter{Settled: true})) {
		got = append(got, fmt.Sprintf("%s %s %s %s: %d of %d open, %s, %s to %s, %d came back, %s", g.Service, g.Code, g.Field, g.Dependency, g.Open, g.Count,
			strings.Join(g.Tenants, "+"), g.First.Format("15:04"), g.Last.Format("15:04"), g.RedrivenBefore, g.Example))
	}
	want := []string{
		"crm-writer salesforce.STRING_TOO_LONG LastName : 2 of 3 open, acme+globex, 12:01 to 12:09, 1 came back, 0-0",
		"crm-writer salesforce.transport  salesforce:acme: 1 of 1 open, acme, 12:04 to 12:04, 0 came back, 0-5",
		"crm-writer undecodable  : 1 of 1 open, , 12:02 to 12:02, 0 came back, 0-3",
		"inference undecodable  : 0 of 1 open, , 12:03 to 12:03, 0 came back, 0-4",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if n := len(Causes(b.Select(Filter{}))); n != 3 {
		t.Errorf("%d causes are open", n)
	}
}

func TestSelect(t *testing.T) {
	b := bookOf(
		letter(0, 5, "crm-writer", "acme", tooLong),
		letter(1, 1, "crm-writer", "globex", tooLong), // by a clock that is behind
		letter(2, 9, "inference", "acme", broken),
		letter(3, 2, "crm-writer", "acme", away),
		mark(4, 2, deadletter.Dropped),
	)
	for name, c := range map[string]struct {
		filter Filter
		want   string
	}{
		"open":       {Filter{}, "0-0 0-1 0-3"},
		"all":        {Filter{Settled: true}, "0-0 0-1 0-2 0-3"},
		"service":    {Filter{Service: "crm-writer"}, "0-0 0-1 0-3"},
		"code":       {Filter{Code: "salesforce.STRING_TOO_LONG"}, "0-0 0-1"},
		"field":      {Filter{Field: "LastName", Tenant: "globex"}, "0-1"},
		"dependency": {Filter{Dependency: "salesforce:acme"}, "0-3"},
		"since":      {Filter{Since: noon.Add(2 * time.Minute)}, "0-0 0-3"},
		"until":      {Filter{Until: noon.Add(2 * time.Minute)}, "0-1"},
		"id":         {Filter{IDs: []deadletter.ID{{Offset: 2}}, Settled: true}, "0-2"},
		"nothing":    {Filter{Code: "x"}, ""},
	} {
		var ids []string
		for _, l := range b.Select(c.filter) {
			ids = append(ids, l.ID.String())
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if m := b.Missing(Filter{IDs: []deadletter.ID{{Offset: 1}, {Offset: 4}}}); len(m) != 1 || m[0].Offset != 4 {
		t.Errorf("missing: %v", m) // a mark is no dead letter
	}
}

// TestWhatCameBackWasSent: though a crash has kept that from being noted.
func TestWhatCameBackWasSent(t *testing.T) {
	b := bookOf(letter(0, 0, "crm-writer", "acme", tooLong), letter(1, 1, "crm-writer", "acme", tooLong, deadletter.Returned(nil, deadletter.ID{})...))
	if got := b.Select(Filter{}); len(got) != 1 || got[0].ID.Offset != 1 {
		t.Errorf("%d are open", len(got))
	}
}

func TestGuard(t *testing.T) {
	b := bookOf(letter(0, 0, "crm-writer", "acme", tooLong), letter(1, 0, "crm-writer", "acme", tooLong, kafka.Header{Key: deadletter.HeaderRedrives, Value: []byte("3")}),
		letter(2, 0, "crm-writer", "acme", tooLong), mark(3, 2, deadletter.Dropped))
	for name, c := range map[string]struct {
		offset int64
		opts   PlanOptions
		says   string
	}{
		"new":            {0, PlanOptions{MaxRedrives: 3}, ""},
		"too often":      {1, PlanOptions{MaxRedrives: 3}, "it has come back 3 times"},
		"not too often":  {1, PlanOptions{MaxRedrives: 4}, ""},
		"forced":         {1, PlanOptions{MaxRedrives: 3, Force: true}, ""},
		"dropped":        {2, PlanOptions{MaxRedrives: 3}, "it was dropped by ops@host at 2026-01-31T12:00:00Z (why)"},
		"dropped, force": {2, PlanOptions{MaxRedrives: 3, Force: true}, ""},
	} {
		if got := guard(b.letters[deadletter.ID{Offset: c.offset}], c.opts); !strings.HasPrefix(got, c.says) || (got == "") != (c.says == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestRoutes(t *testing.T) {
	q := &Queue{counts: map[string]int{"calls.insights.crm-writer.retry": 4, "calls.media.stt.retry": 4}}
	for name, c := range map[string]struct {
		origin deadletter.Origin
		topic  string
		part   int
		off    int64
		says   string
	}{
		"usual":              {deadletter.Origin{Topic: "calls.insights", Partition: 3, Offset: 7, Group: "crm-writer"}, "calls.insights.crm-writer.retry", 3, 7, ""},
		"by hand":            {deadletter.Origin{Topic: "calls.media.stt.retry", Partition: 2, Offset: 7, Group: "stt"}, "calls.media.stt.retry", 2, -1, ""},
		"no partition":       {deadletter.Origin{Topic: "calls.insights", Partition: -1, Offset: 7, Group: "crm-writer"}, "calls.insights.crm-writer.retry", 2, 7, ""},
		"not its topic":      {deadletter.Origin{Topic: "calls.state", Group: "inference"}, "", 0, 0, `the group "inference" does not read the topic "calls.state"`},
		"nobody":             {deadletter.Origin{}, "", 0, 0, "there is nobody to send it to"},
		"a topic that lacks": {deadletter.Origin{Topic: "calls.lifecycle", Group: "inference"}, "", 0, 0, "the cluster has no topic calls.lifecycle.inference.retry"},
	} {
		it := Item{Letter: &Letter{Letter: deadletter.Letter{Origin: c.origin}, key: "CA1"}}
		says := q.route(&it)
		if c.says != "" {
			if !strings.Contains(says, c.says) {
				t.Errorf("%s: %q", name, says)
			}
			continue
		}
		if says != "" || it.Topic != c.topic || it.Origin != c.off || c.origin.Partition >= 0 && it.Partition != c.part || it.Partition < 0 || it.Partition > 3 {
			t.Errorf("%s: %s %d %d, %q", name, it.Topic, it.Partition, it.Origin, says)
		}
	}
}

func TestAdvice(t *testing.T) {
	for code, want := range map[string]string{
		"undecodable": "no event of the contract", "salesforce.STRING_TOO_LONG": "longer than the field", "salesforce.SOMETHING_NEW": "docs/mapping.md",
		"salesforce.INSUFFICIENT_ACCESS_OR_READONLY": "lacks a right", "mapping.too_long": "The tenant's mapping", "mapping.evaluation": "An expression", "x": "Find the cause",
	} {
		if got := Advice(Cause{Code: code, Class: "permanent"}); !strings.Contains(got, want) {
			t.Errorf("%s: %s", code, got)
		}
	}
	if got := Advice(Cause{Code: "salesforce.transport", Class: "retryable"}); !strings.Contains(got, "until its time ran out") {
		t.Error(got)
	}
}
