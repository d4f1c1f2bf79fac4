package preflight

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
	"github.com/frontdesk/frontdesk/services/inference"
	"github.com/frontdesk/frontdesk/services/ingress"
	"github.com/frontdesk/frontdesk/services/stt"
)

// Parts of a deployment, in the order in which they are told.
func Parts() []string {
	return []string{"config", "tenants", "kafka", "redis", "salesforce", "speech", "model", "twilio"}
}

// Checks are all that there is to look at, by parts. A service whose settings it would not start with is not asked further.
func (s *Settings) Checks() []check.Check {
	tenants := s.tenants()
	var all []check.Check
	for _, name := range Services() {
		all = append(all, fixed("config", s.findings(name)))
	}
	all = append(all, fixed("config", s.agree(tenants)))
	for _, dir := range sortedKeys(tenants) {
		all = append(all, fixed("tenants", loadFindings(dir, s.readersOf(dir), tenants[dir])))
	}
	if set := s.anyTenants(tenants); set != nil {
		for _, t := range set.All() {
			all = append(all, tenantCheck(t))
		}
	}
	all = slices.Concat(all, s.kafkaChecks(), s.redisChecks(), s.serviceChecks(tenants), s.unasked(tenants))
	order := Parts()
	slices.SortStableFunc(all, func(a, b check.Check) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Part), slices.Index(order, b.Part)), cmp.Compare(a.Tenant, b.Tenant))
	})
	return all
}

// anyTenants are those of the first service whose folder could be loaded; that they differ is told elsewhere.
func (s *Settings) anyTenants(tenants map[string]loaded) *tenant.Set {
	for _, name := range Services() {
		if set := s.tenantsOf(name, tenants); set != nil {
			return set
		}
	}
	return nil
}

// Tenants are the ids of those that can be loaded; none if no folder can.
func (s *Settings) Tenants() []string {
	set := s.anyTenants(s.tenants())
	if set == nil {
		return nil
	}
	var ids []string
	for _, t := range set.All() {
		ids = append(ids, t.ID)
	}
	return ids
}

func (s *Settings) serviceChecks(tenants map[string]loaded) []check.Check {
	var all []check.Check
	if set := s.tenantsOf("ingress", tenants); set != nil && s.valid("ingress") {
		all = append(all, ingress.Checks(s.Ingress, set)...)
	}
	if set := s.tenantsOf("stt", tenants); set != nil && s.valid("stt") {
		all = append(all, stt.Checks(s.STT, set)...)
	}
	if set := s.tenantsOf("inference", tenants); set != nil && s.valid("inference") {
		all = append(all, inference.Checks(s.Inference, set)...)
	}
	if set := s.tenantsOf("crm-writer", tenants); set != nil && s.valid("crm-writer") {
		all = append(all, crmwriter.Checks(s.CRMWriter, set)...)
	}
	return all
}

// unasked tells, in each part, which service's dependency could not be asked for, for what is wrong with its settings or tenants:
// whoever looks at that part only must not take silence for health.
func (s *Settings) unasked(tenants map[string]loaded) []check.Check {
	var all []check.Check
	note := func(f check.Finding) {
		part, _, _ := strings.Cut(f.Code, ".")
		f.Level, f.What = check.Fault, "It was not asked on behalf of "+f.Subject+", whose settings or tenants are wrong."
		f.Do = "See `frontdesk check --only config,tenants`."
		all = append(all, fixed(part, []check.Finding{f}))
	}
	kafka, redis := s.kafka(), s.redis()
	of := map[string]check.Finding{
		"ingress": {Code: "twilio.not_asked"}, "stt": {Code: "speech.not_asked"}, "inference": {Code: "model.not_asked"},
		"crm-writer": {Code: "salesforce.not_asked"},
	}
	for _, name := range Services() {
		if kafka[name].Validate() != nil {
			note(check.Finding{Code: "kafka.not_asked", Subject: name})
		}
		if r, uses := redis[name]; uses && r.Validate() != nil {
			note(check.Finding{Code: "redis.not_asked", Subject: name})
		}
		if s.tenantsOf(name, tenants) == nil || !s.valid(name) {
			f := of[name]
			f.Subject = name
			note(f)
		}
	}
	return all
}

