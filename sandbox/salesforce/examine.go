package salesforce

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// Examiner tells what an org would refuse, without a server: it keeps an org of its own, in memory, that takes the
// records of one call after the other. It implements [calls.CRM]. It is not safe for concurrent use.
type Examiner struct{ org *org.Org }

var _ calls.CRM = (*Examiner)(nil)

// NewExaminer examines records for an org. Of its users only the roles matter; none are needed.
func NewExaminer(o Org) (*Examiner, error) {
	o.Users = StandardUsers("examiner.example", "frontdesk@examiner.example", "")
	c := Config{Orgs: []Org{o}}.withDefaults()
	t, err := newTenant(c.Orgs[0], c.Now, func(string) *org.Error { return nil })
	if err != nil {
		return nil, fmt.Errorf("making an org to examine records with: %w", err)
	}
	ledger, err := org.OpenLedger("", nil)
	if err != nil {
		return nil, fmt.Errorf("making an org to examine records with: %w", err)
	}
	t.Attach(ledger)
	return &Examiner{t.Org}, nil
}

// Object implements [calls.CRM].
func (e *Examiner) Object(name string) string {
	if o := e.org.Schema.Object(name); o != nil && o.Name == name && !o.Event {
		return ""
	}
	return fmt.Sprintf("there is no object %q; %s", name, calls.Suggest(name, e.seedable(), "known here"))
}

// seedable objects are those of which records can be made.
func (e *Examiner) seedable() []string {
	var names []string
	for _, o := range e.org.Schema.Objects() {
		if !o.Event && !o.Fixed && o.Name != "ContentDocument" {
			names = append(names, o.Name)
		}
	}
	return names
}

// Seed implements [calls.CRM].
func (e *Examiner) Seed(records []calls.CRMRecord) []calls.RecordFault {
	var faults []calls.RecordFault
	add := func(i int, key, format string, args ...any) {
		faults = append(faults, calls.RecordFault{Record: i, Key: key, Text: fmt.Sprintf(format, args...)})
	}
	seeds := make([]org.Seed, len(records))
	for i, r := range records {
		seeds[i] = org.Seed{Object: r.Object, Fields: r.Fields}
		obj := e.org.Schema.Object(r.Object)
		if obj == nil || !slices.Contains(e.seedable(), obj.Name) {
			if r.Object != "" {
				add(i, "object", "there is no object %q of which records can be made; %s", r.Object, calls.Suggest(r.Object, e.seedable(), "known here"))
			}
			continue
		}
		mistyped := map[string]bool{}
		for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
			f := obj.Field(name)
			if f == nil {
				writable := fieldNames(obj, func(f *schema.Field) bool { return !f.ReadOnly })
				add(i, "fields."+name, "%s has no such field; %s", obj.Name, calls.Suggest(name, writable, "known here"))
				mistyped[calls.Nearest(name, writable)] = true
				continue
			}
			if text := e.seedFault(obj, f, r.Fields[name], i, records); text != "" {
				add(i, "fields."+name, "%s", text)
				mistyped[f.Name] = true
			}
		}
		for _, f := range obj.Fields {
			if f.Required && f.Default == nil && !mistyped[f.Name] && !hasValue(r.Fields, f.Name) {
				add(i, "", "a %s needs %s: give it", obj.Name, f.Name)
			}
		}
	}
	if faults != nil {
		return faults
	}
	if _, at, err := e.org.TrySeed(seeds); err != nil {
		text, _, twice := strings.Cut(err.Message, " on record with id")
		if twice {
			text += " of another record"
		}
		add(at, "", "Salesforce refuses this %s: %s", records[at].Object, text)
	}
	return faults
}

// hasValue tells whether a record has a value for a field, whatever the case of its name.
func hasValue(fields map[string]any, name string) bool {
	for k, v := range fields {
		if strings.EqualFold(k, name) && v != nil && v != "" {
			return true
		}
	}
	return false
}

// seedFault says why a field can't be seeded with a value; empty if it can.
func (e *Examiner) seedFault(obj *schema.Object, f *schema.Field, v any, at int, records []calls.CRMRecord) string {
	switch s, _ := v.(string); {
	case f.ReadOnly && f.NameField && obj.Field("LastName") != nil:
		return "Salesforce makes it of FirstName and LastName: give those"
	case f.ReadOnly || f.Type == schema.ID:
		return "Salesforce sets it itself: leave it out"
	case f.Type == schema.Reference && strings.HasPrefix(s, "@"):
		n, err := strconv.Atoi(s[1:])
		if err != nil || n < 0 || n >= at {
			return fmt.Sprintf("%q: want an earlier record of this list, counted from 0, as \"@0\"", s)
		}
		if !slices.Contains(f.ReferenceTo, records[n].Object) {
			return fmt.Sprintf("%q is of %s: want one of %s", s, records[n].Object, strings.Join(f.ReferenceTo, ", "))
		}
		return ""
	case f.Type == schema.Reference && v != nil:
		return fmt.Sprintf("%v: ids are made when the call is played; point to an earlier record of this list as \"@0\"", v)
	}
	if f.Text() && bareWord(v) {
		return fmt.Sprintf("%s: this field holds text; put it in quotes", asTyped(v))
	}
	if _, err := org.Fit(obj, f, v); err != nil {
		return unfit(f, v)
	}
	return ""
}

