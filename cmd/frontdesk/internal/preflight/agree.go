package preflight

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

func configFault(code, subject, what, do string) check.Finding {
	return check.Finding{Code: "config." + code, Level: check.Fault, Subject: subject, What: what, Do: do}
}

// agree compares settings over services.
func (s *Settings) agree(tenants map[string]loaded) []check.Finding {
	found := slices.Concat(s.sameKafka(), s.sameRedis(), s.sameTenants(tenants), s.groups(), s.addresses(), s.durations(tenants), s.public(tenants))
	// Settings that a service refuses agree with nothing.
	if len(found) == 0 && !slices.ContainsFunc(Services(), func(name string) bool { return !s.valid(name) }) {
		found = []check.Finding{check.Okay("config.agree", "", "The settings of the services agree with each other.")}
	}
	return found
}

// sameKafka finds services whose seeds have nothing in common. Whether seeds are of one cluster, the clusters tell.
func (s *Settings) sameKafka() []check.Finding {
	all := s.kafka()
	var found []check.Finding
	for _, name := range Services()[1:] {
		a, b := all["ingress"].Brokers, all[name].Brokers
		if len(a) == 0 || len(b) == 0 || slices.ContainsFunc(b, func(addr string) bool { return slices.Contains(a, addr) }) {
			continue
		}
		found = append(found, check.Finding{
			Code: "config.kafka_differs", Level: check.Warning, Subject: name,
			What: fmt.Sprintf("%s and ingress name different brokers: %s and %s.", name, strings.Join(b, ","), strings.Join(a, ",")),
			Do:   "Give every service the same kafka.brokers, if these are not names of one cluster.",
		})
	}
	return found
}

func (s *Settings) sameRedis() []check.Finding {
	a, b := s.Inference.Redis, s.CRMWriter.Redis
	if len(a.Addrs) == 0 || len(b.Addrs) == 0 || slices.Equal(slices.Sorted(slices.Values(a.Addrs)), slices.Sorted(slices.Values(b.Addrs))) && a.DB == b.DB {
		return nil
	}
	return []check.Finding{{
		Code: "config.redis_differs", Level: check.Warning, Subject: "crm-writer",
		What: "inference and crm-writer use different Redis servers or databases. It works, and there is one more to look after.",
		Do:   "Give both the same redis.addrs and redis.db, if this is not on purpose.",
	}}
}

func (s *Settings) sameTenants(tenants map[string]loaded) []check.Finding {
	folders := s.folders()
	first := folders["ingress"]
	var found []check.Finding
	for _, name := range Services()[1:] {
		dir := folders[name]
		if dir == "" || first == "" || dir == first || tenants[dir].content == tenants[first].content {
			continue
		}
		if tenants[dir].set == nil || tenants[first].set == nil {
			continue // what is wrong with one of them is told by itself
		}
		found = append(found, configFault("tenants_differ", name,
			fmt.Sprintf("%s and ingress read different tenants: %s and %s.", name, dir, first),
			"Give every service the same folder, or the same ConfigMap and Secret."))
	}
	return found
}

// groups must be those of the contract: their retry topics are named after them.
func (s *Settings) groups() []check.Finding {
	have := map[string]string{"stt": s.STT.Consume.Group, "inference": s.Inference.Consume.Group, "crm-writer": s.CRMWriter.Consume.Group}
	var found []check.Finding
	for _, g := range events.Groups() {
		if have[g.Name] != g.Name {
			found = append(found, configFault("group", g.Name,
				fmt.Sprintf("%s reads as the group %q: its retry topics are not made by `frontdesk topics`.", g.Name, have[g.Name]),
				"Leave consume.group out; it is "+g.Name+"."))
		}
	}
	return found
}

