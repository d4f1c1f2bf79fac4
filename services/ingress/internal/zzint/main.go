package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	tw "github.com/frontdesk/frontdesk/sandbox/twilio"
	"github.com/frontdesk/frontdesk/services/ingress"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	speed := flag.Float64("speed", 30, "")
	double := flag.Float64("double", 0, "")
	brk := flag.Duration("break", 0, "")
	flag.Parse()
	ctx := context.Background()
	k, err := embedded.StartKafka(ctx, embedded.KafkaConfig{})
	must(err)
	conn, err := broker.Dial(broker.Config{Brokers: []string{k.Addr()}})
	must(err)
	_, err = conn.EnsureTopics(ctx, []broker.TopicSpec{{Name: events.Lifecycle.Name, Partitions: 4, Replicas: 1}, {Name: events.Media.Name, Partitions: 4, Replicas: 1}})
	must(err)
	tenants, err := tenant.Load("/work/main/samples/tenants")
	must(err)
	list, err := calls.Load("/work/main/samples/calls")
	must(err)
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	rest := l.Addr().String()
	l.Close()
	l, _ = net.Listen("tcp", "127.0.0.1:0")
	in := l.Addr().String()
	l.Close()
	base := "http://" + in
	byAcct := map[string]*tw.Account{}
	var accts []tw.Account
	for _, t := range tenants.All() {
		t.Twilio.APIBase = "http://" + rest
		a := byAcct[t.Twilio.AccountSID]
		if a == nil {
			a = &tw.Account{SID: t.Twilio.AccountSID, DispositionURL: base + "/twilio/" + t.Twilio.AccountSID + "/disposition#rc=3&rp=5xx,ct,rt", ConsentURL: base + "/twilio/" + t.Twilio.AccountSID + "/consent#rc=3&rp=5xx,ct,rt"}
			byAcct[t.Twilio.AccountSID] = a
		}
		a.AuthTokens = append(a.AuthTokens, t.Twilio.AuthTokens[0].Reveal())
		for _, n := range t.Numbers {
			p := base + "/twilio/" + t.Twilio.AccountSID
			a.Numbers = append(a.Numbers, tw.Number{PhoneNumber: n.Number, VoiceURL: p + "/voice#rc=3&rp=5xx,ct,rt", VoiceFallbackURL: base + "/twilio/fallback.xml", StatusCallback: p + "/status#rc=3&rp=5xx,ct,rt"})
		}
	}
	for _, a := range byAcct {
		if len(a.AuthTokens) > 2 {
			a.AuthTokens = a.AuthTokens[:2]
		}
		accts = append(accts, *a)
	}
	cfg := ingress.Defaults()
	cfg.Kafka.Brokers = []string{k.Addr()}
	cfg.Tenants, cfg.Listen, cfg.Admin, cfg.PublicURL = "x", in, "127.0.0.1:0", base
	cfg.TokenKeys = []config.Secret{"0123456789abcdef0123456789abcdef"}
	tel := telemetry.Discard()
	tel.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	s, err := ingress.New(ctx, cfg, tenants, tel)
	must(err)
	rctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(rctx) }()
	mis := tw.Mischief{Double: *double, Disorder: *double}
	if *brk > 0 {
		mis.BreakStream = []time.Duration{*brk}
	}
	c, err := tw.Start(ctx, tw.Config{Listen: rest, Accounts: accts, Speed: *speed, Mischief: map[string]tw.Mischief{"*": mis}})
	must(err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	results := map[string]*tw.Result{}
	t0 := time.Now()
	for _, call := range list {
		wg.Go(func() {
			r, err := c.Place(ctx, call)
			must(err)
			mu.Lock()
			results[r.CallSid] = r
			mu.Unlock()
		})
	}
	wg.Wait()
	fmt.Println("played in", time.Since(t0))
	stop()
	fmt.Println("run:", <-ended)
	type rec struct{ life, media []string }
	got := map[string]*rec{}
	ids := map[string]bool{}
	for _, topic := range []events.Topic{events.Lifecycle, events.Media} {
		for p := range 4 {
			must(conn.ReadRange(ctx, topic.Name, p, -1, -1, func(r broker.Record) error {
				e, err := events.Unmarshal(r.Value)
				must(err)
				g := got[e.GetCallId()]
				if g == nil {
					g = &rec{}
					got[e.GetCallId()] = g
				}
				if ids[topic.Name+e.GetEventId()] {
					return nil
				}
				ids[topic.Name+e.GetEventId()] = true
				name := e.Kind().String()
				switch m := e.Message().(type) {
				case *events.ConsentRecorded:
					name += ":" + strings.ToLower(strings.TrimPrefix(m.GetAnswer().String(), "CONSENT_ANSWER_"))
				case *events.MediaEnded:
					name += fmt.Sprintf(":%s %d/%d @%d", strings.TrimPrefix(m.GetReason().String(), "MEDIA_END_REASON_"), m.GetCallerChunks(), m.GetAgentChunks(), m.GetEndMs())
				case *events.MediaStarted:
					name += fmt.Sprintf(":+%d", m.GetOffsetMs())
				case *events.MediaGap:
					name += fmt.Sprintf(":%d-%d", m.GetStartMs(), m.GetEndMs())
				case *events.RecordingReady:
					name += ":" + m.GetStatus()
				case *events.DispositionSet:
					name += ":" + m.GetDisposition()
				}
				if e.GetLegId() != e.GetCallId() {
					name = "leg." + name
				}
				if topic.Name == events.Lifecycle.Name {
					g.life = append(g.life, name)
				} else if n := len(g.media); n > 0 && name == "audio_chunk" && strings.HasPrefix(g.media[n-1], "audio_chunk") {
					g.media[n-1] += "."
				} else {
					g.media = append(g.media, name)
				}
				return nil
			}))
		}
	}
	var sids []string
	for sid := range results {
		sids = append(sids, sid)
	}
	sort.Slice(sids, func(i, j int) bool { return results[sids[i]].Name < results[sids[j]].Name })
	for _, sid := range sids {
		r := results[sid]
		fmt.Printf("== %s %s faults=%v\n", r.Name, r.Status, r.Faults)
		for _, st := range r.Streams {
			fmt.Printf("   stream %s rest=%t from=%s messages=%d discarded=%d close=%d %s err=%v\n", st.Name, st.ByREST, st.From, st.Messages, st.Discarded, st.CloseCode, st.CloseReason, st.Error)
		}
		if g := got[sid]; g != nil {
			fmt.Println("   life ", strings.Join(g.life, " | "))
			for i := range g.media {
				if strings.HasPrefix(g.media[i], "audio_chunk") {
					g.media[i] = fmt.Sprintf("%d chunks", strings.Count(g.media[i], ".")+1)
				}
			}
			fmt.Println("   media", strings.Join(g.media, " | "))
		} else {
			fmt.Println("   NOTHING")
		}
	}
	fmt.Printf("%+v\n", c.Report())
	c.Close()
	k.Close()
}
