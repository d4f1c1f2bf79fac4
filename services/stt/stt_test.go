package stt_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/googlespeech"
	"github.com/frontdesk/frontdesk/services/stt"
)

// rig is a broker, a recogniser and the part of ingress that puts sound on the log.
type rig struct {
	t       *testing.T
	cluster *kafkatest.Cluster
	conn    *broker.Conn
	signals *signals
	prod    *produce.Producer
	speech  *googlespeech.Server
	calls   []*calls.Call
	tenants string
	set     *tenant.Set
	tel     *telemetry.Telemetry
	speed   float64
}

func newRig(t *testing.T, speed float64, names ...string) *rig {
	t.Helper()
	topics := make([]string, 0, 1+len(events.Topics()))
	topics = append(topics, events.Media.Retry("stt").Name+":4")
	for _, topic := range events.Topics() {
		topics = append(topics, topic.Name+":4")
	}
	r := &rig{t: t, cluster: kafkatest.Start(t, embedded.KafkaConfig{Options: []kfake.Opt{kfake.GroupMinSessionTimeout(time.Second)}}, topics...), tel: telemetry.Discard(), speed: speed}
	r.conn = r.cluster.Conn
	r.listen()
	r.prod = produce.New(r.conn, produce.Config{}, telemetry.Discard())
	t.Cleanup(func() { _ = r.prod.Close(context.WithoutCancel(t.Context())) })
	all, err := calls.Load("../../samples/calls")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		i := slices.IndexFunc(all, func(c *calls.Call) bool { return c.Name == name })
		if i < 0 {
			t.Fatalf("there is no sample call %s", name)
		}
		r.calls = append(r.calls, all[i])
	}
	if r.speech, err = googlespeech.Start(t.Context(), googlespeech.Config{Calls: all}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.speech.Close() })
	r.hearBy(func(string) string { return r.speech.Addr() })
	return r
}

// hearBy says where each tenant's speech goes, by the name of its file.
func (r *rig) hearBy(endpoint func(file string) string) {
	r.t.Helper()
	r.tenants = tenants(r.t, endpoint)
	set, err := tenant.Load(r.tenants)
	if err != nil {
		r.t.Fatal(err)
	}
	r.set = set
}

func (r *rig) settings() settings {
	return settings{Brokers: r.conn.Brokers(), Tenants: r.tenants, Speed: r.speed}
}

func (r *rig) config() stt.Config { return r.settings().config() }

// start runs a service in this process until the test ends, or stop.
func (r *rig) start(cfg stt.Config) (s *stt.Service, stop func()) {
	r.t.Helper()
	s, err := stt.New(r.t.Context(), cfg, r.set, r.tel)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				r.t.Errorf("stopping: %v", err)
			}
		})
	}
	r.t.Cleanup(stop)
	return s, stop
}

// callOffset is when in a call its stream begins, in milliseconds.
const callOffset = 1_500

// id of a call: the same in every run.
func id(c *calls.Call) string { return "CA" + c.Name }

func (r *rig) meta(c *calls.Call) events.Call {
	t, n := r.set.ByNumber(c.To)
	return events.Call{ID: id(c), Leg: id(c), Tenant: t.ID, LineOfBusiness: n.LineOfBusiness, Source: events.Source_SOURCE_TWILIO, Account: t.Twilio.AccountSID}
}

func (r *rig) publish(e *events.CallEvent, topics ...events.Topic) {
	b, err := events.Marshal(e)
	if err != nil {
		r.t.Error(err)
		return
	}
	for _, topic := range topics {
		err := r.prod.Publish(r.t.Context(), produce.Message{Topic: topic.Name, Key: []byte(e.GetCallId()), Value: b, Headers: []kafka.Header{
			{Key: events.HeaderKind, Value: []byte(e.Kind().String())},
		}})
		if err != nil && r.t.Context().Err() == nil {
			r.t.Errorf("publishing: %v", err)
		}
	}
}

