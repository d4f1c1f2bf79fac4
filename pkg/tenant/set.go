package tenant

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"time"
)

// Set is all tenants of a deployment. Immutable; safe for concurrent use.
type Set struct {
	byID     map[string]*Tenant
	byNumber map[string]owner
}

type owner struct {
	tenant *Tenant
	number *Number
}

// NewSet makes a set of loaded tenants; it refuses a number or an id that stands twice, naming each.
func NewSet(tenants ...*Tenant) (*Set, error) {
	s := &Set{byID: map[string]*Tenant{}, byNumber: map[string]owner{}}
	var faults []error
	for _, t := range tenants {
		if _, twice := s.byID[t.ID]; twice {
			faults = append(faults, fmt.Errorf("tenant %s stands twice", t.ID))
		}
		s.byID[t.ID] = t
		for i := range t.Numbers {
			n := &t.Numbers[i]
			if o, twice := s.byNumber[n.Number]; twice {
				faults = append(faults, fmt.Errorf("number %s belongs to both %s and %s", n.Number, o.tenant.ID, t.ID))
			}
			s.byNumber[n.Number] = owner{t, n}
		}
	}
	return s, errors.Join(faults...)
}

// ByID returns a tenant; nil if there is none.
func (s *Set) ByID(id string) *Tenant { return s.byID[id] }

// ByNumber returns who owns a dialled number (E.164); nil, nil if nobody.
func (s *Set) ByNumber(e164 string) (*Tenant, *Number) {
	o := s.byNumber[e164]
	return o.tenant, o.number
}

// ByAccount returns the tenants of a carrier account, by id.
func (s *Set) ByAccount(accountSID string) []*Tenant {
	return slices.DeleteFunc(s.All(), func(t *Tenant) bool { return t.Twilio.AccountSID != accountSID })
}

// All returns the tenants by id.
func (s *Set) All() []*Tenant {
	all := make([]*Tenant, 0, len(s.byID))
	for _, id := range slices.Sorted(maps.Keys(s.byID)) {
		all = append(all, s.byID[id])
	}
	return all
}

// LongestCall is the longest that a call of any tenant may last: how far back an open one may have begun.
func (s *Set) LongestCall() time.Duration {
	var longest time.Duration
	for _, t := range s.byID {
		longest = max(longest, time.Duration(t.LongestCall))
	}
	return longest
}

// CallerRef is the HMAC-SHA256 of a caller's number under the tenant's key, hex; "" for "".
func (t *Tenant) CallerRef(e164 string) string {
	if e164 == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(t.CallerKey.Reveal()))
	mac.Write([]byte(e164))
	return hex.EncodeToString(mac.Sum(nil))
}

// Intent returns an intent of the catalogue; nil if there is none of that name.
func (t *Tenant) Intent(name string) *Intent {
	for i := range t.Catalogue.Intents {
		if t.Catalogue.Intents[i].Name == name {
			return &t.Catalogue.Intents[i]
		}
	}
	return nil
}

// Disposition returns a disposition of the catalogue; nil if there is none of that name.
func (t *Tenant) Disposition(name string) *Disposition {
	for i := range t.Catalogue.Dispositions {
		if t.Catalogue.Dispositions[i].Name == name {
			return &t.Catalogue.Dispositions[i]
		}
	}
	return nil
}

// PriceOf returns the price of a unit as the file gives it, in billionths of the table's currency for `per`
// units, and whether it is known. An exact model comes before the provider's price for any model.
func (t *Tenant) PriceOf(provider, model, unit string) (nanos int64, per float64, known bool) {
	var any *Price
	for i := range t.Prices.Units {
		switch p := &t.Prices.Units[i]; {
		case p.Provider != provider || p.Unit != unit:
		case p.Model == model:
			return p.nanos, p.Per, true
		case p.Model == "":
			any = p
		}
	}
	if any == nil {
		return 0, 0, false
	}
	return any.nanos, any.Per, true
}

var decimal = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

// nanosOf reads decimal text exactly, in billionths.
func nanosOf(amount string) (int64, error) {
	r, ok := new(big.Rat).SetString(amount)
	if !ok || !decimal.MatchString(amount) {
		return 0, fmt.Errorf("%q is not a decimal number", amount)
	}
	r.Mul(r, big.NewRat(1_000_000_000, 1))
	if !r.IsInt() || !r.Num().IsInt64() || r.Sign() < 0 {
		return 0, fmt.Errorf("%q is negative or finer than a billionth", amount)
	}
	return r.Num().Int64(), nil
}

// Location is the tenant's time zone.
func (t *Tenant) Location() *time.Location { return t.location }

// AddBusinessDays returns the opening of the business day that is n business days after at, in the tenant's
// time zone: n = 0 is at itself while open, else the next opening. A tenant without business hours has every
// day from midnight.
func (t *Tenant) AddBusinessDays(at time.Time, n int) time.Time {
	at = at.In(t.location)
	if len(t.hours) == 0 {
		if n == 0 {
			return at
		}
		return midnight(at).AddDate(0, 0, n)
	}
	if n == 0 {
		if open := t.openAt(at); !open.IsZero() {
			return open
		}
		n = 1
	}
	day := midnight(at)
	for {
		day = day.AddDate(0, 0, 1)
		spans := t.hours[day.Weekday()]
		if len(spans) == 0 {
			continue
		}
		if n--; n == 0 {
			return spans[0].from(day)
		}
	}
}

// openAt returns at while open, the next opening later that day, or the zero time.
func (t *Tenant) openAt(at time.Time) time.Time {
	day := midnight(at)
	for _, s := range t.hours[at.Weekday()] {
		switch {
		case at.Before(s.from(day)):
			return s.from(day)
		case at.Before(s.to(day)):
			return at
		}
	}
	return time.Time{}
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// span of opening in minutes of the day.
type span struct{ open, shut int }

// Clock times, not durations from midnight: on the day that the clocks change, nine is still nine.
func (s span) from(day time.Time) time.Time { return clock(day, s.open) }
func (s span) to(day time.Time) time.Time   { return clock(day, s.shut) }

func clock(day time.Time, minutes int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), minutes/60, minutes%60, 0, 0, day.Location())
}

// PayerOf is who pays for a line of business: the same for all its numbers, and the central team for one that has none any
// more.
func (t *Tenant) PayerOf(lineOfBusiness string) string {
	for _, n := range t.Numbers {
		if n.LineOfBusiness == lineOfBusiness {
			return n.Payer
		}
	}
	return "central"
}
