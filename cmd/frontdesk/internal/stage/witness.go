package stage

import (
	"slices"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/witness"
)

// Witness counts, from its first look on, what becomes of the calls of this stage's carrier in its orgs. Ring comes first.
func (s *Stage) Witness() *witness.Witness {
	var accounts []witness.Account
	lines := map[string]witness.Line{}
	for _, t := range s.tenants.All() {
		a := witness.Account{Base: "http://" + s.clouds.carrier.Addr(), SID: t.Twilio.AccountSID, Token: t.Twilio.AuthTokens[0].Reveal()}
		if !slices.Contains(accounts, a) {
			accounts = append(accounts, a)
		}
		p := string(t.Salesforce.Pattern)
		for _, n := range t.Numbers {
			lines[n.Number] = witness.Line{Org: t.Salesforce.Org, Events: p != "direct", Files: p != "events"}
		}
	}
	return witness.New(accounts, s.clouds.salesforce, lines)
}
