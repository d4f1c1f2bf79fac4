package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

func TestClockRunsFasterThanLifeAndSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk := newClock(20)
		began := clk.Now()
		time.Sleep(time.Second)
		if d := clk.Now().Sub(began); d != 20*time.Second {
			t.Errorf("a second at speed 20 is %v", d)
		}
		one, two := clk.Slow(), clk.Slow()
		time.Sleep(time.Second)
		one()
		one() // a second call is harmless
		time.Sleep(time.Second)
		two()
		if d := clk.Now().Sub(began); d != 22*time.Second {
			t.Errorf("two seconds at life's pace made it %v", d)
		}
		if ok, err := clk.Wait(t.Context(), began.Add(42*time.Second), nil); !ok || err != nil {
			t.Error(ok, err)
		}
		if d := clk.Now().Sub(began).Round(time.Millisecond); d != 42*time.Second {
			t.Errorf("waited until %v", d)
		}
	})
}

func TestClockWaitSeesTheRateChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk := newClock(10)
		began, wall := clk.Now(), time.Now()
		release := clk.Slow()
		time.AfterFunc(time.Second, release)
		if ok, err := clk.Wait(t.Context(), began.Add(11*time.Second), nil); !ok || err != nil {
			t.Error(ok, err)
		}
		if d := time.Since(wall).Round(time.Millisecond); d != 2*time.Second {
			t.Errorf("one second of life, ten of call time: took %v", d)
		}
		wake := make(chan struct{}, 1)
		wake <- struct{}{}
		if ok, err := clk.Wait(t.Context(), began.Add(time.Hour), wake); ok || err != nil {
			t.Error("a poke must wake the wait")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if ok, err := clk.Wait(ctx, began.Add(time.Hour), nil); ok || !errors.Is(err, context.Canceled) {
			t.Error("the context's end must wake the wait")
		}
	})
}

func TestHistogramIsRightToTwoPercent(t *testing.T) {
	var h histogram
	if h.summary() != (Latency{}) {
		t.Error("an empty histogram has no latencies")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		h.add(time.Duration(rng.Float64() * float64(time.Second)))
	}
	for share, want := range map[float64]float64{0.5: 500, 0.99: 990} {
		if got := millis(h.at(share)); math.Abs(got-want)/want > 0.03 {
			t.Errorf("p%v is %v ms, want %v", share*100, got, want)
		}
	}
	h.add(time.Hour)
	if h.summary().Max != 3_600_000 || h.at(1) != time.Hour {
		t.Errorf("beyond the last bucket: %+v", h.summary())
	}
}

func TestMediaMessageIsTwiliosAndCostsNothing(t *testing.T) {
	e := newEncoder("MZ00000000000000000000000000000001")
	audio := make([]byte, frameBytes)
	b := e.media(4, 2, "outbound", 20, audio)
	// As the documentation writes it, key by key.
	var m struct {
		Event          string `json:"event"`
		SequenceNumber string `json:"sequenceNumber"`
		Media          struct {
			Track, Chunk, Timestamp string
			Payload                 []byte
		} `json:"media"`
		StreamSid string `json:"streamSid"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if m.Event != "media" || m.SequenceNumber != "4" || m.Media.Track != "outbound" || m.Media.Chunk != "2" ||
		m.Media.Timestamp != "20" || len(m.Media.Payload) != frameBytes || m.StreamSid != "MZ00000000000000000000000000000001" {
		t.Errorf("message %s", b)
	}
	if n := len(b); n < 370 || n > 390 {
		t.Errorf("a message has %d bytes; Twilio's have 373 to 385", n)
	}
	if n := testing.AllocsPerRun(100, func() { e.media(4, 2, "outbound", 20, audio) }); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}

func TestFrameOf(t *testing.T) {
	var scratch [frameBytes]byte
	quiet := make([]byte, frameBytes)
	for i := range quiet {
		quiet[i] = silence
	}
	audio := make([]byte, frameBytes+80)
	if f := frameOf(audio, 0, &scratch, quiet); &f[0] != &audio[0] {
		t.Error("a whole frame must be shared, not copied")
	}
	if f := frameOf(audio, 1, &scratch, quiet); f[79] != 0 || f[80] != silence || len(f) != frameBytes {
		t.Error("a frame that is only begun must be filled up with silence")
	}
	if f := frameOf(audio, 2, &scratch, quiet); f[0] != silence {
		t.Error("past the end there must be silence")
	}
}

func TestResolve(t *testing.T) {
	cases := []struct{ base, ref, want string }{
		{"https://h/twilio/AC1/voice#rc=3", "consent?t=a%2Fb#rc=1&rp=5xx,ct", "https://h/twilio/AC1/consent?t=a%2Fb#rc=1&rp=5xx,ct"},
		{"https://h/a/b", "/c", "https://h/c"},
		{"https://h/a?x=1#rc=1", "", "https://h/a?x=1#rc=1"},
		{"https://h/a", "http://o/b#rc=2", "http://o/b#rc=2"},
	}
	for _, c := range cases {
		if got := resolve(c.base, c.ref); got != c.want {
			t.Errorf("resolve(%q, %q) = %q, want %q", c.base, c.ref, got, c.want)
		}
	}
}

func BenchmarkMediaMessage(b *testing.B) {
	e := newEncoder("MZ00000000000000000000000000000001")
	audio := make([]byte, frameBytes)
	b.ReportAllocs()
	b.SetBytes(int64(frameBytes))
	for i := range b.N {
		e.media(i, i, "inbound", i*20, audio)
	}
}
