package crmwriter_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	sandbox "github.com/frontdesk/frontdesk/sandbox/salesforce"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// key is made once: generating RSA keys is the slowest thing here.
var key = sync.OnceValue(func() string {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}))
})

// world is everything around one writer: broker, Redis and a Salesforce with one org per pattern.
type world struct {
	t       testing.TB
	kafka   *kafkatest.Cluster
	redis   *embedded.Redis
	crm     *sandbox.Server
	tenants *tenant.Set
	prod    *produce.Producer
	tel     *telemetry.Telemetry
	// admin is the address of the writer that was started last.
	admin string
	// fronts stand before the orgs of some tenants.
	fronts map[string]*front
}

// patterns are the tenants: each has an org of its own name.
func patterns() []string { return []string{"direct", "events", "both", "analytics"} }

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, tel: telemetry.Discard()}
	w.kafka = kafkatest.Start(t, embedded.KafkaConfig{},
		events.Insights.Name, events.Insights.Retry("crm-writer").Name, events.Records.Name, events.Usage.Name, events.DeadLetters.Name)
	var err error
	if w.redis, err = embedded.StartRedis(t.Context(), embedded.RedisConfig{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.redis.Close() })
	orgs := make([]sandbox.Org, 0, len(patterns()))
	for _, p := range patterns() {
		orgs = append(orgs, sandbox.Org{
			Name: p, ClientID: "client-" + p, PublicKey: key(), Users: sandbox.StandardUsers(p+".example", "bot@"+p+".example", "password"),
		})
	}
	if w.crm, err = sandbox.Start(t.Context(), sandbox.Config{Orgs: orgs}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.crm.Close() })
	w.tenants = w.loadTenants()
	w.prod = produce.New(w.kafka.Conn, produce.Config{}, telemetry.Discard())
	t.Cleanup(func() { _ = w.prod.Close(context.Background()) })
	return w
}

func (w *world) loadTenants() *tenant.Set {
	w.t.Helper()
	all := make([]*tenant.Tenant, 0, len(patterns()))
	for i, p := range patterns() {
		t, err := tenant.Parse(p+".yaml", []byte(w.tenantYAML(i, p)))
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, t)
	}
	set, err := tenant.NewSet(all...)
	if err != nil {
		w.t.Fatal(err)
	}
	return set
}

func (w *world) tenantYAML(i int, pattern string) string {
	return fmt.Sprintf(`
version: 1
id: %[2]s
name: Acme
time_zone: America/New_York
caller_key: 0123456789abcdef0123456789abcdef
twilio: {account_sid: AC0000000000000000000000000000000%[1]d, auth_tokens: [token]}
numbers:
  - {number: "+1415555010%[1]d", line_of_business: sales, payer: product, campaign: Spring, lead_source: Phone Inquiry, onward: {dial: {sip: "sip:desk@example.com"}}}
consent: {policy: ask, prompt_version: "1", prompts: {en: "Press one."}}
privacy: {third_party_speech: {reference: DPA-12, signed: 2026-01-31}, residency: us}
speech: {provider: googlespeech, project: acme-1, location: us}
inference: {provider: vertex, project: acme-1, location: us-central1, model: gemini-2.5-flash}
catalogue:
  version: "7"
  intents:
    - {name: BookDemo, kind: sales, description: d}
    - {name: SupportRequest, kind: support, description: d}
    - {name: Spam, kind: none, description: d}
    - {name: Unknown, kind: none, description: d}
  dispositions:
    - {name: QualifiedLead, description: d}
    - {name: SupportTicketOpened, description: d}
    - {name: Spam, description: d}
    - {name: NeedsReview, description: d}
  rules:
    hang_up: {intent: Unknown, disposition: NeedsReview}
    silent: {intent: Unknown, disposition: NeedsReview}
    unheard: {intent: Unknown, disposition: NeedsReview}
    voicemail: {intent: Unknown, disposition: NeedsReview}
    unavailable: {intent: Unknown, disposition: NeedsReview}
salesforce:
  org: %[2]s
  login_url: %[3]s
  client_id: client-%[2]s
  username: bot@%[2]s.example
  private_key: |
%[5]s
  api_version: "67.0"
  pubsub_endpoint: %[4]s
  insecure: true
  pattern: %[2]s
  recording_base: https://calls.acme.example/r
prices:
  version: "1"
  currency: USD
  units: [{provider: salesforce, unit: api_call, per: 1000, amount: "0.10"}]
`, i, pattern, w.login(pattern), w.crm.PubSubAddr(), "    "+strings.ReplaceAll(strings.TrimSpace(key()), "\n", "\n    "))
}