// Expect implements [calls.CRM].
func (e *Examiner) Expect(r calls.ExpectedRecord) []calls.RecordFault {
	obj := e.org.Schema.Object(r.Object)
	if obj == nil || obj.Name != r.Object {
		return []calls.RecordFault{{Key: "object", Text: e.Object(r.Object)}}
	}
	var faults []calls.RecordFault
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		text := fmt.Sprintf("%s has no such field; %s", obj.Name, calls.Suggest(name, fieldNames(obj, nil), "known here"))
		if f := obj.Field(name); f != nil && f.Name == name {
			text = neverHolds(obj, f, r.Fields[name])
		}
		if text != "" {
			faults = append(faults, calls.RecordFault{Key: "fields." + name, Text: text})
		}
	}
	return faults
}

// neverHolds says why a field can never hold what is expected; empty if it can.
func neverHolds(obj *schema.Object, f *schema.Field, want any) string {
	s, isText := want.(string)
	switch {
	case want == nil || isText && s == "":
		if f.Required || f.Type == schema.Boolean {
			return "is never empty: leave it out, or say what it holds"
		}
		return ""
	case isText && strings.Contains(s, "*"):
		return ""
	case f.Type == schema.ID, f.Type == schema.Reference:
		return fmt.Sprintf("%v: ids are made when the call is played; write \"*\" for any", want)
	case f.Text() && bareWord(want):
		return fmt.Sprintf("%s: this field holds text; put it in quotes", asTyped(want))
	case isText && f.Number():
		if n, err := strconv.ParseFloat(s, 64); err == nil {
			want = n
		}
	case isText && f.Type == schema.Boolean && (s == "true" || s == "false"):
		return ""
	}
	held, err := org.Fit(obj, f, want)
	switch {
	case err != nil:
		return unfit(f, want)
	case !calls.Matches(want, held) && f.Number():
		return fmt.Sprintf("%s: Salesforce rounds it to %s", asTyped(want), asTyped(held))
	case !calls.Matches(want, held):
		return fmt.Sprintf("%q: Salesforce holds it as %q", want, held)
	}
	return ""
}

// bareWord tells whether YAML read a number, true or false.
func bareWord(v any) bool {
	switch v.(type) {
	case float64, bool:
		return true
	}
	return false
}

// asTyped is a value as it was typed.
func asTyped(v any) string {
	if n, ok := v.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// unfit says what a field takes in place of a value that it refuses.
func unfit(f *schema.Field, v any) string {
	if v == nil {
		return "is never empty: leave it out, or give a value"
	}
	got := asTyped(v)
	if s, ok := v.(string); ok {
		got = fmt.Sprintf("%q", s)
		if n := len([]rune(s)); f.Text() && n > f.Length {
			return fmt.Sprintf("is %d characters long, and %s takes %d", n, f.Name, f.Length)
		}
	}
	switch f.Type { //nolint:exhaustive // the rest take any text
	case schema.Email:
		return got + " is no e-mail address, as rosa@example.com"
	case schema.Picklist:
		return got + " is none of its values; " + calls.Suggest(strings.Trim(got, `"`), f.Values, "they are")
	case schema.Boolean:
		return got + ": want true or false"
	case schema.Int:
		return fmt.Sprintf("%s: want a whole number of up to %d digits", got, f.Precision)
	case schema.Double, schema.Currency:
		return fmt.Sprintf("%s: want a number of up to %d digits before the point", got, f.Precision-f.Scale)
	case schema.Date:
		return got + ": want a date, as 2026-01-31"
	case schema.DateTime:
		return got + ": want a time, as 2026-01-31T09:00:00Z"
	case schema.Base64:
		return got + ": want base64"
	}
	return got + ": want text without null characters"
}

// fieldNames of an object in its own order, those that pass.
func fieldNames(o *schema.Object, pass func(*schema.Field) bool) []string {
	var names []string
	for _, f := range o.Fields {
		if pass == nil || pass(f) {
			names = append(names, f.Name)
		}
	}
	return names
}
