package salesforce

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// lookUp asks what stands for a whole batch: a query for each object, all in one composite request, so that
// knowing costs one request however many calls there are; then one search for the numbers that no record
// holds as E.164.
func (d *Driver) lookUp(ctx context.Context, todo []*attempt) (*found, error) {
	asks := map[string]*wants{}
	for _, a := range todo {
		for _, w := range everyWrite(a.plan) {
			ask(asks, w, a.named[w.Ref])
		}
	}
	f := newFound()
	if err := d.query(ctx, asks, f); err != nil {
		return nil, err
	}
	if !d.cfg.NoSearch {
		if err := d.searchPhones(ctx, todo, asks, f); err != nil {
			return nil, err
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
		if person(object) {
			for _, name := range []string{fieldE164, fieldActivity, fieldChanged} {
				a.fields[name] = true
			}
		}
		if object == "Lead" {
			a.fields[fieldConverted], a.fields[fieldContact] = true, true
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
	soql := make([]string, len(objects))
	for i, o := range objects {
		soql[i] = asks[o].soql(o)
	}
	results, err := d.client.Queries(ctx, soql)
	if err != nil {
		return err // classified by the client
	}
	for i, o := range objects {
		keys := slices.Collect(maps.Keys(asks[o].keys))
		for _, r := range results[i] {
			f.add(o, keys, r)
		}
	}
	return nil
}

// searchPhones looks for the numbers that nobody holds as E.164 in the fields that people type numbers into.
func (d *Driver) searchPhones(ctx context.Context, todo []*attempt, asks map[string]*wants, f *found) error {
	missing, objects := map[string]bool{}, map[string]bool{}
	for _, a := range todo {
		for _, w := range a.plan.Writes {
			if w.Match.Phone == "" || a.named[w.Ref].ID != "" || len(f.of(w, sf.Match{})) > 0 {
				continue
			}
			missing[w.Match.Phone] = true
			for _, o := range w.Match.Objects {
				objects[o] = true
			}
		}
	}
	numbers := slices.Sorted(maps.Keys(missing))
	returning := make([]sf.Returning, 0, len(objects))
	for _, o := range slices.Sorted(maps.Keys(objects)) {
		returning = append(returning, sf.Returning{Object: o, Fields: searchFields(o, asks[o])})
	}
	for chunk := range slices.Chunk(numbers, sf.MaxSearchTerms) {
		terms := make([]string, len(chunk))
		for i, n := range chunk {
			terms[i] = searchTerm(n)
		}
		records, err := d.client.SearchPhones(ctx, terms, returning...)
		if err != nil {
			return err // classified by the client
		}
		for _, r := range records {
			for _, n := range chunk {
				if holds(r, n) {
					f.addTyped(r.Object(), n, r)
				}
			}
		}
	}
	return nil
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
