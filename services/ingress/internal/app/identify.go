package app

import (
	"time"

	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// longestID bounds a carrier's id, in bytes: Twilio's have 34.
const longestID = 64

// IsID tells whether s can be the id of a call, a leg, a stream or a recording: letters and digits. Ids become keys of
// messages, of claims and of records, and parts of URLs.
func IsID(s string) bool {
	if s == "" || len(s) > longestID {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// Identify finds the call of a webhook without a token by what identifies the number's own status callback:
// the account and the dialled number, or, where an account has but one tenant, the account alone. The
// facts don't know the call's start.
func (s *Service) Identify(in Incoming) (Facts, error) {
	t, n := s.lookup(in.Account, in.To)
	if in.To == "" {
		t, n = s.only(in.Account)
	}
	if t == nil {
		return Facts{}, ErrUnknownCall
	}
	f := open(in.Source, in.Account, in.CallID, in.From, s.set.Now(), t, n)
	f.Start = time.Time{}
	return f, nil
}

// only returns the tenant of an account that has no other, with its first line.
func (s *Service) only(account string) (*tenant.Tenant, *tenant.Number) {
	if all := s.tenants.ByAccount(account); len(all) == 1 && len(all[0].Numbers) > 0 {
		return all[0], &all[0].Numbers[0]
	}
	return nil, nil
}
