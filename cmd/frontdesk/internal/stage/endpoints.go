package stage

import (
	"fmt"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Endpoint is where one part listens, what opens it, and a line for a shell that shows it at work.
type Endpoint struct {
	Part    string `json:"part"`
	Address string `json:"address"`
	// Tenant that it belongs to; empty for all.
	Tenant string `json:"tenant,omitempty"`
	// Credentials by what they are: "account", "auth token", "user", "password" and so on.
	Credentials []Credential `json:"credentials,omitempty"`
	// Try is a command that can be pasted into a shell; it needs the client that it names, and nothing else.
	Try string `json:"try,omitempty"`
}

// Credential is one of several that together open an endpoint.
type Credential struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Endpoints are those of the stand-ins, as others reach them. The credentials open nothing outside of the stage.
func (s *Stage) Endpoints() []Endpoint {
	all := []Endpoint{
		{Part: "Salesforce, its log of changes", Address: s.crm() + "/sandbox/changes", Try: "curl -s '" + s.crm() + "/sandbox/changes?object=Task&op=create'"},
	}
	for _, t := range s.tenants.All() {
		all = append(all, s.endpointsOf(t)...)
	}
	// What speaks gRPC without TLS is pointed at by the tenant's file.
	for _, g := range []struct{ part, addr, keys string }{
		{"Salesforce Pub/Sub API (gRPC)", s.Salesforce().PubSubAddr(), "salesforce: {pubsub_endpoint: %s, insecure: true}"},
		{"Google Speech v2 (gRPC)", s.Speech().Addr(), "speech: {endpoint: %s, insecure: true}"},
		{"Vertex AI (gRPC)", s.Vertex().Addr(), "inference: {endpoint: %s, insecure: true}"},
	} {
		addr := s.reached(g.addr)
		all = append(all, Endpoint{Part: g.part, Address: addr, Credentials: []Credential{{"in a tenant's file", fmt.Sprintf(g.keys, addr)}}})
	}
	return all
}

// endpointsOf are those with credentials of a tenant's own.
func (s *Stage) endpointsOf(t *tenant.Tenant) []Endpoint {
	var all []Endpoint
	if !s.cfg.OwnCarrier { // a real one is asked by REST
		account, token := t.Twilio.AccountSID, t.Twilio.AuthTokens[0].Reveal()
		all = append(all, Endpoint{
			Part: "Twilio REST API", Tenant: t.ID, Address: s.rest(), Credentials: []Credential{{"account", account}, {"auth token", token}},
			Try: fmt.Sprintf("curl -s -u %s:%s %s/2010-04-01/Accounts/%[1]s/Calls.json", account, token, s.rest()),
		})
	}
	user := "admin@" + t.Salesforce.Org + ".example"
	key := "in memory only"
	if s.cfg.DataDir != "" {
		key = KeyFile(s.cfg.DataDir)
	}
	return append(all, Endpoint{
		Part: "Salesforce", Tenant: t.ID, Address: s.crm(),
		Credentials: []Credential{
			{"user", user}, {"password", Password}, {"integration user", t.Salesforce.Username}, {"client id", t.Salesforce.ClientID}, {"its key", key},
		},
		Try: fmt.Sprintf(`node -e 'const c = new (require("jsforce").Connection)({loginUrl: "%s"}); c.login("%s", "%s")`+
			`.then(() => c.query("SELECT Id, Subject, Disposition__c FROM Task")).then(r => console.table(r.records))'`, s.crm(), user, Password),
	})
}

// Numbers are a tenant's, in a line.
func Numbers(t *tenant.Tenant) string {
	numbers := make([]string, len(t.Numbers))
	for i, n := range t.Numbers {
		numbers[i] = n.Number
	}
	return strings.Join(numbers, " ")
}
