package rules_test

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/rules"
)

type vectors struct {
	Hash []struct {
		Value      any
		Text, Hash string
	}
	Stale []struct {
		Held, Next string
		Stale      bool
	}
	Insert []struct {
		Name   string
		Fields map[string]any
		Owned  []string
	}
	Keep []struct {
		Name        string
		Held, Write map[string]any
		OnlyNew     []string          `json:"only_new"`
		OnlyBlank   map[string]string `json:"only_blank"`
		Fields      map[string]any
	}
	Update []struct {
		Name        string
		Held, Write map[string]any
		// Ours are held fields whose value we wrote; State are fields that we wrote with another value.
		Ours   []string
		State  map[string]any
		Stale  bool
		Fields map[string]any
		Left   []string
		Owned  []string
	}
	Phone []struct {
		E164, Written string
		Same          bool
	}
	Callable []struct {
		Number   string
		Callable bool
	}
	Match []struct {
		Name, Object string
		CallerKey    string `json:"caller_key"`
		Match        rules.Match
		Records      []*rules.Record
		Found, Error string
	}
}

func load(t *testing.T) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestHash(t *testing.T) {
	for _, v := range load(t).Hash {
		if v.Hash != "" && rules.Hash(v.Value) != v.Hash {
			t.Errorf("hash of %v is %s, want %s", v.Value, rules.Hash(v.Value), v.Hash)
		}
		if v.Hash == "" && rules.Text(v.Value) != v.Text {
			t.Errorf("text of %v is %q, want %q", v.Value, rules.Text(v.Value), v.Text)
		}
	}
}

func TestStale(t *testing.T) {
	for _, v := range load(t).Stale {
		if got := rules.Stale(v.Held, v.Next); got != v.Stale {
			t.Errorf("held %q, next %q: stale %v", v.Held, v.Next, got)
		}
	}
}

func TestInsert(t *testing.T) {
	for _, v := range load(t).Insert {
		t.Run(v.Name, func(t *testing.T) {
			d := rules.Insert(v.Fields)
			if got := owned(t, d.Fields, nil); !slices.Equal(got, v.Owned) {
				t.Errorf("owns %q, want %q", got, v.Owned)
			}
		})
	}
}

func TestKeep(t *testing.T) {
	for _, v := range load(t).Keep {
		t.Run(v.Name, func(t *testing.T) {
			if got := rules.Keep(v.Held, v.Write, v.OnlyNew, v.OnlyBlank); !reflect.DeepEqual(got, v.Fields) {
				t.Errorf("writes %v, want %v", got, v.Fields)
			}
		})
	}
}

func TestUpdate(t *testing.T) {
	for _, v := range load(t).Update {
		t.Run(v.Name, func(t *testing.T) {
			before := map[string]string{}
			for _, f := range v.Ours {
				before[f] = rules.Hash(v.Held[f])
			}
			for f, old := range v.State {
				before[f] = rules.Hash(old)
			}
			if len(before) > 0 {
				b, err := json.Marshal(before)
				if err != nil {
					t.Fatal(err)
				}
				v.Held[rules.FieldState] = string(b)
			}
			d := rules.Update(v.Held, v.Write)
			if d.Stale != v.Stale || !slices.Equal(d.Left, v.Left) {
				t.Errorf("stale %v, left %q; want %v, %q", d.Stale, d.Left, v.Stale, v.Left)
			}
			if got := owned(t, d.Fields, before); !slices.Equal(got, v.Owned) {
				t.Errorf("newly owns %q, want %q", got, v.Owned)
			}
			if d.Fields[rules.FieldState] != "" {
				delete(d.Fields, rules.FieldState)
			}
			if len(d.Fields)+len(v.Fields) > 0 && !reflect.DeepEqual(d.Fields, v.Fields) {
				t.Errorf("writes %v, want %v", d.Fields, v.Fields)
			}
		})
	}
}

// owned returns the fields whose hash is that of their new value and was not before, in the order of the vectors.
func owned(t *testing.T, fields map[string]any, before map[string]string) []string {
	t.Helper()
	text, _ := fields[rules.FieldState].(string)
	if text == "" {
		return nil
	}
	state := map[string]string{}
	if err := json.Unmarshal([]byte(text), &state); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range []string{"LastName", "Status", "FirstName", "Intent__c", "Consent_Record__c", "Subject", "Duration__c"} {
		if h := state[f]; h != "" && h != before[f] {
			if h != rules.Hash(fields[f]) {
				t.Errorf("%s: the state's hash is not that of the value written", f)
			}
			names = append(names, f)
		}
	}
	return names
}

func TestPhones(t *testing.T) {
	for _, v := range load(t).Phone {
		if got := rules.SamePhone(v.E164, v.Written); got != v.Same {
			t.Errorf("%q written as %q: same %v", v.E164, v.Written, got)
		}
	}
	for _, v := range load(t).Callable {
		if got := rules.Callable(v.Number); got != v.Callable {
			t.Errorf("%q: callable %v", v.Number, got)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, v := range load(t).Match {
		t.Run(v.Name, func(t *testing.T) {
			if v.CallerKey != "" {
				v.Match.Key = &rules.Key{Field: rules.FieldCallerKey, Value: v.CallerKey}
			}
			r, err := rules.Find(list(v.Records), v.Object, v.Match)
			want := map[string]error{"gone": rules.ErrGone, "match": rules.ErrMatch, "several": rules.ErrSeveral}[v.Error]
			if !errors.Is(err, want) {
				t.Fatalf("error %v, want %v", err, want)
			}
			got := ""
			if r != nil {
				got = r.ID
			}
			if got != v.Found {
				t.Errorf("found %q, want %q", got, v.Found)
			}
		})
	}
}

// list is a finder over a few records.
type list []*rules.Record

func (l list) where(object string, ok func(*rules.Record) bool) []*rules.Record {
	var found []*rules.Record
	for _, r := range l {
		if (object == "" || r.Object == object) && ok(r) {
			found = append(found, r)
		}
	}
	return found
}

func (l list) first(object string, ok func(*rules.Record) bool) *rules.Record {
	if found := l.where(object, ok); len(found) > 0 {
		return found[0]
	}
	return nil
}

func (l list) ByID(id string) *rules.Record {
	return l.first("", func(r *rules.Record) bool { return r.ID == id })
}

func (l list) ByKey(object, field, value string) *rules.Record {
	return l.first(object, func(r *rules.Record) bool {
		held, ok := r.Fields[field].(string)
		return ok && strings.EqualFold(held, value)
	})
}

func (l list) ByE164(object, e164 string) []*rules.Record {
	return l.where(object, func(r *rules.Record) bool { return r.Fields[rules.FieldE164] == e164 })
}

func (l list) ByPhone(object, e164 string) []*rules.Record {
	return l.where(object, func(r *rules.Record) bool {
		for _, f := range []string{"Phone", "MobilePhone"} {
			if w, ok := r.Fields[f].(string); ok && rules.SamePhone(e164, w) {
				return true
			}
		}
		return false
	})
}