func (w *world) login(tenantID string) string {
	if f := w.fronts[tenantID]; f != nil {
		return f.URL
	}
	return "http://" + w.crm.Addr()
}

// settings of a writer in this world.
func (w *world) settings() crmwriter.Config {
	cfg := crmwriter.Defaults()
	cfg.Kafka, cfg.Admin = broker.Config{Brokers: []string{w.kafka.Kafka.Addr()}}, "127.0.0.1:0"
	cfg.Redis.Addrs = []string{w.redis.Addr()}
	cfg.Retry.Initial, cfg.Retry.Max, cfg.Retry.Budget = 10*time.Millisecond, 50*time.Millisecond, 2*time.Second
	cfg.Consume.Park.Initial, cfg.Consume.Park.Max = 20*time.Millisecond, 100*time.Millisecond
	cfg.Claims.Lease = 600 * time.Millisecond
	return cfg
}

// start runs a writer until the returned function, or the test, ends it.
func (w *world) start(change ...func(*crmwriter.Config)) (stop func()) {
	w.t.Helper()
	cfg := w.settings()
	for _, f := range change {
		f(&cfg)
	}
	s, err := crmwriter.New(w.t.Context(), cfg, w.tenants, w.tel)
	if err != nil {
		w.t.Fatal(err)
	}
	w.admin = s.AdminAddr()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Run(ctx); err != nil {
			w.t.Errorf("running: %v", err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	w.t.Cleanup(stop)
	return stop
}

// callID of call n.
func callID(n int) string { return fmt.Sprintf("CA%032d", n) }

// origin of call n at a tenant.
func origin(tenantID string, n int) events.Call {
	return events.Call{
		ID: callID(n), Leg: callID(n), Tenant: tenantID, LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO, Account: "AC1",
	}
}

// insight of call n: who calls follows from it, so that calls n and n+1000 have one caller.
func insight(n int, revision uint32, intent, disposition string) *events.CallInsight {
	start := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
	return &events.CallInsight{
		Revision: revision,
		Facts: &events.CallFacts{
			StartedAt: timestamppb.New(start), EndedAt: timestamppb.New(start.Add(time.Minute)), Duration: durationpb.New(time.Minute),
			From: fmt.Sprintf("+1415555%04d", 1000+n%1000), To: "+14155550100", Payer: "product",
			Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED,
		},
		Intent: &events.Finding{Value: intent, Confidence: 0.9}, Disposition: &events.Finding{Value: disposition, Confidence: 0.9},
		DispositionSource: events.DispositionSource_DISPOSITION_SOURCE_AI,
		Summary:           fmt.Sprintf("[NAME_1] called, revision %d.", revision),
		Details:           []*events.Detail{{Name: "name", Value: "Jane Okafor", Redacted: "[NAME_1]", Confidence: 0.95}},
		Transcript:        []*events.Line{{Party: events.Party_PARTY_CALLER, Redacted: "I am [NAME_1].", Full: "I am Jane Okafor."}},
		Redaction:         &events.Redaction{Confidence: 0.97},
		Provenance:        &events.Provenance{Provider: "vertex", Model: "m", TranscriptId: "t"},
		Language:          "en-US",
	}
}

// publish puts bodies on calls.insights as inference does.
func (w *world) publish(c events.Call, bodies ...proto.Message) {
	w.t.Helper()
	for _, b := range bodies {
		value, err := events.Marshal(c.Event(time.Now(), b))
		if err != nil {
			w.t.Fatal(err)
		}
		w.raw(c.ID, value)
	}
}

func (w *world) raw(callKey string, value []byte) {
	w.t.Helper()
	err := w.prod.Publish(w.t.Context(), produce.Message{
		Topic: events.Insights.Name, Key: []byte(callKey), Value: value,
		Headers: []kafkago.Header{{Key: events.HeaderKind, Value: []byte("call_insight")}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// until polls a topic's records until ok; the topics have no other way to tell.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// probe is what the writer that was started last says of itself.
func (w *world) probe() string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+w.admin+"/readyz", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(res.StatusCode, " ", strings.TrimSpace(string(body)))
}

// nothing fails the test if any message is in a topic.
func (w *world) nothing(topics ...string) {
	w.t.Helper()
	for _, topic := range topics {
		if n := len(kafkatest.Records(w.t, w.kafka.Conn, topic)); n > 0 {
			w.t.Errorf("%d messages in %s", n, topic)
		}
	}
}

// committed is how many messages of calls.insights the writers have finished with.
func (w *world) committed() int64 {
	w.t.Helper()
	partitions, err := w.kafka.Conn.Partitions(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	ask := &kafkago.OffsetFetchRequest{GroupID: "crm-writer", Topics: map[string][]int{}}
	for p := range partitions[events.Insights.Name] {
		ask.Topics[events.Insights.Name] = append(ask.Topics[events.Insights.Name], p)
	}
	res, err := w.kafka.Conn.Client.OffsetFetch(w.t.Context(), ask)
	if err != nil {
		w.t.Fatal(err)
	}
	n := int64(0)
	for _, p := range res.Topics[events.Insights.Name] {
		n += max(0, p.CommittedOffset)
	}
	return n
}

// told is what calls.records says of a call, in order.
func (w *world) told(call string) []*events.CallRecord {
	w.t.Helper()
	var out []*events.CallRecord
	for _, r := range kafkatest.Records(w.t, w.kafka.Conn, events.Records.Name) {
		if string(r.Key) != call {
			continue
		}
		e, err := events.Unmarshal(r.Value)
		if err != nil {
			w.t.Fatal(err)
		}
		m, ok := e.Message().(*events.CallRecord)
		if !ok {
			w.t.Fatalf("a %s on calls.records", e.Kind())
		}
		out = append(out, m)
	}
	return out
}

// last waits until calls.records says this of a revision of a call.
func (w *world) last(call string, revision uint32, status events.CrmStatus) *events.CallRecord {
	w.t.Helper()
	var found *events.CallRecord
	w.until(fmt.Sprintf("%s revision %d to be %s", call, revision, status), func() bool {
		for _, r := range w.told(call) {
			if r.GetRevision() == revision && r.GetCrmStatus() == status {
				found = r
			}
		}
		return found != nil
	})
	return found
}

// allAgain tells whether calls.records says of each of the first n calls that its second revision is written, in one look at it.
func (w *world) allAgain(n int) bool {
	w.t.Helper()
	left := map[string]bool{}
	for i := range n {
		left[callID(i)] = true
	}
	for _, r := range kafkatest.Records(w.t, w.kafka.Conn, events.Records.Name) {
		if !left[string(r.Key)] {
			continue
		}
		e, err := events.Unmarshal(r.Value)
		if err != nil {
			w.t.Fatal(err)
		}
		if m, ok := e.Message().(*events.CallRecord); ok && m.GetRevision() == 2 && m.GetCrmStatus() == written {
			delete(left, string(r.Key))
		}
	}
	return len(left) == 0
}

// attached waits until calls.records tells of a call's file.
func (w *world) attached(call string) {
	w.t.Helper()
	w.until(call+" to have its file", func() bool {
		for _, r := range w.told(call) {
			if slices.ContainsFunc(r.GetRecords(), func(x *events.CrmRecord) bool { return x.GetRole() == events.RoleFile }) {
				return true
			}
		}
		return false
	})
}

// of returns the records of an object that stand in an org under a call's id.
func (w *world) of(org, object, call string) []map[string]any {
	w.t.Helper()
	var out []map[string]any
	for _, r := range w.crm.Records(org, object) {
		if id, _ := r["Call_Id__c"].(string); strings.HasPrefix(id, call) || r["Last_Call_Id__c"] == call {
			out = append(out, r)
		}
	}
	return out
}
