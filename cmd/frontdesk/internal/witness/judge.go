package witness

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

// Line is what is known of a dialled number: what is said on it, whose org its calls belong in.
type Line struct {
	Org string
	// Events: its records go over the event bus, so that each call has an event. Files: each Case has the transcript as a file.
	Events, Files bool
}

// Witness watches accounts and orgs. Not safe for concurrent use.
type Witness struct {
	accounts []Account
	orgs     map[string]*Org
	lines    map[string]Line
}

// New watches from now on what the accounts' calls, by the number that they dial, do to the server's orgs.
func New(accounts []Account, server *salesforce.Server, lines map[string]Line) *Witness {
	w := &Witness{accounts: accounts, orgs: map[string]*Org{}, lines: lines}
	for _, org := range server.Orgs() {
		w.orgs[org] = Watch(server, org)
	}
	return w
}

// Verdict on a list of calls.
type Verdict struct {
	// Calls that were completed, of all that the carrier lists.
	Calls int
	// Lost calls lack a record; Otherwise are there, and not as expected.
	Lost, Otherwise []Fault
	// Doubled, OutOfOrder and Repeats are of everything that was ever committed: no list bounds them.
	Doubled, OutOfOrder []Fault
	Repeats             int
}

// Calls is the carrier's list of those calls that began at or after since.
func (w *Witness) Calls(ctx context.Context, since time.Time) ([]Call, error) {
	var all []Call
	for _, a := range w.accounts {
		list, err := a.Calls(ctx, since)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// Read takes in what the orgs have committed.
func (w *Witness) Read() {
	for _, o := range w.orgs {
		o.Read()
	}
}

// Judge holds every completed call of a list against what the orgs held when they were last read. sample is what a call's file says of
// it; nil for a call that is none of ours.
func (w *Witness) Judge(list []Call, sample func(sid string) *calls.Call) Verdict {
	var v Verdict
	for _, c := range list {
		s := sample(c.SID)
		if !c.Completed() || s == nil {
			continue
		}
		v.Calls++
		lost, otherwise := w.Look(c, s)
		v.Lost, v.Otherwise = append(v.Lost, lost...), append(v.Otherwise, otherwise...)
	}
	for _, o := range w.orgs {
		v.Doubled, v.OutOfOrder = append(v.Doubled, o.doubled...), append(v.OutOfOrder, o.outOfOrder...)
		v.Repeats += o.repeats
	}
	order := func(a, b Fault) int { return cmp.Or(cmp.Compare(a.Call, b.Call), cmp.Compare(a.What, b.What)) }
	for _, list := range []*[]Fault{&v.Lost, &v.Otherwise, &v.Doubled, &v.OutOfOrder} {
		slices.SortFunc(*list, order)
	}
	return v
}

// Look says how one completed call stands: what it lacks, and what of it is otherwise than its file says.
func (w *Witness) Look(c Call, s *calls.Call) (lost, otherwise []Fault) {
	line := w.lines[c.To]
	o := w.orgs[line.Org]
	if o == nil {
		return []Fault{{c.SID, "nobody's number was dialled"}}, nil
	}
	lacks := func(format string, args ...any) { lost = append(lost, Fault{c.SID, fmt.Sprintf(format, args...)}) }
	log := o.log(c.SID)
	if log == nil {
		lacks("no logged call")
	}
	if line.Events && !o.eventCalls[c.SID] {
		lacks("no event on the bus")
	}
	if log == nil {
		return lost, nil
	}
	records := o.with(c.SID, log)
	if line.Files && slices.ContainsFunc(records, is("Case")) && !slices.ContainsFunc(records, is(fileObject)) {
		lacks("no file with the transcript")
	}
	if d := s.Expect.Disposition; d != "" && !calls.Matches(d, log.fields["Disposition__c"]) {
		otherwise = append(otherwise, Fault{c.SID, fmt.Sprintf("disposition is %v, expected %s", log.fields["Disposition__c"], d)})
	}
	taken := map[*record]bool{}
	for _, want := range s.Expect.Records {
		if miss := find(want, s, c, records, taken); miss != "" {
			otherwise = append(otherwise, Fault{c.SID, miss})
		}
	}
	for _, object := range s.Expect.Absent {
		if i := slices.IndexFunc(records, func(r *record) bool { return r.object == object && r.madeFor == c.SID }); i >= 0 {
			otherwise = append(otherwise, Fault{c.SID, fmt.Sprintf("a %s (%s) was made, and none must be", object, records[i].id)})
		}
	}
	return lost, otherwise
}

// with are a call's records and the people that they point to.
func (o *Org) with(call string, log *record) []*record {
	all := o.of(call)
	for _, id := range []string{log.text("WhoId"), o.contactOf(all)} {
		if r := o.records[id]; r != nil && !r.deleted && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

func (o *Org) contactOf(all []*record) string {
	if i := slices.IndexFunc(all, is("Case")); i >= 0 {
		return all[i].text("ContactId")
	}
	return ""
}

func is(object string) func(*record) bool {
	return func(r *record) bool { return r.object == object }
}

// find takes a record that is as wanted, or says what is nearest to it.
func find(want calls.ExpectedRecord, s *calls.Call, c Call, records []*record, taken map[*record]bool) string {
	nearest, least := "no "+want.Object, -1
	for _, r := range records {
		if r.object != want.Object || taken[r] {
			continue
		}
		var differ []string
		for field, value := range want.Fields {
			if value == s.From {
				value = c.From // the same words by another caller
			}
			if !calls.Matches(value, r.fields[field]) {
				differ = append(differ, field)
			}
		}
		if len(differ) == 0 {
			taken[r] = true
			return ""
		}
		if least < 0 || len(differ) < least {
			slices.Sort(differ)
			nearest, least = fmt.Sprintf("%s %s is otherwise in %s", want.Object, r.id, strings.Join(differ, ", ")), len(differ)
		}
	}
	return nearest
}

// Committed is when the first of a call stood in its org, on the bus or as a record.
func (w *Witness) Committed(c Call) (time.Time, bool) {
	o := w.orgs[w.lines[c.To].Org]
	if o == nil {
		return time.Time{}, false
	}
	if at, ok := o.created[c.SID+" event"]; ok {
		return at, true
	}
	at, ok := o.created[c.SID]
	return at, ok
}
