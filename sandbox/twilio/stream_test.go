package twilio_test

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// streamed plays a call that streams beside a dial.
func streamed(t *testing.T, seconds int, prepare func(*customer, *twilio.Config)) (*customer, *twilio.Carrier, *twilio.Result) {
	t.Helper()
	c := newCustomer(t, newMemory(), map[string]string{"/voice": media + `<Dial>+14155550199</Dial>`})
	cfg := c.config()
	if prepare != nil {
		prepare(c, &cfg)
	}
	carrier := start(t, c, cfg)
	return c, carrier, place(t, carrier, sample(seconds))
}

func lastEvent(c *customer) map[string]string {
	h := c.seen("/stream")
	return h[len(h)-1].params
}

func TestFasterThanLifeLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, carrier, res := streamed(t, 60, func(_ *customer, cfg *twilio.Config) { cfg.Speed = 20 })
		call := sample(60)
		if !bytes.Equal(sound(c.socket(0).track("inbound")), call.Caller) || !bytes.Equal(sound(c.socket(0).track("outbound")), call.AgentAudio) {
			t.Error("the sound is not the call's")
		}
		if res.Duration() != time.Minute || c.seen("/status")[0].params["CallDuration"] != "60" {
			t.Errorf("the call lasted %v in call time", res.Duration())
		}
		if took := res.Wall.End.Sub(res.Wall.Answer); took < 3*time.Second || took > 3010*time.Millisecond {
			t.Errorf("it took %v of wall time, want 3 s", took)
		}
		if end, _ := time.Parse(time.RFC1123Z, c.seen("/status")[0].params["Timestamp"]); end.Sub(res.Call.Ring).Round(time.Second) != time.Minute {
			t.Errorf("Timestamp %v is not in call time (ring %v)", end, res.Call.Ring)
		}
		if r := carrier.Report(); r.Streams.Messages != 6000 || r.Streams.Started != 1 || r.Streams.Stopped != 1 {
			t.Errorf("streams %+v", r.Streams)
		}
	})
}

// Frames that fall due in a tick leave together, and none is lost for it: at the end of the call, too, which is in the middle of one.
func TestFramesLeaveTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, res := streamed(t, 2, func(_ *customer, cfg *twilio.Config) { cfg.StreamTick = 60 * time.Millisecond })
		call := sample(2)
		if !bytes.Equal(sound(c.socket(0).track("inbound")), call.Caller) || !bytes.Equal(sound(c.socket(0).track("outbound")), call.AgentAudio) {
			t.Error("the sound is not the call's")
		}
		if res.Streams[0].Messages != 200 || res.Duration() != 2*time.Second {
			t.Errorf("%d messages in %v", res.Streams[0].Messages, res.Duration())
		}
	})
}

func TestDroppedAudioShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop := twilio.Drop{Track: calls.TrackCaller, At: 500 * time.Millisecond, For: 200 * time.Millisecond}
		c, carrier, res := streamed(t, 2, func(_ *customer, cfg *twilio.Config) {
			cfg.Mischief = map[string]twilio.Mischief{"sample": {Drop: []twilio.Drop{drop}}}
		})
		in, out := c.socket(0).track("inbound"), c.socket(0).track("outbound")
		if len(in) != 90 || len(out) != 100 || res.Streams[0].Dropped != 10 || carrier.Report().Streams.Dropped != 10 {
			t.Fatalf("inbound %d, outbound %d frames, dropped %d", len(in), len(out), res.Streams[0].Dropped)
		}
		if in[24].ms != 480 || in[25].ms != 700 || in[25].chunk != in[24].chunk+11 {
			t.Errorf("around the hole: %+v %+v", in[24], in[25])
		}
		for i, f := range c.socket(0).media {
			if f.seq != i+2 {
				t.Fatalf("message %d has sequenceNumber %d", i, f.seq)
			}
		}
	})
}

