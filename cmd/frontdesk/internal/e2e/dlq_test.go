package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/cli"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/dlq"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/sandbox/fault"
)

// foreigner is a call of a tenant whom nobody knows.
const foreigner = "CA00000000000000000000000000000001"

// deadLettersAreMended: three causes are three groups. What is sent back while the org still refuses it stops after the first;
// once it is mended all calls stand in Salesforce, once, and nobody but crm-writer has had anything of it.
func deadLettersAreMended(t *testing.T) {
	all := sampleCalls(t, "wrong-number", "leaves-a-voicemail", "hangs-up-at-once")
	s, err := allinone.Start(t.Context(), allinone.Options{Tenants: tenants(t), Calls: all, Speed: speed, Log: slog.New(slog.DiscardHandler)}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{stack: s, log: func() string { return "" }}
	defer w.close(t)
	brokers := s.Conn().Brokers()[0]

	const stranger = "CA00000000000000000000000000000000"
	// The org refuses every Task; a stranger writes rubbish; an event is of a tenant whom nobody knows.
	const code = "salesforce.FIELD_CUSTOM_VALIDATION_EXCEPTION"
	s.Salesforce().SetFaults(fault.Settings{Errors: []fault.Share{{Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Operation: "record.Task", Share: 1}}})
	w.play(t, all, patience) // until nothing more comes of the calls, though none is recorded
	prod := produce.New(s.Conn(), produce.Config{}, telemetry.Discard())
	defer func() { _ = prod.Close(t.Context()) }()
	foreign, err := events.Marshal(events.Call{ID: foreigner, Leg: foreigner, Tenant: "nobody", LineOfBusiness: "x", Source: events.Source_SOURCE_TWILIO}.
		Event(time.Now(), &events.CallStarted{Direction: events.Direction_DIRECTION_INBOUND, From: "+12025550123"}))
	if err != nil {
		t.Fatal(err)
	}
	if err := prod.Publish(t.Context(),
		produce.Message{Topic: events.Insights.Name, Key: []byte(stranger), Value: []byte("rubbish")},
		produce.Message{Topic: events.Lifecycle.Name, Key: []byte(foreigner), Value: foreign},
	); err != nil {
		t.Fatal(err)
	}
	var list struct {
		Open   int         `json:"open"`
		Groups []dlq.Group `json:"groups"`
	}
	// Each revision of a call is given up, and a call may have a second one, of its recording.
	refused := 0
	if !wait(t.Context(), 30*time.Second, func() bool {
		refused = int(sizes(t, s.Conn())[events.Insights.Name]) - 1
		return refused >= len(all) && runDLQ(t, brokers, &list, "list") == nil && list.Open == refused+2
	}) {
		t.Fatalf("%d revisions, %+v", refused, list)
	}
	var causes []string
	for _, g := range list.Groups {
		causes = append(causes, g.Service+" "+g.Code)
	}
	if want := []string{"crm-writer " + code, "crm-writer undecodable", "inference tenant_unknown"}; !slices.Equal(causes, want) {
		t.Errorf("causes %v, want %v", causes, want)
	}

	var r struct {
		Result  *dlq.Result   `json:"result"`
		Refused []dlq.Refusal `json:"refused"`
	}
	if err := runDLQ(t, brokers, &r, "redrive", "--code", code, "--yes"); cli.ExitCode(err) != cli.ExitFailed {
		t.Errorf("while the org refuses: %v", err)
	}
	if r.Result == nil || r.Result.Sent != 1 || r.Result.Failed != 1 || r.Result.Left != refused-1 {
		t.Fatalf("while the org refuses: %+v", r.Result)
	}

	s.Salesforce().SetFaults(fault.Settings{})
	before := sizes(t, s.Conn())
	if err := runDLQ(t, brokers, &r, "redrive", "--code", code, "--yes"); err != nil || r.Result.Done != refused || len(r.Refused) != 0 {
		t.Fatalf("once it is mended: %+v, %v", r.Result, err)
	}
	for _, c := range all {
		if n := len(logs(w.CRM(c), "")); n != len(all) { // all three dial the same org
			t.Errorf("%s: %d logged calls in its org", c.Name, n)
		}
	}
	after := sizes(t, s.Conn())
	for topic, n := range after {
		switch topic {
		case events.DeadLetters.Name, events.Insights.Retry("crm-writer").Name, events.Records.Name, events.Usage.Name:
		default:
			if n != before[topic] {
				t.Errorf("%s grew from %d to %d", topic, before[topic], n)
			}
		}
	}
	// Beside the dead letters stands a mark of each.
	if n := after[events.DeadLetters.Name] - before[events.DeadLetters.Name]; n != int64(refused) {
		t.Errorf("%d new records among the dead letters", n)
	}

	if err := runDLQ(t, brokers, nil, "drop", "--code", "undecodable", "--reason", "a stranger's", "--yes"); err != nil {
		t.Error(err)
	}
	if err := runDLQ(t, brokers, &list, "list"); err != nil || list.Open != 1 || list.Groups[0].Code != "tenant_unknown" {
		t.Errorf("%+v, %v", list, err)
	}
	showsNobody(t, brokers)
}

// showsNobody: the caller's number is shown on demand only.
func showsNobody(t *testing.T, brokers string) {
	t.Helper()
	for _, c := range []struct {
		args []string
		told bool
	}{{nil, false}, {[]string{"--reveal"}, true}} {
		var doc json.RawMessage
		if err := runDLQ(t, brokers, &doc, append([]string{"show", "--code", "tenant_unknown"}, c.args...)...); err != nil {
			t.Error(err)
		}
		if strings.Contains(string(doc), "2025550123") != c.told || !strings.Contains(string(doc), foreigner) {
			t.Errorf("%v: %s", c.args, doc)
		}
	}
}

// runDLQ is `frontdesk dlq … --json`.
func runDLQ(t *testing.T, brokers string, to any, args ...string) error {
	t.Helper()
	var out bytes.Buffer
	root := cli.Root(&out, io.Discard)
	root.SetArgs(append(append([]string{"dlq"}, args...), "--json", "--brokers", brokers))
	err := root.ExecuteContext(t.Context())
	if to != nil {
		if jerr := json.Unmarshal(out.Bytes(), to); jerr != nil {
			t.Fatalf("%v: %v\n%s", err, jerr, out.String())
		}
	}
	return err
}

// sizes are how many messages each topic holds.
func sizes(t *testing.T, conn *broker.Conn) map[string]int64 {
	t.Helper()
	counts, err := conn.Partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(counts, func(topic string, _ int) bool { return strings.HasPrefix(topic, "__") })
	out := map[string]int64{}
	for topic, n := range counts {
		for p := range n {
			_, end, err := conn.Offsets(t.Context(), topic, p)
			if err != nil {
				t.Fatal(err)
			}
			out[topic] += end
		}
	}
	return out
}
