package salesforce

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// lookUp asks what stands for a whole batch: a query for each object, all in one composite request, so that
// knowing costs one request however many calls there are; and one search for the numbers that no record
// holds as E.164.
//
// Which numbers those are the queries tell. A batch that is more than one request of graphs does not wait for that: some
// of its callers are bound to be unknown, and it looks for all of them meanwhile.
func (d *Driver) lookUp(ctx context.Context, todo []*attempt) (*found, error) {
	asks := map[string]*wants{}
	for _, a := range todo {
		for _, w := range everyWrite(a.plan) {
			ask(asks, w, a.named[w.Ref])
		}
	}
	f, search := newFound(), &search{client: d.client}
	if !d.cfg.NoSearch {
		search.objects(todo, asks)
	}
	meanwhile := len(todo) > sf.MaxGraphs
	var running sync.WaitGroup
	if meanwhile {
		numbers := f.nobody(todo) // nothing is found yet: all of them
		running.Go(func() { search.run(ctx, numbers) })
	}
	err := d.query(ctx, asks, f)
	running.Wait()
	if err != nil {
		return nil, err
	}
	unknown := f.nobody(todo)
	if !meanwhile {
		search.run(ctx, unknown)
	}
	if search.err != nil && len(unknown) > 0 {
		return nil, search.err
	}
	for _, r := range search.rows {
		for _, n := range unknown {
			if holds(r, n) {
				f.addTyped(r.Object(), n, r)
			}
		}
	}
	return f, d.followConverted(ctx, asks, f)
}

func everyWrite(p *crm.Plan) []crm.Write { return slices.Concat(p.Writes, p.Ambiguous) }

// ask notes what one write needs to know.
func ask(asks map[string]*wants, w crm.Write, named sf.Match) {
	of := func(object string) *wants {
		a := asks[object]
		if a == nil {
			a = &wants{fields: map[string]bool{}, keys: map[string]map[string]bool{}, phones: map[string]bool{}, ids: map[string]bool{}}
			asks[object] = a
		}
		for _, name := range w.Looks() {
			if knows(w, object, name) {
				a.fields[name] = true
			}
		}
		for _, name := range Looked(object) {
			a.fields[name] = true
		}
		return a
	}
	if named.ID != "" {
		of(named.Object).ids[named.ID] = true
		return
	}
	for _, object := range objectsOf(w) {
		a := of(object)
		if field := w.KeyField(); field != "" && object == w.Object {
			a.fields[field] = true
			if a.keys[field] == nil {
				a.keys[field] = map[string]bool{}
			}
			a.keys[field][w.KeyValue()] = true
		}
		if w.Match.Phone != "" {
			a.phones[w.Match.Phone] = true
		}
	}
}

// Looked are the fields that are read of whoever is found among an object's records, beside those of the mapping.
func Looked(object string) []string {
	var all []string
	if person(object) {
		all = append(all, fieldE164, fieldActivity, fieldChanged)
	}
	if object == "Lead" {
		all = append(all, fieldConverted, fieldContact)
	}
	return all
}

// knows tells whether the write has the field for records of this object: asking for a field that an object lacks would
// fail the whole batch.
func knows(w crm.Write, object, field string) bool {
	fields := w.Fields
	if object != w.Object {
		fields = w.FieldsOf[object]
	}
	_, ok := fields[field]
	return ok
}

func (d *Driver) query(ctx context.Context, asks map[string]*wants, f *found) error {
	objects := slices.DeleteFunc(slices.Sorted(maps.Keys(asks)), func(o string) bool {
		return len(asks[o].keys)+len(asks[o].phones)+len(asks[o].ids) == 0
	})
	var soql, of []string
	for _, o := range objects {
		for _, q := range asks[o].soql(o) {
			soql, of = append(soql, q), append(of, o)
		}
	}
	results, err := d.client.Queries(ctx, soql)
	if err != nil {
		return err // classified by the client
	}
	for i, o := range of {
		keys := slices.Collect(maps.Keys(asks[o].keys))
		for _, r := range results[i] {
			f.add(o, keys, r)
		}
	}
	return nil
}