// TestPausingTrack: while nothing is played to the caller nothing is sent of it. No number is missing, the times jump.
func TestPausingTrack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/voice": media + `<Dial>+14155550199</Dial>`})
		cfg := c.config()
		cfg.PausingTrack = true
		cfg.Mischief = map[string]twilio.Mischief{"*": {Drop: []twilio.Drop{{Track: calls.TrackAgent, At: 200 * time.Millisecond, For: 20 * time.Millisecond}}}}
		carrier := start(t, c, cfg)
		call := sample(3)
		for i := 4000; i < 12000; i++ { // from 500 ms to 1500 ms
			call.Caller[i], call.AgentAudio[i] = 0xFF, 0xFF
		}
		res := place(t, carrier, call)
		in, out := c.socket(0).track("inbound"), c.socket(0).track("outbound")
		if len(in) != 150 || len(out) != 99 || res.Streams[0].Dropped != 1 {
			t.Fatalf("inbound %d, outbound %d frames, dropped %d", len(in), len(out), res.Streams[0].Dropped)
		}
		if a, b := out[23], out[24]; a.ms != 480 || b.ms != 1500 || b.chunk != a.chunk+1 {
			t.Errorf("around the pause: chunk %d at %d ms, chunk %d at %d ms", a.chunk, a.ms, b.chunk, b.ms)
		}
		if a, b := out[9], out[10]; b.chunk != a.chunk+2 {
			t.Errorf("around what was taken out: chunk %d, chunk %d", a.chunk, b.chunk)
		}
	})
}

func TestBrokenStreamIsNeverTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, carrier, res := streamed(t, 3, func(_ *customer, cfg *twilio.Config) {
			cfg.Mischief = map[string]twilio.Mischief{"sample": {BreakStream: []time.Duration{time.Second}}}
		})
		if n := len(c.socket(0).track("inbound")); n != 50 || c.socket(0).stop {
			t.Errorf("%d frames came, stop %v", n, c.socket(0).stop)
		}
		if e := lastEvent(c); e["StreamEvent"] != "stream-error" || e["StreamError"] == "" {
			t.Errorf("stream callback %v", e)
		}
		// The call goes on to its end.
		if len(c.sockets) != 1 || res.Status != "completed" || res.Duration() != 3*time.Second || res.Streams[0].Error.Code != 31903 {
			t.Errorf("%d sockets, %s after %v, %v", len(c.sockets), res.Status, res.Duration(), res.Streams[0].Error)
		}
		if r := carrier.Report(); r.Streams.Failed != 1 || r.Errors["31903"] != 1 {
			t.Errorf("report %+v", r.Streams)
		}
	})
}

func TestServersPartInTheStream(t *testing.T) {
	cases := map[string]struct {
		server func(ctx context.Context, c *websocket.Conn, s *socket)
		code   int
		check  func(*testing.T, twilio.StreamResult)
	}{
		"closes with a reason": {
			server: func(ctx context.Context, c *websocket.Conn, s *socket) {
				s.read(ctx, c)
				s.read(ctx, c)
				_ = c.Close(websocket.StatusPolicyViolation, "no call token")
			},
			code: 31921,
			check: func(t *testing.T, s twilio.StreamResult) {
				if s.CloseCode != 1008 || s.CloseReason != "no call token" {
					t.Errorf("close %d %q", s.CloseCode, s.CloseReason)
				}
			},
		},
		"speaks on a one-way stream": {
			server: func(ctx context.Context, c *websocket.Conn, s *socket) {
				s.read(ctx, c)
				_ = c.Write(ctx, websocket.MessageText, []byte(`{"event":"clear"}`))
				for s.read(ctx, c) {
				}
			},
			code: 31924,
		},
		"goes without a word": {
			server: func(ctx context.Context, c *websocket.Conn, s *socket) {
				s.read(ctx, c)
				_ = c.CloseNow()
			},
			code: 31903,
		},
	}
	for name, sc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, res := streamed(t, 2, func(c *customer, _ *twilio.Config) { c.onMedia = sc.server })
				if e := res.Streams[0].Error; e == nil || e.Code != sc.code {
					t.Fatalf("stream ended with %v, want %d", e, sc.code)
				}
				if e := lastEvent(c); e["StreamEvent"] != "stream-error" {
					t.Errorf("stream callback %v", e)
				}
				if res.Status != "completed" || res.Duration() != 2*time.Second {
					t.Errorf("the call was %s after %v", res.Status, res.Duration())
				}
				if sc.check != nil {
					sc.check(t, res.Streams[0])
				}
			})
		})
	}
}

func TestHandshakeFails(t *testing.T) {
	cases := map[string]struct {
		url  string
		code int
	}{
		"not a socket": {"ws://127.0.0.1/nothing", 31920},
		"nobody there": {"ws://127.0.0.1:81/media", 31902},
	}
	for name, hc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCustomer(t, newMemory(), map[string]string{
					"/voice": `<Start><Stream url="` + hc.url + `" statusCallback="/stream"/></Start><Dial>+14155550199</Dial>`,
				})
				carrier := start(t, c, c.config())
				c.onMedia = nil
				c.script["/nothing"] = ""
				res := place(t, carrier, sample(2))
				if e := res.Streams[0].Error; e == nil || e.Code != hc.code {
					t.Errorf("got %v, want %d", e, hc.code)
				}
				if len(c.seen("/stream")) != 1 || lastEvent(c)["StreamEvent"] != "stream-error" || res.Duration() != 2*time.Second {
					t.Errorf("callbacks %v, call %v", c.seen("/stream"), res.Duration())
				}
			})
		})
	}
}

