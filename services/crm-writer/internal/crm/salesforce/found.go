package salesforce

import (
	"maps"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// Fields that matching goes by.
const (
	fieldE164      = "Phone_E164__c"
	fieldActivity  = "LastActivityDate"
	fieldChanged   = "LastModifiedDate"
	fieldConverted = "IsConverted"
	fieldContact   = "ConvertedContactId"
)

// person tells the objects that stand for people.
func person(object string) bool { return object == "Contact" || object == "Lead" }

// phoneFields of an object that people type numbers into.
func phoneFields(object string) []string {
	if object == "Contact" {
		return []string{"Phone", "MobilePhone", "HomePhone", "OtherPhone"}
	}
	return []string{"Phone", "MobilePhone"}
}

// found is what stands, as far as a batch asked.
type found struct {
	// keys is by object, field and value in lower case, as Salesforce compares external ids.
	keys map[[3]string][]sf.Record
	// phones is by object and E.164.
	phones map[[2]string][]sf.Record
	ids    map[string]sf.Record
}

func newFound() *found {
	return &found{keys: map[[3]string][]sf.Record{}, phones: map[[2]string][]sf.Record{}, ids: map[string]sf.Record{}}
}

func keyOf(object, field, value string) [3]string {
	return [3]string{object, field, strings.ToLower(value)}
}

// add files a row of a query under everything that was asked for.
func (f *found) add(object string, keyFields []string, r sf.Record) {
	f.ids[r.Text("Id")] = r
	for _, field := range keyFields {
		if v := r.Text(field); v != "" {
			k := keyOf(object, field, v)
			f.keys[k] = append(f.keys[k], r)
		}
	}
	if v := r.Text(fieldE164); v != "" {
		k := [2]string{object, v}
		f.phones[k] = append(f.phones[k], r)
	}
}

// nobody is the numbers of todo for whose writes nothing is found yet.
func (f *found) nobody(todo []*attempt) []string {
	missing := map[string]bool{}
	for _, a := range todo {
		for _, w := range a.plan.Writes {
			if w.Match.Phone != "" && a.named[w.Ref].ID == "" && len(f.of(w, sf.Match{})) == 0 {
				missing[w.Match.Phone] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(missing))
}

// addTyped files a row of a search under a number that stands in one of its phone fields.
func (f *found) addTyped(object, e164 string, r sf.Record) {
	f.ids[r.Text("Id")] = r
	k := [2]string{object, e164}
	f.phones[k] = append(f.phones[k], r)
}

// of returns what a write may mean, in the portable form. A record that a duplicate rule has named comes
// alone, and a converted Lead as the Contact that it became.
func (f *found) of(w crm.Write, named sf.Match) []crm.Existing {
	if named.ID != "" {
		if r := f.ids[named.ID]; r != nil {
			return []crm.Existing{f.existing(named.Object, w, r)}
		}
		return nil
	}
	var rows []struct {
		object string
		r      sf.Record
	}
	add := func(object string, records []sf.Record) {
		for _, r := range records {
			rows = append(rows, struct {
				object string
				r      sf.Record
			}{object, r})
		}
	}
	for _, object := range objectsOf(w) {
		if w.KeyField() != "" && object == w.Object {
			add(object, f.keys[keyOf(object, w.KeyField(), w.KeyValue())])
		}
		if w.Match.Phone != "" {
			add(object, f.phones[[2]string{object, w.Match.Phone}])
		}
	}
	out := make([]crm.Existing, 0, len(rows))
	for _, row := range rows {
		if row.r[fieldConverted] == true {
			if c := f.ids[row.r.Text(fieldContact)]; c != nil {
				x := f.existing("Contact", w, c)
				x.Key = row.r.Text(w.KeyField()) // the person is known by the Lead's key, too
				out = append(out, x)
			}
			continue
		}
		out = append(out, f.existing(row.object, w, row.r))
	}
	return out
}

func (f *found) existing(object string, w crm.Write, r sf.Record) crm.Existing {
	x := crm.Existing{
		Object: object, ID: r.Text("Id"), Revision: r.Text(crm.RevisionField),
		Activity: r.Text(fieldActivity), Changed: r.Text(fieldChanged), Values: map[string]any{},
	}
	if strings.EqualFold(r.Text(w.KeyField()), w.KeyValue()) {
		x.Key = w.KeyValue()
	}
	for _, name := range w.Looks() {
		x.Values[name] = r[name]
	}
	return x
}

// objectsOf are the objects that a write may find: by phone those of its match, and always its own, which
// its key may find.
func objectsOf(w crm.Write) []string {
	objects := slices.Clone(w.Match.Objects)
	if !slices.Contains(objects, w.Object) && w.KeyField() != "" {
		objects = append(objects, w.Object)
	}
	return objects
}

// wants is what to ask of one object.
type wants struct {
	fields map[string]bool
	keys   map[string]map[string]bool // by external id field
	phones map[string]bool
	ids    map[string]bool
}

// soql is what to ask of an object, in as few statements as their length allows.
func (w *wants) soql(object string) []string {
	fields := []string{"Id", crm.RevisionField}
	for name := range w.fields {
		if !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields[2:])
	q := &statements{head: "SELECT " + strings.Join(fields, ", ") + " FROM " + object + " WHERE "}
	for _, field := range slices.Sorted(maps.Keys(w.keys)) {
		q.in(field, w.keys[field])
	}
	q.in(fieldE164, w.phones)
	q.in("Id", w.ids)
	return q.end()
}

// maxRows is what one page of an answer holds: the values of one statement, each of which finds one record as a rule, are no more, so
// that no page costs a request of its own.
const maxRows = 2000

// statements collects conditions, any of which is to hold.
type statements struct {
	head  string
	where []string
	// size in characters, rows in values asked for.
	size, rows int
	done       []string
}

// in asks for records with one of these values; a statement that would become too long, or its answer, is ended first.
func (q *statements) in(field string, values map[string]bool) {
	rest := slices.Sorted(maps.Keys(values))
	for len(rest) > 0 {
		n, size := 0, len(field)+len(" IN () OR ")
		for ; n < len(rest); n++ {
			more := len(sf.Quote(rest[n])) + 1
			if (len(q.head)+q.size+size+more > sf.MaxQuery || q.rows+n == maxRows) && n+len(q.where) > 0 {
				break
			}
			size += more
		}
		if n > 0 {
			q.where, q.size, q.rows, rest = append(q.where, sf.In(field, rest[:n])), q.size+size, q.rows+n, rest[n:]
		}
		if len(rest) > 0 {
			q.end()
		}
	}
}

// end ends a statement and returns all of them.
func (q *statements) end() []string {
	if len(q.where) > 0 {
		q.done = append(q.done, q.head+strings.Join(q.where, " OR "))
		q.where, q.size, q.rows = nil, 0, 0
	}
	return q.done
}
