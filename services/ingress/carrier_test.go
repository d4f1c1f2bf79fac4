package ingress_test

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	carrier "github.com/frontdesk/frontdesk/sandbox/twilio"
	"github.com/frontdesk/frontdesk/services/ingress"
)

// speed of the calls, times life.
const speed = 60

// exchange is ingress with the sandbox's Twilio in front of it, on the sample tenants.
type exchange struct {
	*rig
	*carrier.Carrier
	tenants *tenant.Set
}

func newExchange(t *testing.T, mischief carrier.Mischief, change ...func(*carrier.Config)) *exchange {
	t.Helper()
	rest, listen := freeAddr(t), freeAddr(t)
	tenants := sampleTenants(t, rest)
	base := "http://" + listen // the sandbox takes plain HTTP on the loopback
	r := runRig(t, tenants, telemetry.Discard(), func(c *ingress.Config) {
		c.Listen, c.PublicURL = listen, base
		c.Media.MaxUnackedBytes = c.Media.MaxUnackedTotalBytes // so fast a call has filled the usual bound in a second
	})
	x := &exchange{rig: r, tenants: tenants}
	cfg := carrier.Config{
		Listen: rest, Accounts: accounts(tenants, base), Speed: speed, StreamBuffer: time.Minute,
		Mischief: map[string]carrier.Mischief{"*": mischief},
	}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	x.Carrier, err = carrier.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}

// unhurried is for calls during which something has to come back from the log, or over REST, before the next thing happens.
func unhurried(c *carrier.Config) { c.Speed = 10 }

// ports counts those that were tried.
var ports atomic.Int64

// freeAddr is an address that is free, and that nobody takes by chance: its port lies below those that the system hands out to whoever
// listens on any, or dials.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := 12_000 + (int64(os.Getpid())*100+ports.Add(1))%18_000 // other processes begin elsewhere
		addr := net.JoinHostPort("127.0.0.1", strconv.FormatInt(port, 10))
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			continue // somebody's
		}
		_ = ln.Close()
		return addr
	}
	t.Fatal("no port is free")
	return ""
}

// accounts are the tenants' numbers with their webhooks, as README.md says to set them.
func accounts(tenants *tenant.Set, base string) []carrier.Account {
	var out []carrier.Account
	const again = "#rc=3&rp=5xx,ct,rt"
	for _, tt := range tenants.All() {
		at := base + "/twilio/" + tt.Twilio.AccountSID
		a := carrier.Account{SID: tt.Twilio.AccountSID, DispositionURL: at + "/disposition" + again, ConsentURL: at + "/consent" + again}
		for _, token := range tt.Twilio.AuthTokens {
			a.AuthTokens = append(a.AuthTokens, token.Reveal())
		}
		for _, n := range tt.Numbers {
			a.Numbers = append(a.Numbers, carrier.Number{
				PhoneNumber: n.Number, VoiceURL: at + "/voice" + again, StatusCallback: at + "/status" + again,
				VoiceFallbackURL: base + "/twilio/fallback.xml",
			})
		}
		out = append(out, a)
	}
	return out
}

// sample is a sample call.
func sample(t *testing.T, name string) *calls.Call {
	t.Helper()
	all, err := calls.Load("../../samples/calls")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no sample call %s", name)
	return nil
}