// kafkaChecks are one for each way to Kafka; the first also looks at what the cluster holds.
func (s *Settings) kafkaChecks() []check.Check {
	configs, services := s.ways()
	seen := &clusters{}
	var all []check.Check
	for i, cfg := range configs {
		name := "Kafka, as " + strings.Join(services[i], ", ")
		all = append(all, check.Check{Part: "kafka", Name: name, Run: func(ctx context.Context) []check.Finding {
			return askKafka(ctx, cfg, services[i], i == 0, seen)
		}})
	}
	return all
}

// clusters remembers which cluster the ways have led to. Safe for concurrent use.
type clusters struct {
	mu    sync.Mutex
	id    string
	whose []string
}

// differs notes where a way has led, and names those whose way led elsewhere before.
func (c *clusters) differs(id string, services []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.id == "" {
		c.id, c.whose = id, services
	}
	if c.id == id {
		return nil
	}
	return c.whose
}

func askKafka(ctx context.Context, cfg broker.Config, services []string, whole bool, seen *clusters) []check.Finding {
	conn, err := broker.Dial(cfg)
	if err != nil {
		return nil // told as a fault of the settings
	}
	defer func() { _ = conn.Close() }() // everything was answered
	found := conn.CheckReach(ctx)
	id, err := conn.ClusterID(ctx)
	if err != nil {
		return found // none of its brokers answers
	}
	if others := seen.differs(id, services); others != nil {
		found = append(found, check.Finding{
			Code: "kafka.services_differ", Level: check.Fault, Subject: strings.Join(services, ","),
			What: fmt.Sprintf("%s and %s reach different clusters.", strings.Join(services, ", "), strings.Join(others, ", ")),
			Do:   "Give every service brokers of one cluster.",
		})
	}
	if whole {
		found = append(found, conn.CheckCluster(ctx, expected())...)
	}
	for _, name := range services {
		found = append(found, conn.CheckRights(ctx, rights(name))...)
	}
	return found
}

// expected is the contract.
func expected() broker.Expected {
	want := broker.Expected{Topics: allinone.TopicSpecs(1, 1), DeadLetters: events.DeadLetters.Name}
	for _, g := range events.Groups() {
		group := broker.ExpectedGroup{Name: g.Name}
		for _, t := range g.Topics {
			group.Topics, group.Parked = append(group.Topics, t.Name), append(group.Parked, t.Retry(g.Name).Name)
		}
		want.Groups = append(want.Groups, group)
	}
	return want
}

// rights of a service, by the contract.
func rights(service string) broker.Rights {
	r := broker.Rights{Service: service}
	for _, t := range events.Topics() {
		if !t.Reserved && slices.Contains(strings.Split(t.Owner, ", "), service) {
			r.Write = append(r.Write, t.Name)
		}
	}
	for _, g := range events.Groups() {
		if g.Name != service {
			continue
		}
		r.Group = g.Name
		r.Write = append(r.Write, events.DeadLetters.Name)
		for _, t := range g.Topics {
			r.Read = append(r.Read, t.Name, t.Retry(g.Name).Name)
			r.Write = append(r.Write, t.Retry(g.Name).Name)
		}
	}
	for _, l := range events.Lookups() {
		if l.Service == service && !slices.Contains(r.Read, l.Topic.Name) {
			r.Read = append(r.Read, l.Topic.Name)
		}
	}
	return r
}

// redisChecks are one for each Redis.
func (s *Settings) redisChecks() []check.Check {
	var all []check.Check
	seen := map[string]bool{}
	redis := s.redis()
	for _, name := range Services() {
		r, uses := redis[name]
		if !uses || r.Validate() != nil {
			continue // told as a fault of the settings
		}
		key := fmt.Sprint(r.Addrs, r.MasterName, r.Username, r.Password.Reveal(), r.DB, r.TLS, r.CAFile)
		if !seen[key] {
			seen[key] = true
			all = append(all, check.Check{Part: "redis", Name: "Redis, as " + name, Run: r.Check})
		}
	}
	return all
}
