package ingress_test

import (
	"bufio"
	"context"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	carrier "github.com/frontdesk/frontdesk/sandbox/twilio"
	"github.com/frontdesk/frontdesk/services/ingress"
	"github.com/frontdesk/frontdesk/services/ingress/internal/spool"
)

// childEnv makes this test's binary an ingress: with the base URL of its tenants' REST API, if there is one.
const childEnv = "INGRESS_TEST_CHILD"

// runChild is the ingress of a process that can be killed.
func runChild(api string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg := ingress.Defaults()
	if err := config.Load(&cfg, "FRONTDESK_INGRESS", ""); err != nil {
		return err
	}
	tenants, err := tenant.Load(cfg.Tenants)
	if err != nil {
		return err
	}
	for _, tt := range tenants.All() {
		tt.Twilio.APIBase = api
	}
	tel, flush, err := telemetry.New(ctx, "ingress", cfg.Telemetry, telemetry.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = flush(context.WithoutCancel(ctx)) }()
	s, err := ingress.New(ctx, cfg, tenants, tel)
	if err != nil {
		return err
	}
	fmt.Println(s.Addr())
	return s.Run(ctx)
}

// child is an ingress in a process of its own.
type child struct {
	cmd  *exec.Cmd
	addr string
}

func startChild(t *testing.T, api string, env ...string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(exe)}
	c.cmd.Env = append(os.Environ(), childEnv+"="+api, "FRONTDESK_INGRESS_TENANTS=../../samples/tenants", "FRONTDESK_INGRESS_LISTEN=127.0.0.1:0",
		"FRONTDESK_INGRESS_ADMIN=127.0.0.1:0", "FRONTDESK_INGRESS_TOKEN_KEYS=0123456789abcdef0123456789abcdef")
	c.cmd.Env = append(c.cmd.Env, env...)
	log := &lockedBuffer{}
	c.cmd.Stderr = log
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Log(log)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the process tells no address: %v", err)
	}
	c.addr = strings.TrimSpace(line)
	return c
}

// kill is kill -9.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// TestKilledWithAStream: whoever hears of the broken stream starts a new one; what nobody heard is a hole of at most 5 s, and
// what lies around it is there.
func TestKilledWithAStream(t *testing.T) {
	g, rest := newGateway(t), freeAddr(t)
	tenants := sampleTenants(t, rest)
	next := runRig(t, tenants, telemetry.Discard(), func(c *ingress.Config) { c.PublicURL = g.URL })
	victim := startChild(t, "http://"+rest, "FRONTDESK_INGRESS_PUBLIC_URL="+g.URL, "FRONTDESK_INGRESS_KAFKA__BROKERS="+strings.Join(next.conn.Brokers(), ","))
	g.point(victim.addr)
	phone, err := carrier.Start(t.Context(), carrier.Config{Listen: rest, Accounts: accounts(tenants, g.URL), Speed: 1}) // a hole has the length that it has
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = phone.Close() })
	x := &exchange{rig: next, Carrier: phone}
	call := sample(t, "habla-espanol")
	const enough = 15_000 * 8 // bytes a track
	call.Caller, call.AgentAudio, call.Duration = call.Caller[:enough], call.AgentAudio[:enough], 0
	played := make(chan *carrier.Result, 1)
	go func() {
		r, err := x.Place(context.WithoutCancel(t.Context()), call)
		if err != nil {
			t.Error(err)
		}
		played <- r
	}()

	type heard struct{ from, to, chunks int64 }
	streams := func() (order []string, by map[string]*heard) {
		by = map[string]*heard{}
		for _, e := range next.topic(t, events.Media) {
			switch m := e.Message().(type) {
			case *events.MediaStarted:
				order = append(order, m.GetStreamId())
				by[m.GetStreamId()] = &heard{from: m.GetOffsetMs(), to: m.GetOffsetMs()}
			case *events.MediaGap:
				t.Errorf("a gap within a stream: %d ms", m.GetEndMs()-m.GetStartMs())
			case *events.AudioChunk:
				if m.GetParty() != events.Party_PARTY_CALLER {
					continue
				}
				h := by[m.GetStreamId()]
				if m.GetStartMs() != h.to || int64(m.GetChunk()) != h.chunks {
					t.Errorf("chunk %d at %d ms, want %d at %d", m.GetChunk(), m.GetStartMs(), h.chunks, h.to)
				}
				h.to, h.chunks = m.GetStartMs()+int64(len(m.GetAudio())/8), h.chunks+1
			}
		}
		return order, by
	}
	talks := func(nth int) func() bool {
		return func() bool {
			order, by := streams()
			return len(order) >= nth && by[order[nth-1]].chunks >= 5
		}
	}
	until(t, "the first stream is heard", talks(1))
	victim.kill()
	g.point(next.Addr())
	until(t, "the second stream is heard", talks(2))
	r := <-played
	if err := next.stop(); err != nil {
		t.Error(err)
	}
	order, by := streams()
	if len(order) != 2 || len(r.Streams) != 2 || !r.Streams[1].ByREST {
		t.Fatalf("%d streams, %d in the log", len(r.Streams), len(order))
	}
	first, second := by[r.Streams[0].Sid], by[r.Streams[1].Sid]
	hole := second.from - first.to
	if hole <= 0 || hole > 5000 {
		t.Errorf("a hole of %d ms", hole)
	}
	// The new stream stands where it was spoken: the carrier's clock agrees, but for how long its start took.
	if off := time.Duration(second.from-first.from)*time.Millisecond - (r.Streams[1].From - r.Streams[0].From); off.Abs() > time.Second {
		t.Errorf("the second stream is %s off its place", off)
	}
	life, _ := x.story(t, events.Lifecycle, r.CallSid)
	if missing, more := compare(life, []string{
		"call_started", "not_asked", "media_started", "media_started", "media_ended stopped", "leg call_started", "leg call_ended", "call_ended",
	}); missing != "" || more != "" {
		t.Errorf("missing %q, too many %q", missing, more)
	}
}