// play places the named sample calls, all at once, and returns what became of each.
func (x *exchange) play(t *testing.T, names ...string) map[string]*carrier.Result {
	t.Helper()
	all, err := calls.Load("../../samples/calls")
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*calls.Call{}
	for _, c := range all {
		byName[c.Name] = c
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	out := map[string]*carrier.Result{}
	for _, name := range names {
		if byName[name] == nil {
			t.Fatalf("there is no sample call %s", name)
		}
		wg.Go(func() {
			r, err := x.Place(t.Context(), byName[name])
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			out[name] = r
		})
	}
	wg.Wait()
	return out
}

// story is a call's events of a topic in order, repetitions left out, audio as "audio", legs marked.
func (x *exchange) story(t *testing.T, topic events.Topic, callSid string) (story []string, heard time.Duration) {
	t.Helper()
	seen := map[string]bool{}
	for _, rec := range kafkatest.Records(t, x.conn, topic.Name) {
		e, err := events.Unmarshal(rec.Value)
		if err != nil {
			t.Fatal(err)
		}
		if e.GetCallId() != callSid || seen[e.GetEventId()] {
			continue
		}
		seen[e.GetEventId()] = true
		word := e.Kind().String()
		switch m := e.Message().(type) {
		case *events.AudioChunk:
			if heard += time.Duration(len(m.GetAudio())/8) * time.Millisecond; story[len(story)-1] == "audio" {
				continue
			}
			word = "audio"
		case *events.ConsentRecorded:
			word = strings.ToLower(strings.TrimPrefix(m.GetAnswer().String(), "CONSENT_ANSWER_"))
		case *events.MediaEnded:
			word += " " + strings.ToLower(strings.TrimPrefix(m.GetReason().String(), "MEDIA_END_REASON_"))
		}
		if e.GetLegId() != callSid {
			word = "leg " + word
		}
		story = append(story, word)
	}
	return story, heard
}

func TestSampleCalls(t *testing.T) {
	tests := map[string]struct {
		life  []string // which must be there; callbacks of different legs may cross
		media string
	}{
		"books-a-demo": {
			[]string{"call_started", "granted", "leg call_started", "leg call_ended", "recording_started", "recording_ready", "media_started", "media_ended stopped", "call_ended"},
			"granted, media_started, audio, media_ended stopped",
		},
		"refuses-consent":       {[]string{"call_started", "refused", "leg call_started", "leg call_ended", "call_ended"}, "refused"},
		"hangs-up-at-once":      {[]string{"call_started", "call_ended"}, ""},
		"asks-the-hours":        {[]string{"call_started", "granted", "media_started", "media_ended stopped", "leg call_started", "leg call_ended", "call_ended"}, "media_started, audio, granted, audio, media_ended stopped"},
		"habla-espanol":         {[]string{"call_started", "not_asked", "media_started", "media_ended stopped", "leg call_started", "leg call_ended", "call_ended"}, "not_asked, media_started, audio, media_ended stopped"},
		"leaves-a-voicemail":    {[]string{"call_started", "granted", "media_started", "media_ended stopped", "recording_started", "recording_ready", "call_ended"}, "granted, media_started, audio, media_ended stopped"},
		"studio-hands-on":       {[]string{"call_started", "granted", "media_started", "media_ended stopped", "call_ended"}, "granted, media_started, audio, media_ended stopped"},
		"forwarded-to-an-agent": {[]string{"call_started", "granted", "leg call_started", "leg call_ended", "recording_started", "recording_ready", "media_started", "media_ended stopped", "call_ended", "disposition_set"}, "granted, media_started, audio, media_ended stopped"},
	}
	var names []string
	for name := range tests {
		names = append(names, name)
	}
	for what, mischief := range map[string]carrier.Mischief{
		"in order": {}, "doubled and out of order": {Double: 0.5, Disorder: 0.3},
	} {
		t.Run(what, func(t *testing.T) {
			x := newExchange(t, mischief, unhurried)
			results := x.play(t, names...)
			if err := x.stop(); err != nil {
				t.Fatal(err)
			}
			for name, tt := range tests {
				r := results[name]
				if len(r.Faults) > 0 {
					t.Errorf("%s: Twilio's debugger shows %v", name, r.Faults)
				}
				life, _ := x.story(t, events.Lifecycle, r.CallSid)
				if missing, more := compare(life, tt.life); missing != "" || more != "" {
					t.Errorf("%s: missing %q, too many %q", name, missing, more)
				}
				story, heard := x.story(t, events.Media, r.CallSid)
				got, want := strings.Join(story, ", "), tt.media
				reported := true
				if name == "asks-the-hours" {
					got, want, reported = unreported(story), unreported(strings.Split(want, ", ")), slices.Contains(story, "granted")
				}
				if got != want || !reported {
					t.Errorf("%s: calls.media: %s", name, got)
				}
				var sent time.Duration
				for _, s := range r.Streams {
					sent += time.Duration(s.Messages) * 20 * time.Millisecond
				}
				if heard != sent {
					t.Errorf("%s: %s of audio sent, %s heard", name, sent, heard)
				}
			}
		})
	}
}

// unreported is a story without the consent that is reported meanwhile: the report goes its own way beside the audio, and
// may come, or be held back, beyond the audio's end.
func unreported(story []string) string {
	rest := slices.DeleteFunc(slices.Clone(story), func(word string) bool { return word == "granted" })
	return strings.Join(slices.Compact(rest), ", ")
}

// compare tells what of want is missing in got, and what got has more.
func compare(got, want []string) (missing, more string) {
	count := map[string]int{}
	for _, w := range want {
		count[w]++
	}
	for _, g := range got {
		if count[g]--; count[g] < 0 {
			more += g + " "
		}
	}
	for w, n := range count {
		if n > 0 {
			missing += w + " "
		}
	}
	return missing, more
}

// TestBrokenStream: Twilio never reconnects; we start a new stream, it begins where the first ended, and the
// carrier's hole stays a hole.
func TestBrokenStream(t *testing.T) {
	x := newExchange(t, carrier.Mischief{BreakStream: []time.Duration{3 * time.Second, 17 * time.Second}, Double: 0.3}, unhurried)
	r := x.play(t, "books-a-demo")["books-a-demo"]
	if err := x.stop(); err != nil {
		t.Fatal(err)
	}
	story, _ := x.story(t, events.Media, r.CallSid)
	if got, want := strings.Join(story, ", "), "granted, media_started, audio, media_ended disconnected, media_started, audio, media_ended disconnected, "+
		"media_started, audio, media_ended stopped"; got != want {
		t.Errorf("calls.media: %s", got)
	}
	var end int64
	for _, e := range x.topic(t, events.Media) {
		switch m := e.Message().(type) {
		case *events.MediaStarted:
			if m.GetOffsetMs() < end {
				t.Errorf("a stream begins at %d ms, the one before ended at %d ms", m.GetOffsetMs(), end)
			}
		case *events.MediaEnded:
			end = m.GetEndMs()
		}
	}
	if len(r.Streams) != 3 || !r.Streams[2].ByREST {
		t.Errorf("streams: %s", fmt.Sprint(len(r.Streams)))
	}
}

// TestDroppedAudioIsDeclared: frames that the carrier never sent show as a gap, not as silence.
func TestDroppedAudioIsDeclared(t *testing.T) {
	x := newExchange(t, carrier.Mischief{Drop: []carrier.Drop{{Track: "caller", At: 2 * time.Second, For: 400 * time.Millisecond}}})
	x.play(t, "books-a-demo")
	if err := x.stop(); err != nil {
		t.Fatal(err)
	}
	var gaps []*events.MediaGap
	for _, e := range x.topic(t, events.Media) {
		if g, ok := e.Message().(*events.MediaGap); ok {
			gaps = append(gaps, g)
		}
	}
	if len(gaps) != 1 || gaps[0].GetEndMs()-gaps[0].GetStartMs() != 400 || gaps[0].GetParty() != events.Party_PARTY_CALLER ||
		gaps[0].GetReason() != events.MediaGapReason_MEDIA_GAP_REASON_CARRIER {
		t.Errorf("gaps: %v", gaps)
	}
}

// TestPausingTrack: Twilio sends nothing of what it plays to the caller while it plays nothing. That is no gap.
func TestPausingTrack(t *testing.T) {
	x := newExchange(t, carrier.Mischief{}, func(c *carrier.Config) { c.PausingTrack = true })
	r := x.play(t, "books-a-demo")["books-a-demo"]
	if err := x.stop(); err != nil {
		t.Fatal(err)
	}
	heard := map[events.Party]time.Duration{}
	var begins, ends, pauses int64
	for _, e := range x.topic(t, events.Media) {
		switch m := e.Message().(type) {
		case *events.MediaGap:
			t.Errorf("a gap of %d ms is declared: %v", m.GetEndMs()-m.GetStartMs(), m.GetReason())
		case *events.AudioChunk:
			heard[m.GetParty()] += time.Duration(len(m.GetAudio())/8) * time.Millisecond
			if m.GetParty() == events.Party_PARTY_AGENT {
				if begins = m.GetStartMs(); ends != 0 && begins > ends {
					pauses++
				}
				ends = begins + int64(len(m.GetAudio())/8)
			}
		}
	}
	caller, agent := heard[events.Party_PARTY_CALLER], heard[events.Party_PARTY_AGENT]
	if agent >= caller || pauses == 0 || caller+agent != time.Duration(r.Streams[0].Messages)*20*time.Millisecond {
		t.Errorf("%s of the caller, %s of the agent with %d pauses, of %d messages", caller, agent, pauses, r.Streams[0].Messages)
	}
}

// TestFaultyWay: what is lost on the way of webhooks comes again, and a stream that breaks by chance is followed by another.
func TestFaultyWay(t *testing.T) {
	x := newExchange(t, carrier.Mischief{}, unhurried, func(c *carrier.Config) {
		c.WebhookFaults = fault.Settings{Errors: []fault.Share{{Code: "11200", Share: 0.2, Operation: "callback"}}, Seed: 5}
		c.StreamFaults = fault.Settings{Errors: []fault.Share{{Code: "31903", Share: 0.5, Operation: "media"}}, Seed: 1}
	})
	r := x.play(t, "books-a-demo")["books-a-demo"]
	if err := x.stop(); err != nil {
		t.Fatal(err)
	}
	if x.Report().Webhooks.Retried == 0 || len(r.Streams) < 2 {
		t.Fatalf("%d webhooks tried again, %d streams: the test proves nothing", x.Report().Webhooks.Retried, len(r.Streams))
	}
	life, _ := x.story(t, events.Lifecycle, r.CallSid)
	want := []string{"call_started", "granted", "leg call_started", "leg call_ended", "recording_started", "recording_ready", "call_ended", "media_ended stopped"}
	for range r.Streams {
		want = append(want, "media_started")
	}
	for range len(r.Streams) - 1 {
		want = append(want, "media_ended disconnected")
	}
	if missing, more := compare(life, want); missing != "" || more != "" {
		t.Errorf("missing %q, too many %q", missing, more)
	}
}
