package rules

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// Match says how to find the record that a write is for. Exactly one of By, ID and Phone is set.
type Match struct {
	// By is an external id field and Value its value.
	By    string `json:"by,omitempty"`
	Value string `json:"value,omitempty"`
	// ID of the record, when it is already known; version 1 of Writes__c only.
	ID string `json:"id,omitempty"`
	// Phone in E.164 and the Objects to look in, in this order.
	Phone   string   `json:"phone,omitempty"`
	Objects []string `json:"objects,omitempty"`
	// Several is what several people of one object are: nobody ("leave", the default), or the latest of them ("latest").
	Several string `json:"several,omitempty"`
	// Key is what a match by phone looks for in the write's own object, too; it comes from the write.
	Key *Key `json:"-"`
}

// Latest takes, of several people, the one with the latest activity.
const Latest = "latest"

// Key is an external id.
type Key struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// Record that was found.
type Record struct {
	Object string         `json:"object"`
	ID     string         `json:"id"`
	Fields map[string]any `json:"fields"`
}

// Finder looks records up; deleted ones are never found.
type Finder interface {
	// ByID returns a record of any object; nil if there is none.
	ByID(id string) *Record
	// ByKey returns the record that holds an external id, in any case; nil if there is none.
	ByKey(object, field, value string) *Record
	// ByE164 returns the records of an object whose Phone_E164__c is exactly this.
	ByE164(object, e164 string) []*Record
	// ByPhone returns the records of an object with this number in a phone field, however it is written.
	ByPhone(object, e164 string) []*Record
}

// Errors of [Find].
var (
	// ErrMatch tells that a match doesn't say how to look.
	ErrMatch = errors.New(`a match needs exactly one of "by" with "value", "id", or "phone" with "objects"`)
	// ErrGone tells that a match names a record by an id that isn't there.
	ErrGone = errors.New("the matched record is not there any more")
	// ErrSeveral tells that several people have the number, and none of them is taken.
	ErrSeveral = errors.New("several people have this number")
)

// Find returns the record that a write to object is for, nil if there is none.
//
//   - A number is looked for by the write's key and exactly in all the objects first, then in their phone fields; nobody can be
//     found by a number that is not a caller's own ([Callable]).
//   - The first of the match's objects that holds somebody wins. Of several people of it the one that we made for this caller is
//     taken, else nobody ([ErrSeveral]) or, where the match says so, the one with the latest activity, then the one changed last,
//     then the one with the lowest id.
//   - A converted Lead stands for the Contact that it became.
func Find(f Finder, object string, m Match) (*Record, error) {
	switch {
	case m.Several != "" && m.Several != "leave" && m.Several != Latest:
		return nil, ErrMatch
	case m.By != "" && m.Value != "" && m.ID == "" && m.Phone == "":
		return current(f, f.ByKey(object, m.By, m.Value)), nil
	case m.ID != "" && m.By == "" && m.Phone == "":
		r := current(f, f.ByID(m.ID))
		if r == nil {
			return nil, ErrGone
		}
		return r, nil
	case m.Phone != "" && len(m.Objects) > 0 && m.By == "" && m.ID == "":
		return byPhone(f, object, m)
	default:
		return nil, ErrMatch
	}
}

// person may be whom a number means; ours is one that we made for this caller.
type person struct {
	*Record

	ours bool
}

func byPhone(f Finder, object string, m Match) (*Record, error) {
	var found []person
	add := func(r *Record, ours bool) {
		if r = current(f, r); r != nil {
			found = append(found, person{r, ours})
		}
	}
	if m.Key != nil {
		add(f.ByKey(object, m.Key.Field, m.Key.Value), true)
	}
	look := func(by func(object, e164 string) []*Record) {
		for _, o := range m.Objects {
			for _, r := range by(o, m.Phone) {
				add(r, m.Key != nil && strings.EqualFold(str(r.Fields[m.Key.Field]), m.Key.Value))
			}
		}
	}
	if Callable(m.Phone) {
		if look(f.ByE164); len(found) == 0 {
			look(f.ByPhone)
		}
	}
	return meant(found, m)
}

// meant is the one of those found that the match means.
func meant(found []person, m Match) (*Record, error) {
	for _, object := range m.Objects {
		var of []person
		for _, p := range found {
			if p.Object == object && !slices.ContainsFunc(of, func(o person) bool { return o.ID == p.ID }) {
				of = append(of, p)
			}
		}
		if len(of) == 0 {
			continue
		}
		if i := slices.IndexFunc(of, func(p person) bool { return p.ours }); i >= 0 {
			return of[i].Record, nil
		}
		if len(of) > 1 && m.Several != Latest {
			return nil, ErrSeveral
		}
		return slices.MinFunc(of, latestFirst).Record, nil
	}
	return nil, nil //nolint:nilnil // nobody is an answer
}

func latestFirst(a, b person) int {
	return cmp.Or(
		cmp.Compare(str(b.Fields["LastActivityDate"]), str(a.Fields["LastActivityDate"])),
		cmp.Compare(str(b.Fields["LastModifiedDate"]), str(a.Fields["LastModifiedDate"])),
		cmp.Compare(a.ID, b.ID))
}

// current follows a converted Lead to its Contact; nil if that is gone.
func current(f Finder, r *Record) *Record {
	if r == nil || r.Object != "Lead" || r.Fields["IsConverted"] != true {
		return r
	}
	return f.ByID(str(r.Fields["ConvertedContactId"]))
}

// Callable tells whether a number can be somebody's: E.164, and not what carriers send for a withheld one
// (+266696687 spells "anonymous").
func Callable(e164 string) bool {
	digits, plus := strings.CutPrefix(e164, "+")
	return plus && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && digits == Digits(digits) &&
		digits != "266696687"
}

// Digits are the digits of a number as somebody wrote it.
func Digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
}

// SamePhone tells whether a number as somebody wrote it is the E.164 one. Written without its country code it
// must be a North American one of ten digits; what follows an "x" is an extension, not the number.
func SamePhone(e164, written string) bool {
	number, _, _ := strings.Cut(strings.ToLower(written), "x")
	have, want := Digits(number), Digits(e164)
	if have == want {
		return true
	}
	return len(have) == 10 && len(want) == 11 && want[0] == '1' && want[1:] == have && !strings.HasPrefix(strings.TrimSpace(written), "+")
}