// TestKilledWithASpool: what Twilio was told is stored is there when the process starts again, after kill -9.
func TestKilledWithASpool(t *testing.T) {
	tenants := sampleTenants(t, "")
	k, dir := newSwitched(t), t.TempDir()
	env := []string{
		"FRONTDESK_INGRESS_PUBLIC_URL=" + public, "FRONTDESK_INGRESS_KAFKA__BROKERS=" + k.cfg.Listen, "FRONTDESK_INGRESS_SPOOL__DIR=" + dir,
		"FRONTDESK_INGRESS_SPOOL__AFTER=100ms",
	}
	one := tenants.All()[0]
	k.stop()
	var acknowledged int
	for round := range 2 { // the second begins with what the first has left
		victim := startChild(t, "", env...)
		for n := range 20 {
			sid := fmt.Sprintf("CA%030d%02d", round, n)
			params := map[string]string{"AccountSid": one.Twilio.AccountSID, "CallSid": sid, "To": one.Numbers[0].Number, "CallStatus": "completed", "CallDuration": "3"}
			status := postTo(t, victim.addr, "/twilio/"+one.Twilio.AccountSID+"/status", one.Twilio.AuthTokens[0].Reveal(), params)
			if status != http.StatusNoContent {
				t.Fatalf("status %d", status)
			}
			acknowledged++
		}
		victim.kill()
	}
	k.start()
	last := startChild(t, "", env...)
	conn := kafkatest.Dial(t, k.config())
	ended := func() (calls []string) {
		for _, rec := range kafkatest.Records(t, conn, events.Lifecycle.Name) {
			calls = append(calls, string(rec.Key))
		}
		return calls
	}
	until(t, "all are in Kafka", func() bool { return len(ended()) == acknowledged })
	seen := map[string]bool{}
	for _, c := range ended() {
		seen[c] = true
	}
	if len(seen) != acknowledged {
		t.Errorf("%d of %d calls", len(seen), acknowledged)
	}
	if err := last.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// TestKilledWhileAStreamWaits: who can't ask the log may not start the next stream, and a crash doesn't forget that it is to be.
func TestKilledWhileAStreamWaits(t *testing.T) {
	tenants := sampleTenants(t, "")
	k, dir := newSwitched(t), t.TempDir()
	answers := &asked{started: make(chan url.Values, 4)}
	api := httptest.NewServer(answers)
	t.Cleanup(api.Close)
	env := []string{
		"FRONTDESK_INGRESS_PUBLIC_URL=" + public, "FRONTDESK_INGRESS_KAFKA__BROKERS=" + k.cfg.Listen, "FRONTDESK_INGRESS_SPOOL__DIR=" + dir,
		"FRONTDESK_INGRESS_SPOOL__AFTER=100ms", "FRONTDESK_INGRESS_CARRIER_TIMEOUT=1s", "FRONTDESK_INGRESS_MEDIA__RESTART_PAUSE=100ms",
	}
	one := tenants.All()[0]
	secret, params := one.Twilio.AuthTokens[0].Reveal(), map[string]string{"AccountSid": one.Twilio.AccountSID, "CallSid": call, "From": caller, "To": one.Numbers[0].Number, "Direction": "inbound"}
	victim := startChild(t, api.URL, env...)
	say := func(c *child, to string, more ...string) string {
		t.Helper()
		path, _, _ := strings.Cut(strings.TrimPrefix(to, public), "#")
		said := maps.Clone(params)
		for i := 0; i < len(more); i += 2 {
			said[more[i]] = more[i+1]
		}
		status, body := send(t, c.addr, path, sign(secret, public+path, said), said)
		if status != http.StatusOK && status != http.StatusNoContent {
			t.Fatalf("status %d", status)
		}
		return body
	}
	var plan verb
	if err := xml.Unmarshal([]byte(say(victim, "/twilio/"+one.Twilio.AccountSID+"/voice")), &plan); err != nil {
		t.Fatal(err)
	}
	if question := plan.attr("Gather", "action"); question != "" {
		plan = verb{}
		if err := xml.Unmarshal([]byte(say(victim, question, "Digits", "1")), &plan); err != nil {
			t.Fatal(err)
		}
	}
	k.stop()
	say(victim, plan.attr("Stream", "statusCallback"), "StreamEvent", "stream-error", "StreamSid", "MZ1")
	victim.kill()
	select {
	case <-answers.started:
		t.Fatal("a stream was started though nobody could ask whether it may be")
	default:
	}
	k.start()
	next := startChild(t, api.URL, env...)
	select {
	case s := <-answers.started:
		if s.Get("Name") != "frontdesk-1" {
			t.Errorf("the next stream is %s", s.Get("Name"))
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nobody remembers that a stream waits")
	}
	// Once it has been started nothing waits any more.
	if err := next.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := next.cmd.Wait(); err != nil {
		t.Error(err)
	}
	j, left, _, err := spool.OpenJournal(filepath.Join(dir, "waiting"), spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("%d streams still wait", len(left))
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}
