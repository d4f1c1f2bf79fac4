package allinone

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
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

// Endpoints are all parts of the stack. The credentials open nothing outside of it.
func (s *Stack) Endpoints() []Endpoint {
	kafka, redis, crm := s.kafka.Addr(), s.redis.Addr(), s.Salesforce().URL()
	all := []Endpoint{
		{Part: "Kafka", Address: kafka, Try: "kcat -b " + kafka + " -t calls.insights -C -e -f '%k  %h\\n'"},
		{Part: "Redis", Address: redis, Try: redisCLI(redis) + " --scan"},
		{Part: "Salesforce, its log of changes", Address: crm + "/sandbox/changes", Try: "curl -s '" + crm + "/sandbox/changes?object=Task&op=create'"},
	}
	for _, t := range s.Tenants().All() {
		all = append(all, s.endpointsOf(t, crm)...)
	}
	// What speaks gRPC without TLS is pointed at by the tenant's file.
	for _, g := range []struct{ part, addr, keys string }{
		{"Salesforce Pub/Sub API (gRPC)", s.Salesforce().PubSubAddr(), "salesforce: {pubsub_endpoint: %s, insecure: true}"},
		{"Google Speech v2 (gRPC)", s.Speech().Addr(), "speech: {endpoint: %s, insecure: true}"},
		{"Vertex AI (gRPC)", s.Vertex().Addr(), "inference: {endpoint: %s, insecure: true}"},
	} {
		all = append(all, Endpoint{Part: g.part, Address: g.addr, Credentials: []Credential{{"in a tenant's file", fmt.Sprintf(g.keys, g.addr)}}})
	}
	for _, svc := range s.services {
		all = append(all, Endpoint{Part: svc.name + ", probes and metrics", Address: "http://" + svc.admin, Try: "curl -s http://" + svc.admin + "/metrics"})
	}
	return all
}

// endpointsOf are those with credentials of a tenant's own.
func (s *Stack) endpointsOf(t *tenant.Tenant, crm string) []Endpoint {
	numbers := make([]string, len(t.Numbers))
	for i, n := range t.Numbers {
		numbers[i] = n.Number
	}
	account, token := t.Twilio.AccountSID, t.Twilio.AuthTokens[0].Reveal()
	rest := "http://" + s.Carrier().Addr()
	user := "admin@" + t.Salesforce.Org + ".example"
	key := "in memory only"
	if s.opts.DataDir != "" {
		key = stage.KeyFile(s.opts.DataDir)
	}
	webhooks := Endpoint{
		Part: "Twilio webhooks", Tenant: t.ID, Address: s.PublicURL() + "/twilio/" + account + "/voice",
		Credentials: []Credential{{"auth token that signs", token}, {"numbers", strings.Join(numbers, " ")}},
		Try:         s.replay(rest),
	}
	all := []Endpoint{webhooks, {
		Part: "Twilio REST API", Tenant: t.ID, Address: rest, Credentials: []Credential{{"account", account}, {"auth token", token}},
		Try: fmt.Sprintf("curl -s -u %s:%s %s/2010-04-01/Accounts/%[1]s/Calls.json", account, token, rest),
	}}
	if s.opts.PublicURL != "" { // a real carrier rings, and is asked by REST
		webhooks.Try = ""
		webhooks.Credentials[0] = Credential{"listens on", s.webhooks()}
		all = []Endpoint{webhooks}
	}
	return append(all, []Endpoint{
		{
			Part: "Salesforce", Tenant: t.ID, Address: crm,
			Credentials: []Credential{
				{"user", user}, {"password", stage.Password}, {"integration user", t.Salesforce.Username}, {"client id", t.Salesforce.ClientID}, {"its key", key},
			},
			Try: fmt.Sprintf(`node -e 'const c = new (require("jsforce").Connection)({loginUrl: "%s"}); c.login("%s", "%s")`+
				`.then(() => c.query("SELECT Id, Subject, Disposition__c FROM Task")).then(r => console.table(r.records))'`, crm, user, stage.Password),
		},
	}...)
}

// replay is `frontdesk replay` at this stack; empty if it knows no calls to replay.
func (s *Stack) replay(rest string) string {
	if len(s.opts.Calls) == 0 {
		return ""
	}
	args := []string{"frontdesk replay --target", s.PublicURL(), "--register", rest}
	for _, a := range s.opts.Replay {
		args = append(args, quote(a))
	}
	return strings.Join(append(args, "--count 5 --speed 10"), " ")
}

// quote makes a word for a shell of text.
func quote(text string) string {
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./:+=,@%", r)
	}) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// redisCLI is redis-cli for an address.
func redisCLI(addr string) string {
	host, port, _ := strings.Cut(addr, ":")
	return "redis-cli -h " + cmp.Or(host, "127.0.0.1") + " -p " + port
}
