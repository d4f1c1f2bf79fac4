package org

import (
	"net/http"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/soql"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/rules"
)

// maxFound is the most records of one search (SOQL and SOSL Reference, "SOSL Limits").
const maxFound = 2000

// Search runs a SOSL search. What was changed within the search lag is not found yet.
func (tx *Tx) Search(version, text string) ([]*Record, *Error) {
	s, err := soql.ParseSearch(text)
	if err != nil {
		return nil, language(err)
	}
	return tx.Find(version, s)
}

// Find runs a search that is already read.
func (tx *Tx) Find(version string, s *soql.Search) ([]*Record, *Error) {
	o := tx.o
	returning := s.Returning
	if returning == nil {
		for _, obj := range o.Schema.Objects() {
			if obj.Searchable {
				returning = append(returning, &soql.Query{From: soql.Name{Text: obj.Name}, Limit: -1, Offset: -1,
					Select: []soql.Item{{Path: soql.Path{Parts: []string{"Id"}}}}})
			}
		}
	}
	out := []*Record{}
	for _, q := range returning {
		obj := o.Schema.Object(q.From.Text)
		if obj == nil || !obj.Searchable {
			return nil, Refuse(http.StatusBadRequest, "INVALID_TYPE", "%s", soql.Pointing(q.Text, q.From.At,
				"sObject type '"+q.From.Text+"' is not supported."))
		}
		p := &planner{o: o, u: tx.User, version: version, q: q, obj: obj, only: o.searched(obj, s)}
		rows, err := p.run()
		if err != nil {
			return nil, err
		}
		out = append(out, rows.Records...)
	}
	most := maxFound
	if s.Limit >= 0 {
		most = s.Limit
	}
	return out[:min(most, len(out))], nil
}

// searched are the ids of an object's records in which the terms occur; never nil.
func (o *Org) searched(obj *schema.Object, s *soql.Search) []string {
	t := o.tables[obj.Name]
	since := stamp(o.Now().Add(-o.SearchLag))
	ids := t.order
	if keys, ok := phoneTerms(s); ok {
		ids = t.withPhones(keys)
	}
	found := []string{}
	for _, id := range ids {
		r := t.live(id)
		if r == nil || o.SearchLag > 0 && str(r["SystemModstamp"]) > since {
			continue
		}
		hit := func(term string) bool { return occurs(obj, r, s.In, term) }
		if s.Any && slices.ContainsFunc(s.Terms, hit) ||
			!s.Any && !slices.ContainsFunc(s.Terms, func(term string) bool { return !hit(term) }) {
			found = append(found, id)
		}
	}
	return found
}

// phoneTerms are the index keys of a search for one whole number, or for any of several.
func phoneTerms(s *soql.Search) ([]string, bool) {
	if s.In != "PHONE" || len(s.Terms) > 1 && !s.Any {
		return nil, false
	}
	keys := make([]string, len(s.Terms))
	for i, term := range s.Terms {
		if keys[i] = phoneKey(term); len(keys[i]) != 10 || strings.ContainsAny(term, "*?") {
			return nil, false
		}
	}
	return keys, true
}

// withPhones are the ids of the records with any of these numbers, each once, oldest first.
func (t *table) withPhones(keys []string) []string {
	var ids []string
	for _, k := range keys {
		ids = append(ids, t.phones[k]...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func occurs(obj *schema.Object, r Row, in, term string) bool {
	for _, f := range obj.Fields {
		v := str(r[f.Name])
		if v == "" {
			continue
		}
		switch {
		case f.Type == schema.Phone && (in == "PHONE" || in == "ALL"):
			if phoneOccurs(v, term) {
				return true
			}
		case f.Type == schema.Email && (in == "EMAIL" || in == "ALL"), f.NameField && in != "PHONE" && in != "EMAIL",
			in == "ALL" && f.Text():
			if wordOccurs(v, term) {
				return true
			}
		}
	}
	return false
}

// phoneOccurs compares digits, from the number's end: who asks without a country code finds the number with one.
func phoneOccurs(written, term string) bool {
	have, want := rules.Digits(written), rules.Digits(term)
	if want == "" {
		return false
	}
	if strings.HasSuffix(term, "*") {
		return strings.HasPrefix(have, want)
	}
	return have == want || len(want) >= 7 && strings.HasSuffix(have, want) || len(have) >= 10 && strings.HasSuffix(want, have)
}

// wordOccurs finds a word, a phrase or a pattern in a text.
func wordOccurs(text, term string) bool {
	text = strings.ToLower(text)
	if strings.Contains(term, " ") {
		return strings.Contains(text, term)
	}
	pattern := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%", "?", "_").Replace(term)
	if like(text, pattern) {
		return true
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,.;:()/-@", r) })
	return slices.ContainsFunc(words, func(w string) bool { return like(w, pattern) })
}