// TestSlowReaderLosesAudio: Twilio discards what nobody reads, and the call is not held up.
func TestSlowReaderLosesAudio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, carrier, res := streamed(t, 30, func(c *customer, cfg *twilio.Config) {
			cfg.StreamBuffer = 2 * time.Second
			c.onMedia = func(ctx context.Context, conn *websocket.Conn, s *socket) {
				for range 102 {
					s.read(ctx, conn)
				}
				time.Sleep(10 * time.Second) // from 1 s to 11 s; the pipe holds nothing
				for s.read(ctx, conn) {
				}
			}
		})
		in := c.socket(0).track("inbound")
		lost := 1500 - len(in)
		// Ten seconds, less the two that wait, less the frame that was on its way.
		if math.Abs(float64(lost)-400) > 5 || res.Streams[0].Discarded != 2*lost && res.Streams[0].Discarded != 2*lost-1 {
			t.Errorf("lost %d frames a track, discarded %d", lost, res.Streams[0].Discarded)
		}
		if in[len(in)-1].ms != 29980 || res.Duration() != 30*time.Second || !c.socket(0).stop {
			t.Errorf("the last frame is %d, the call %v", in[len(in)-1].ms, res.Duration())
		}
		if carrier.Report().Errors["31930"] != 1 {
			t.Errorf("errors %v", carrier.Report().Errors)
		}
	})
}

// TestReaderThatStopsDoesNotKeepTheCall: it takes nothing any more, and never closes.
func TestReaderThatStopsDoesNotKeepTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		_, _, res := streamed(t, 3, func(c *customer, _ *twilio.Config) {
			c.onMedia = func(ctx context.Context, conn *websocket.Conn, s *socket) {
				s.read(ctx, conn)
				s.read(ctx, conn)
				<-stuck
			}
		})
		close(stuck)
		if e := res.Streams[0].Error; e == nil || e.Code != 31903 || res.Streams[0].Discarded == 0 {
			t.Errorf("stream %+v", res.Streams[0])
		}
		if res.Duration() != 3*time.Second {
			t.Errorf("the call took %v", res.Duration())
		}
	})
}

// TestOutageMidCall: the server goes away in the middle of a call and comes back before its end.
func TestOutageMidCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/voice": media + `<Dial>+14155550199</Dial>`})
		carrier := start(t, c, c.config())
		go func() {
			time.Sleep(time.Second)
			c.close()
			time.Sleep(9300 * time.Millisecond) // the call ends at 10 s, the status is tried until 10.7 s
			c.open()
		}()
		res := place(t, carrier, sample(10))
		if res.Status != "completed" || res.Duration() != 10*time.Second {
			t.Errorf("the call was %s after %v", res.Status, res.Duration())
		}
		if e := res.Streams[0].Error; e == nil || e.Code != 31903 || len(c.seen("/stream")) != 1 {
			t.Errorf("stream ended with %v; callbacks %v", e, c.seen("/stream"))
		}
		if s := c.seen("/status"); len(s) != 1 || s[0].params["CallStatus"] != "completed" {
			t.Errorf("status %v", s)
		}
	})
}

func TestStreamsAtOnceAreBoundedAndNamesUnique(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other, third := strings.Replace(media, "live", "other", 1), strings.Replace(media, "live", "third", 1)
		c := newCustomer(t, newMemory(), map[string]string{"/voice": media + media + other + third + `<Dial>+14155550199</Dial>`})
		carrier := start(t, c, c.config())
		res := place(t, carrier, sample(1))
		if len(res.Streams) != 2 || len(res.Faults) != 2 || res.Faults[0].Code != 20001 || res.Faults[1].Code != 31941 {
			t.Errorf("%d streams, faults %v", len(res.Streams), res.Faults)
		}
	})
}

func TestStopByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{
			"/voice": media + `<Pause length="1"/><Stop><Stream name="live"/></Stop><Dial>+14155550199</Dial>`,
		})
		carrier := start(t, c, c.config())
		res := place(t, carrier, sample(3))
		if n := len(c.socket(0).track("inbound")); n != 50 || !c.socket(0).stop || res.Duration() != 3*time.Second {
			t.Errorf("%d frames, stop %v, call %v", n, c.socket(0).stop, res.Duration())
		}
	})
}