// search looks for numbers in the fields that people type them into.
type search struct {
	client    *sf.Client
	returning []sf.Returning
	rows      []sf.Record
	err       error
}

// objects notes where to look for whom; nowhere, if it is not called.
func (s *search) objects(todo []*attempt, asks map[string]*wants) {
	objects := map[string]bool{}
	for _, a := range todo {
		for _, w := range a.plan.Writes {
			for _, o := range w.Match.Objects {
				objects[o] = objects[o] || asks[o] != nil
			}
		}
	}
	for _, o := range slices.Sorted(maps.Keys(objects)) {
		if objects[o] {
			s.returning = append(s.returning, sf.Returning{Object: o, Fields: searchFields(o, asks[o])})
		}
	}
}

// run looks for numbers, in as few requests as the limits allow. An answer that is full may not be all: it is asked
// for again by halves.
func (s *search) run(ctx context.Context, numbers []string) {
	terms := make([]string, len(numbers))
	for i, n := range numbers {
		terms[i] = searchTerm(n)
	}
	for len(terms) > 0 && len(s.returning) > 0 && s.err == nil {
		n := sf.SearchTerms(terms)
		s.ask(ctx, terms[:n])
		terms = terms[n:]
	}
}

func (s *search) ask(ctx context.Context, terms []string) {
	rows, err := s.client.SearchPhones(ctx, terms, s.returning...)
	if half := len(terms) / 2; err == nil && len(rows) >= sf.MaxFound && half > 0 {
		s.ask(ctx, terms[:half])
		s.ask(ctx, terms[half:])
		return
	}
	s.rows, s.err = append(s.rows, rows...), errors.Join(s.err, err)
}

func searchFields(object string, a *wants) []string {
	fields := []string{"Id", crm.RevisionField}
	for _, name := range slices.Concat(slices.Sorted(maps.Keys(a.fields)), phoneFields(object)) {
		if !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	}
	return fields
}

// searchTerm is a number as the index has it: digits, in North America without the country code, which
// people there leave out.
func searchTerm(e164 string) string {
	digits := strings.TrimPrefix(e164, "+")
	if len(digits) == 11 && digits[0] == '1' {
		return digits[1:]
	}
	return digits
}

// holds tells whether one of a record's phone fields is this number: the search matches parts, too.
func holds(r sf.Record, e164 string) bool {
	return slices.ContainsFunc(phoneFields(r.Object()), func(field string) bool { return SamePhone(e164, r.Text(field)) })
}

// SamePhone tells whether a number as somebody typed it is the E.164 one. Without its country code it must
// be a North American one of ten digits; what follows an "x" is an extension and not the number.
func SamePhone(e164, typed string) bool {
	typed, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(typed)), "x")
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, typed)
	want := strings.TrimPrefix(e164, "+")
	switch digits {
	case "":
		return false
	case want:
		return true
	}
	return !strings.HasPrefix(typed, "+") && len(digits) == 10 && len(want) == 11 && want[0] == '1' && want[1:] == digits
}

// followConverted asks for the Contacts that converted Leads became, as far as they are not known yet.
func (d *Driver) followConverted(ctx context.Context, asks map[string]*wants, f *found) error {
	ids := map[string]bool{}
	for _, r := range f.ids {
		if id := r.Text(fieldContact); r[fieldConverted] == true && id != "" && f.ids[id] == nil {
			ids[id] = true
		}
	}
	if len(ids) == 0 {
		return nil
	}
	more := &wants{fields: map[string]bool{fieldActivity: true, fieldChanged: true}, ids: ids}
	if a := asks["Contact"]; a != nil {
		more.fields = a.fields
	}
	return d.query(ctx, map[string]*wants{"Contact": more}, f)
}
