package allinone

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Endpoints are all parts of the stack. The credentials open nothing outside of it.
func (s *Stack) Endpoints() []stage.Endpoint {
	kafka, redis := s.kafka.Addr(), s.redis.Addr()
	all := []stage.Endpoint{
		{Part: "Kafka", Address: kafka, Try: "kcat -b " + kafka + " -t calls.insights -C -e -f '%k  %h\\n'"},
		{Part: "Dead letters", Address: "calls.dead-letters", Try: "frontdesk dlq list --brokers " + kafka},
		{Part: "Redis", Address: redis, Try: redisCLI(redis) + " --scan"},
	}
	for _, t := range s.Tenants().All() {
		all = append(all, s.webhooksOf(t))
	}
	all = append(all, s.Stage.Endpoints()...)
	for _, svc := range s.services {
		all = append(all, stage.Endpoint{Part: svc.name + ", probes and metrics", Address: "http://" + svc.admin, Try: "curl -s http://" + svc.admin + "/metrics"})
	}
	return append(all, s.settingsEndpoint()...)
}

// webhooksOf are where a tenant's numbers ring.
func (s *Stack) webhooksOf(t *tenant.Tenant) stage.Endpoint {
	e := stage.Endpoint{
		Part: "Twilio webhooks", Tenant: t.ID, Address: s.PublicURL() + "/twilio/" + t.Twilio.AccountSID + "/voice",
		Credentials: []stage.Credential{{Name: "auth token that signs", Value: t.Twilio.AuthTokens[0].Reveal()}, {Name: "numbers", Value: stage.Numbers(t)}},
		Try:         s.replay(t.Twilio.APIBase),
	}
	if s.opts.PublicURL != "" { // a real carrier rings
		e.Credentials[0], e.Try = stage.Credential{Name: "listens on", Value: s.webhooks()}, ""
	}
	return e
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