// addresses finds two services that could not run on one machine.
func (s *Settings) addresses() []check.Finding {
	taken := map[string]string{}
	var found []check.Finding
	for _, l := range []struct{ what, addr string }{
		{"ingress' listen", s.Ingress.Listen}, {"ingress' admin", s.Ingress.Admin}, {"stt's admin", s.STT.Admin},
		{"inference's admin", s.Inference.Admin}, {"crm-writer's admin", s.CRMWriter.Admin},
	} {
		host, port, err := net.SplitHostPort(l.addr)
		ip := net.ParseIP(host)
		if err != nil || port == "0" || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			continue // another machine's, or any free port
		}
		if other := taken[port]; other != "" {
			found = append(found, configFault("address_twice", l.addr, fmt.Sprintf("%s and %s are the same address, %s, of one machine.", other, l.what, l.addr), "Give one of them another port."))
		}
		taken[port] = l.what
	}
	return found
}

// durations that contradict each other.
func (s *Settings) durations(tenants map[string]loaded) []check.Finding {
	var found []check.Finding
	warn := func(subject, what, do string) {
		found = append(found, check.Finding{Code: "config.durations", Level: check.Warning, Subject: subject, What: what, Do: do})
	}
	if w := s.CRMWriter; w.Grace <= w.Consume.Detached {
		warn("crm-writer", fmt.Sprintf("crm-writer's grace (%s) is not above consume.detached (%s): what is under way at an org is cut off when it stops, and written again by another.", w.Grace, w.Consume.Detached),
			"Raise grace, and with it terminationGracePeriodSeconds, above consume.detached.")
	}
	if i, hearing := s.Ingress.Media.Idle, s.STT.Hearing.SilentSocket; i >= hearing {
		warn("ingress", fmt.Sprintf("ingress closes a silent socket after %s, and stt gives the stream up after %s: its last words may come too late.", i, hearing),
			"Keep media.idle of ingress below hearing.silent_socket of stt.")
	}
	longest := time.Duration(0)
	if set := s.tenantsOf("inference", tenants); set != nil {
		for _, t := range set.All() {
			if t.Inference.Provider != "none" {
				longest = max(longest, time.Duration(t.Inference.Timeout))
			}
		}
		if err := s.Inference.Fits(set); err != nil {
			for line := range strings.Lines(err.Error()) {
				found = append(found, configFault("durations", "inference", "inference does not start: "+strings.TrimSpace(line)+".",
					"Lower inference.timeout in the tenant's file, or raise consume.detached of inference, and grace with it."))
			}
		}
	}
	if g := s.Inference.Grace; longest > 0 && g < longest {
		warn("inference", fmt.Sprintf("inference's grace (%s) is below a tenant's inference.timeout (%s): a question under way is cut off when it stops, and bought again.", g, longest),
			"Raise grace, and with it terminationGracePeriodSeconds.")
	}
	return found
}

// public finds an address that a real carrier can't reach.
func (s *Settings) public(tenants map[string]loaded) []check.Finding {
	if !isLoopback(s.Ingress.PublicURL) {
		return nil
	}
	l := tenants[s.Ingress.Tenants]
	if l.set == nil {
		return nil
	}
	for _, t := range l.set.All() {
		if !isLoopback(t.Twilio.APIBase) {
			return []check.Finding{configFault("public_url", "ingress", "ingress' public_url is an address of this machine, which Twilio can't reach.",
				"Set public_url to the https address of the gateway before ingress.")}
		}
	}
	return nil
}

func isLoopback(text string) bool {
	u, err := url.Parse(text)
	if err != nil || text == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// ways are the different ways to Kafka, each with the services that go it, in the order of the pipeline.
func (s *Settings) ways() (configs []broker.Config, services [][]string) {
	all := s.kafka()
	at := map[string]int{}
	for _, name := range Services() {
		cfg := all[name]
		if cfg.Validate() != nil {
			continue // told as a fault of the settings
		}
		key := fmt.Sprint(cfg.Brokers, cfg.TLS, cfg.SASL.Mechanism, cfg.SASL.Username, cfg.SASL.Password.Reveal())
		i, known := at[key]
		if !known {
			i = len(configs)
			at[key] = i
			configs, services = append(configs, cfg), append(services, nil)
		}
		services[i] = append(services[i], name)
	}
	return configs, services
}

// tenantsOf are the tenants that a service reads; nil if they can't be loaded.
func (s *Settings) tenantsOf(service string, tenants map[string]loaded) *tenant.Set {
	return tenants[s.folders()[service]].set
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