// play puts a call's sound on the log, speed times as fast as it was spoken. drop tells which of the caller's
// chunks to lose.
func (r *rig) play(c *calls.Call, drop func(chunk int) bool) {
	const offset = callOffset
	began, meta, stream := time.Now(), r.meta(c), "MZ"+c.Name
	_, number := r.set.ByNumber(c.To)
	r.publish(meta.Event(began, &events.MediaStarted{
		StreamId: stream, Parties: []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT}, Encoding: events.Encoding_ENCODING_MULAW,
		SampleRate: 8000, Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED, OffsetMs: offset, Language: number.Language,
	}), events.Lifecycle, events.Media)
	const size = 1600
	n := 0
	for ; n*size < len(c.Caller); n++ {
		at := time.Duration(float64(n) * 200 * float64(time.Millisecond) / r.speed)
		select {
		case <-time.After(time.Until(began.Add(at))):
		case <-r.t.Context().Done():
			return
		}
		for party, audio := range map[events.Party][]byte{events.Party_PARTY_CALLER: c.Caller, events.Party_PARTY_AGENT: c.AgentAudio} {
			if party == events.Party_PARTY_CALLER && drop != nil && drop(n) {
				continue
			}
			r.publish(meta.Event(time.Now(), &events.AudioChunk{
				StreamId: stream, Party: party, Chunk: uint64(n), StartMs: offset + int64(n)*200,
				Audio: audio[n*size : min((n+1)*size, len(audio))], Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000,
			}), events.Media)
		}
	}
	r.publish(meta.Event(time.Now(), &events.MediaEnded{
		StreamId: stream, Reason: events.MediaEndReason_MEDIA_END_REASON_STOPPED,
		CallerChunks: uint64(n), AgentChunks: uint64(n), EndMs: offset + int64(len(c.Caller)/8),
	}), events.Lifecycle, events.Media)
}

// playAll plays every call at once, beginning within a second of another.
func (r *rig) playAll() (done func()) {
	var playing sync.WaitGroup
	for _, c := range r.calls {
		playing.Go(func() {
			<-time.After(time.Duration(rand.IntN(1000)) * time.Millisecond)
			r.play(c, nil)
		})
	}
	return playing.Wait
}

// transcript is what stands of a call on calls.transcripts, as a reader downstream takes it.
type transcript struct {
	words     map[events.Party][]string
	ends      map[events.Party]int64
	completed *events.TranscriptCompleted
	closings  int
	overlaps  int
}

// transcripts waits until every call is complete.
func (r *rig) transcripts(within time.Duration) (out map[string]*transcript) {
	r.t.Helper()
	open := func(c *calls.Call) bool { return out[id(c)] == nil || out[id(c)].completed == nil }
	if !r.signals.until(within, func() bool {
		out = r.read(r.signals.transcripts())
		return !slices.ContainsFunc(r.calls, open)
	}) {
		for _, c := range r.calls {
			if open(c) {
				r.t.Errorf("call %s is not complete", c.Name)
			}
		}
		r.t.FailNow()
	}
	return out
}

func (r *rig) read(records []broker.Record) map[string]*transcript {
	out := map[string]*transcript{}
	for _, rec := range records {
		e, err := events.Unmarshal(rec.Value)
		if err != nil {
			r.t.Fatal(err)
		}
		tr := out[e.GetCallId()]
		if tr == nil {
			tr = &transcript{words: map[events.Party][]string{}, ends: map[events.Party]int64{}}
			out[e.GetCallId()] = tr
		}
		switch m := e.Message().(type) {
		case *events.TranscriptSegment:
			for _, w := range m.GetWords() {
				if (w.GetStartMs()+w.GetEndMs())/2 < tr.ends[m.GetParty()] {
					tr.overlaps++
					continue
				}
				tr.words[m.GetParty()] = append(tr.words[m.GetParty()], w.GetText())
			}
			tr.ends[m.GetParty()] = max(tr.ends[m.GetParty()], m.GetEndMs())
		case *events.TranscriptCompleted:
			tr.closings++
			if tr.completed == nil {
				tr.completed = m
			}
		}
	}
	return out
}

// script is a party's words as call.yaml has them.
func script(c *calls.Call, p events.Party) string {
	var texts []string
	for _, u := range c.Script {
		if (u.Track == calls.TrackCaller) == (p == events.Party_PARTY_CALLER) {
			texts = append(texts, u.Text)
		}
	}
	return strings.Join(strings.Fields(strings.Join(texts, " ")), " ")
}

