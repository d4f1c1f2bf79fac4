package ingress_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
)

// switched is a Kafka that can be stopped and started on the same address and data.
type switched struct {
	t    *testing.T
	cfg  embedded.KafkaConfig
	kafk *embedded.Kafka
}

func newSwitched(t *testing.T) *switched {
	t.Helper()
	s := &switched{t: t, cfg: embedded.KafkaConfig{Listen: freeAddr(t), DataDir: t.TempDir()}}
	s.start()
	t.Cleanup(s.stop)
	conn := kafkatest.Dial(t, s.config())
	kafkatest.Topics(t, conn, events.Lifecycle.Name, events.Media.Name)
	return s
}

func (s *switched) config() broker.Config { return broker.Config{Brokers: []string{s.cfg.Listen}} }

func (s *switched) start() {
	s.t.Helper()
	k, err := embedded.StartKafka(context.WithoutCancel(s.t.Context()), s.cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.kafk = k
}

func (s *switched) stop() {
	if s.kafk != nil {
		_ = s.kafk.Close()
		s.kafk = nil
	}
}

// measured is a telemetry whose metrics can be read.
func measured(t *testing.T) (*telemetry.Telemetry, func(name, label, value string) float64) {
	t.Helper()
	reader := metric.NewManualReader()
	tel := telemetry.Discard()
	tel.Meter = metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")
	return tel, func(name, label, value string) (sum float64) {
		var rm metricdata.ResourceMetrics
		if err := reader.Collect(context.WithoutCancel(t.Context()), &rm); err != nil {
			t.Fatal(err)
		}
		for _, s := range rm.ScopeMetrics {
			for _, m := range s.Metrics {
				if m.Name != "frontdesk.ingress."+name {
					continue
				}
				switch data := m.Data.(type) {
				case metricdata.Sum[int64]:
					for _, p := range data.DataPoints {
						if v, _ := p.Attributes.Value(attribute.Key(label)); label == "" || v.AsString() == value {
							sum += float64(p.Value)
						}
					}
				case metricdata.Gauge[int64]:
					for _, p := range data.DataPoints {
						sum += float64(p.Value)
					}
				case metricdata.Gauge[float64]:
					for _, p := range data.DataPoints {
						sum += p.Value
					}
				}
			}
		}
		return sum
	}
}

// until waits for a condition that something else brings about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !is(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// newSpoolingRig runs an ingress with a spool on a Kafka that can be away.
func newSpoolingRig(t *testing.T, k *switched, dir string, tel *telemetry.Telemetry, change func(*ingress.Config)) *rig {
	t.Helper()
	r := newWatchedRig(t, tel, func(c *ingress.Config) {
		c.Kafka.Brokers = []string{k.cfg.Listen}
		c.Spool.Dir, c.Spool.After = dir, 100*time.Millisecond
		if change != nil {
			change(c)
		}
	})
	r.conn = kafkatest.Dial(t, k.config())
	return r
}

// TestBrokerRestartCostsNothing: neither a word nor a webhook, and everything is in order when the broker is back.
func TestBrokerRestartCostsNothing(t *testing.T) {
	k := newSwitched(t)
	tel, metric := measured(t)
	r := newSpoolingRig(t, k, t.TempDir(), tel, nil)
	going := r.twiml(t, r.twiml(t, "voice").attr("Gather", "action"), "Digits", "1")
	k.stop()
	begun := time.Now()
	r.stream(t, "MZ1", going.attr("Parameter", "value"), 100, true) // closed in order when all of it is stored
	dialStatus := going.attr("Number", "statusCallback")
	for _, w := range [][]string{
		{dialStatus, "CallSid", "CA2", "ParentCallSid", call, "CallStatus", "in-progress"},
		{dialStatus, "CallSid", "CA2", "ParentCallSid", call, "CallStatus", "completed", "CallDuration", "3"},
		{going.attr("Dial", "recordingStatusCallback"), "RecordingSid", "RE1", "RecordingStatus", "completed", "RecordingUrl", "https://x.example/RE1"},
		{"status", "CallStatus", "completed", "CallDuration", "9"},
	} {
		if status, _ := r.post(t, w[0], w[1:]...); status != http.StatusNoContent {
			t.Errorf("%s: status %d while Kafka is away", w[len(w)-1], status)
		}
	}
	// Another caller is heard all the same.
	if v := r.twiml(t, "voice", "CallSid", "CA9", "To", apptest.QuietLine); v.attr("Stream", "url") == "" {
		t.Error("with a spool, a caller is heard while Kafka is away")
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if metric("spool.records", "", "") == 0 || metric("spool.bytes", "", "") == 0 || metric("spool.oldest", "", "") == 0 {
		t.Error("the metrics show no spool")
	}
	k.start()
	until(t, "the spool is drained", func() bool { return metric("spool.records", "", "") == 0 })
	if status, _ := r.post(t, "disposition", "Disposition", "QualifiedLead"); status != http.StatusNoContent {
		t.Errorf("status %d after Kafka is back", status)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	const want = "call_started consent_recorded media_started media_ended call_started call_ended recording_ready call_ended disposition_set"
	if got := kinds(r.once(t, events.Lifecycle, call)); got != want {
		t.Errorf("calls.lifecycle\ngot  %s\nwant %s", got, want)
	}
	if got, want := kinds(r.once(t, events.Media, call)), "consent_recorded media_started"+strings.Repeat(" audio_chunk", 20)+" media_ended"; got != want {
		t.Errorf("calls.media\ngot  %s\nwant %s", got, want)
	}
}

// TestSpoolAtItsBound: callbacks come again, a caller goes on unheard, and all of it is counted.
func TestSpoolAtItsBound(t *testing.T) {
	k := newSwitched(t)
	tel, metric := measured(t)
	dir := t.TempDir()
	r := newSpoolingRig(t, k, dir, tel, func(c *ingress.Config) { c.Spool.MaxBytes, c.Spool.AudioPercent = 64<<10, 50 })
	going := r.twiml(t, "voice", "To", apptest.QuietLine)
	k.stop()
	r.stream(t, "MZ1", going.attr("Parameter", "value"), 300, true) // 3 s in two tracks are more than 32 KiB
	status, n := 0, 0
	for ; status != http.StatusServiceUnavailable; n++ {
		if status, _ = r.post(t, "disposition", "To", apptest.QuietLine, "Disposition", "QualifiedLead", "Id", strings.Repeat("x", n)); n > 500 {
			t.Fatal("the spool is never full")
		}
	}
	if n < 20 {
		t.Errorf("%d webhooks found room: audio has taken what is theirs", n)
	}
	if v := r.twiml(t, "voice", "CallSid", "CA9", "To", apptest.QuietLine); v.attr("Dial", "action") == "" || v.attr("Stream", "url") != "" {
		t.Error("at the bound a caller goes on, without a stream")
	}
	if metric("spool.refused", "kind", "audio_chunk") == 0 || metric("spool.refused", "kind", "disposition_set") != 1 || metric("spool.refused", "kind", "call_started") != 1 {
		t.Error("what is refused is not counted by kind")
	}
	// A rollout with a full spool keeps it for the next process.
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	k.start()
	later, waiting := measured(t)
	next := newSpoolingRig(t, k, dir, later, nil)
	until(t, "the spool is drained", func() bool { return waiting("spool.records", "", "") == 0 })
	if err := next.stop(); err != nil {
		t.Fatal(err)
	}
	set := 0
	for _, e := range next.topic(t, events.Lifecycle) {
		if e.Kind() == events.KindDispositionSet {
			set++
		}
	}
	// One gap a party says all that is missing.
	chunks, gaps := int64(0), int64(0)
	for _, e := range next.topic(t, events.Media) {
		switch m := e.Message().(type) {
		case *events.AudioChunk:
			chunks += int64(len(m.GetAudio()) / 8)
		case *events.MediaGap:
			gaps += m.GetEndMs() - m.GetStartMs()
			if m.GetReason() != events.MediaGapReason_MEDIA_GAP_REASON_SPOOL_FULL {
				t.Errorf("%v", m.GetReason())
			}
		}
	}
	if set != n-1 || chunks+gaps != 2*6000 || gaps == 0 {
		t.Errorf("%d of %d webhooks, %d ms heard, %d ms declared missing", set, n-1, chunks, gaps)
	}
}

// TestWebhookOnTwoReplicas is stored once, and both answer.
func TestWebhookOnTwoReplicas(t *testing.T) {
	redis, err := embedded.StartRedis(t.Context(), embedded.RedisConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	claim := func(c *ingress.Config) { c.Redis.Addrs = []string{redis.Addr()} }
	telOne, byOne := measured(t)
	telTwo, byTwo := measured(t)
	one := newWatchedRig(t, telOne, claim)
	two := newWatchedRig(t, telTwo, func(c *ingress.Config) { claim(c); c.Kafka.Brokers = one.conn.Brokers() })
	var plans []string
	for _, r := range []*rig{one, one, two} {
		v := r.twiml(t, "voice", "To", apptest.QuietLine)
		plans = append(plans, v.Nodes[0].XMLName.Local+v.Nodes[1].XMLName.Local+v.attr("Stream", "name")+v.attr("Number", "")+v.attr("Sip", ""))
		if status, _ := r.post(t, "status", "To", apptest.QuietLine, "CallStatus", "completed", "CallDuration", "9"); status != http.StatusNoContent {
			t.Errorf("status %d", status)
		}
	}
	if plans[0] == "" || plans[1] != plans[0] || plans[2] != plans[0] {
		t.Errorf("%q", plans)
	}
	slow := byOne("claims", "outcome", "away")+byTwo("claims", "outcome", "away") > 0
	// Redis goes, and nothing changes for whoever calls.
	_ = redis.Close()
	begun := time.Now()
	if status, _ := two.post(t, "disposition", "To", apptest.QuietLine, "Disposition", "QualifiedLead"); status != http.StatusNoContent || time.Since(begun) > 3*time.Second {
		t.Errorf("status %d after %s", status, time.Since(begun))
	}
	if err := one.stop(); err != nil {
		t.Fatal(err)
	}
	stored := one.topic(t, events.Lifecycle)
	if slow { // nobody waits for a Redis that takes longer than a moment, and what came again meanwhile is its readers' to drop
		stored = one.once(t, events.Lifecycle, call)
	}
	if got := kinds(stored); got != "call_started consent_recorded call_ended disposition_set" {
		t.Errorf("calls.lifecycle: %s", got)
	}
}

func TestSpoolSettings(t *testing.T) {
	cfg := ingress.Defaults()
	cfg.Spool = ingress.Spool{Dir: "x", MaxBytes: 1, AudioPercent: 100, After: cfg.PublishTimeout}
	cfg.Redis.DB = 1 // set in part
	err := cfg.Validate()
	for _, want := range []string{"spool.max_bytes:", "spool.audio_percent:", "spool.after:", "redis.addrs:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not among the faults", want)
		}
	}
	r := newRig(t, nil)
	if log := r.log.String(); !strings.Contains(log, "no spool.dir") || !strings.Contains(log, "no redis.addrs") {
		t.Error("what is off is not told at the start")
	}
}

func TestTwoProcessesOnOneSpool(t *testing.T) {
	k := newSwitched(t)
	dir := t.TempDir()
	newSpoolingRig(t, k, dir, telemetry.Discard(), nil)
	cfg := validConfig()
	cfg.Spool.Dir = dir
	if _, err := ingress.New(t.Context(), cfg, apptest.Tenants(), telemetry.Discard()); err == nil || !strings.Contains(err.Error(), "spool.dir") ||
		!strings.Contains(err.Error(), "folder of its own") {
		t.Errorf("%v", err)
	}
}

func TestSpoolIsChecked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "not", "made", "yet")
	for name, tt := range map[string]struct {
		spool ingress.Spool
		code  string
		level check.Level
	}{
		"off":      {ingress.Spool{}, "config.spool_off", check.Warning},
		"a file":   {ingress.Spool{Dir: file, MaxBytes: 1 << 30, AudioPercent: 80}, "config.spool_folder", check.Fault},
		"too much": {ingress.Spool{Dir: fresh, MaxBytes: 1 << 60, AudioPercent: 80}, "config.spool_disk", check.Warning},
		"tiny":     {ingress.Spool{Dir: fresh, MaxBytes: 1 << 20, AudioPercent: 80}, "config.spool_small", check.Warning},
		"well":     {ingress.Spool{Dir: fresh, MaxBytes: 128 << 20, AudioPercent: 80}, "config.spool", check.OK},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := validConfig()
			cfg.Spool = tt.spool
			var found []check.Finding
			for _, c := range ingress.Checks(cfg, apptest.Tenants()) {
				if c.Part == "config" {
					found = append(found, c.Run(t.Context())...)
				}
			}
			if !slices.ContainsFunc(found, func(f check.Finding) bool { return f.Code == tt.code && f.Level == tt.level }) {
				t.Errorf("%+v", found)
			}
			if _, err := os.Stat(fresh); err == nil {
				t.Error("the check has made the folder")
			}
		})
	}
}

// validConfig would start, but for a Kafka.
func validConfig() ingress.Config {
	cfg := ingress.Defaults()
	cfg.Kafka.Brokers = []string{"127.0.0.1:1"}
	cfg.Tenants, cfg.Listen, cfg.Admin, cfg.PublicURL = "unused", "127.0.0.1:0", "127.0.0.1:0", public
	cfg.TokenKeys = []config.Secret{"0123456789abcdef0123456789abcdef"}
	return cfg
}