func (r *rig) same(got map[string]*transcript) {
	r.t.Helper()
	for _, c := range r.calls {
		tr := got[id(c)]
		for _, p := range []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT} {
			if text := strings.Join(tr.words[p], " "); text != script(c, p) {
				r.t.Errorf("%s, %v:\n got %s\nwant %s", c.Name, p, text, script(c, p))
			}
		}
		if o := tr.completed.GetOutcome(); o != events.TranscriptOutcome_TRANSCRIPT_OUTCOME_COMPLETE {
			r.t.Errorf("%s completed as %v: %s, %v", c.Name, o, tr.completed.GetReason(), tr.completed.GetGaps())
		}
	}
}

// committed waits until nothing of calls.media is left to do.
func (r *rig) committed() {
	r.t.Helper()
	var behind []string
	if !r.signals.until(20*time.Second, func() bool {
		behind = r.behind()
		return len(behind) == 0
	}) {
		r.t.Fatalf("not everything was done: %v", behind)
	}
}

// behind names the partitions of calls.media in which something is left to do.
func (r *rig) behind() (behind []string) {
	r.t.Helper()
	res, err := r.conn.Client.OffsetFetch(r.t.Context(), &kafka.OffsetFetchRequest{GroupID: "stt", Topics: map[string][]int{events.Media.Name: {0, 1, 2, 3}}})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, p := range res.Topics[events.Media.Name] {
		first, end, err := r.conn.Offsets(r.t.Context(), events.Media.Name, p.Partition)
		if err != nil {
			r.t.Fatal(err)
		}
		if max(p.CommittedOffset, first) < end {
			behind = append(behind, fmt.Sprintf("%d: %d of %d", p.Partition, p.CommittedOffset, end))
		}
	}
	return behind
}

var everyday = []string{"books-a-demo", "asks-for-support", "speaks-over-the-agent", "habla-espanol", "says-private-things", "existing-customer"}

func TestSampleCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t, 10, everyday...)
	s, stop := r.start(r.config())
	defer r.playAll()()
	got := r.transcripts(60 * time.Second)
	r.same(got)
	for name, tr := range got {
		if tr.overlaps > 0 || tr.closings != 1 {
			t.Errorf("%s: %d words twice, %d completions", name, tr.overlaps, tr.closings)
		}
	}
	r.committed()
	if s.AdminAddr() == "" {
		t.Error("no admin address")
	}
	stop()
	r.bill()
}

// bill compares what was billed to tenants with what the recogniser says that it bills.
func (r *rig) bill() {
	r.t.Helper()
	ours, theirs := map[string]float64{}, map[string]float64{}
	for _, rec := range kafkatest.Records(r.t, r.conn, events.Usage.Name) {
		e, err := events.Unmarshal(rec.Value)
		if err != nil {
			r.t.Fatal(err)
		}
		u, ok := e.Message().(*events.UsageRecorded)
		if !ok || string(rec.Key) != e.GetTenant() {
			r.t.Fatalf("calls.usage holds %v under key %q", e.Kind(), rec.Key)
		}
		q := u.GetQuantities()[0]
		if q.GetCost().GetNanos() <= 0 || u.GetPriceVersion() == "" || u.GetPayer() == "" {
			r.t.Errorf("usage without a price: %v", u)
		}
		ours[r.set.ByID(e.GetTenant()).Speech.Project] += q.GetAmount()
	}
	for _, row := range r.speech.Meter().Rows() {
		theirs[row.Account] += row.Amount
	}
	for project, amount := range theirs {
		if diff := ours[project] - amount; diff < -2 || diff > 2 {
			r.t.Errorf("project %s: we bill %g s, the product %g s", project, ours[project], amount)
		}
	}
}

// TestDroppedChunkShows loses one chunk of speech on purpose.
func TestDroppedChunkShows(t *testing.T) {
	t.Parallel()
	r := newRig(t, 10, "books-a-demo")
	r.start(r.config())
	c := r.calls[0]
	u := c.Script[slices.IndexFunc(c.Script, func(u calls.Utterance) bool { return u.Track == calls.TrackCaller })]
	middle := int((u.Start.Std() + u.End.Std()) / 2 / (200 * time.Millisecond))
	r.play(c, func(chunk int) bool { return chunk == middle })
	tr := r.transcripts(60 * time.Second)[id(c)]
	if got := strings.Join(tr.words[events.Party_PARTY_CALLER], " "); got == script(c, events.Party_PARTY_CALLER) {
		t.Error("a chunk was lost and the words are the same")
	}
	gaps := tr.completed.GetGaps()
	if tr.completed.GetOutcome() != events.TranscriptOutcome_TRANSCRIPT_OUTCOME_PARTIAL || len(gaps) != 1 ||
		gaps[0].GetEndMs()-gaps[0].GetStartMs() != 200 || gaps[0].GetReason() != events.MediaGapReason_MEDIA_GAP_REASON_LOST {
		t.Errorf("completed as %v", tr.completed)
	}
	r.committed()
}

// TestKilled kills one of two processes in the middle of the calls, with kill -9, and starts another.
func TestKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a session of the group to run out")
	}
	r := newRig(t, 4, everyday...)
	first, second := spawn(t, r.settings()), spawn(t, r.settings())
	wait := r.playAll()
	r.joined(2)
	r.underWay(2)
	first.kill()
	third := spawn(t, r.settings())
	wait()
	got := r.transcripts(90 * time.Second)
	r.same(got)
	r.committed()
	for _, p := range []*process{first, second, third} {
		log := p.logged()
		for _, c := range r.calls {
			for _, u := range c.Script {
				if len(u.Text) > 12 && strings.Contains(log, u.Text) {
					t.Errorf("a log holds what was said in %s", c.Name)
				}
			}
		}
		if t.Failed() {
			t.Logf("log of a process:\n%s", log)
		}
	}
}

// TestRebalance adds a second service while calls are under way, and takes the first away.
func TestRebalance(t *testing.T) {
	t.Parallel()
	r := newRig(t, 4, everyday...)
	_, stop := r.start(r.config())
	wait := r.playAll()
	r.underWay(1)
	r.start(r.config())
	r.joined(2)
	r.underWay(3)
	stop()
	wait()
	r.same(r.transcripts(60 * time.Second))
	r.committed()
}

// TestUndecodable leaves what is no event to the dead letters and goes on.
func TestUndecodable(t *testing.T) {
	t.Parallel()
	r := newRig(t, 20, "wrong-number")
	r.start(r.config())
	c := r.calls[0]
	e := r.meta(c).Event(time.Now(), &events.MediaEnded{StreamId: "MZ", Reason: events.MediaEndReason_MEDIA_END_REASON_STOPPED})
	b, _ := events.Marshal(e)
	for key, value := range map[string][]byte{id(c): []byte("no event"), "CAother": b} {
		if err := r.prod.Publish(t.Context(), produce.Message{Topic: events.Media.Name, Key: []byte(key), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	r.play(c, nil)
	r.same(r.transcripts(60 * time.Second))
	r.committed()
	if n := len(kafkatest.Records(t, r.conn, events.DeadLetters.Name)); n != 2 {
		t.Errorf("%d dead letters, want 2", n)
	}
}

func TestConfig(t *testing.T) {
	cfg := stt.Defaults()
	cfg.Kafka.Brokers = []string{"127.0.0.1:9092"}
	if err := cfg.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	bad := stt.Defaults()
	bad.Kafka = broker.Config{}
	bad.Tenants, bad.Admin, bad.Grace = "", "nowhere", 0
	bad.Pace.Ahead, bad.Pace.Speed, bad.Pace.CatchUp = 0, 0, 0
	bad.Rotate.Soft, bad.Rotate.Silence, bad.Rotate.Settle, bad.Rotate.Stall = 0, 0, -1, 0
	bad.Rotate.Retry.Initial = 0
	bad.Hearing.Keep, bad.Hearing.Sessions, bad.Hearing.SilentSocket, bad.Hearing.Relief, bad.Hearing.Remember = 0, 0, 0, 0, 0
	bad.Hearing.Away, bad.Breaker.Failures, bad.Consume.MaxTaken, bad.Consume.MaxTakenBytes = 0, 0, 100, 1000
	err := bad.Validate()
	if err == nil {
		t.Fatal("wrong settings are accepted")
	}
	for _, want := range []string{
		"kafka.", "tenants:", "admin:", "grace:", "pace.ahead:", "pace.speed:", "pace.catch_up:", "rotate.soft", "rotate.silence:",
		"rotate.settle:", "rotate.stall:", "rotate.retry:", "hearing.keep:", "hearing.sessions:", "hearing.silent_socket:",
		"hearing.relief:", "hearing.remember:", "hearing.away:", "breaker.failures:", "consume.max_taken:", "consume.max_taken_bytes:",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no fault names %s", want)
		}
	}
	if _, err := stt.New(t.Context(), bad, nil, telemetry.Discard()); err == nil {
		t.Error("a service starts with wrong settings")
	}
}
