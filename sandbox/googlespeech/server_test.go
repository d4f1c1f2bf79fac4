package googlespeech_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	speech "cloud.google.com/go/speech/apiv2"
	"cloud.google.com/go/speech/apiv2/speechpb"
	"go.uber.org/goleak"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/googlespeech"
	"github.com/frontdesk/frontdesk/sandbox/meter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const recognizer = "projects/acme-sandbox/locations/global/recognizers/_"

// noise is speech nobody else utters: different for each seed, no silence in it.
func noise(seed byte, d time.Duration) []byte {
	b := make([]byte, d.Milliseconds()*8)
	x := uint32(seed) + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x>>24) & 0x5F
	}
	return b
}

func silence(d time.Duration) []byte {
	return slices.Repeat([]byte{calls.Silence}, int(d.Milliseconds()*8))
}

// sample is a call in which the caller says three things, 7.7 s long.
func sample() *calls.Call {
	c := &calls.Call{Name: "sample", Caller: slices.Concat(
		silence(200*time.Millisecond), noise(1, 2*time.Second), silence(700*time.Millisecond),
		noise(2, 2*time.Second), silence(800*time.Millisecond), noise(3, time.Second), silence(time.Second))}
	for i, u := range []struct {
		startMS, endMS int64
		text           string
	}{
		{200, 2200, "Hello, I would like to book a demo."},
		{2900, 4900, "Tuesday would be best for us."},
		{5700, 6700, "Thank you, goodbye!"},
	} {
		c.Script = append(c.Script, calls.Utterance{
			Track: calls.TrackCaller, Start: calls.Duration(u.startMS * 1e6), End: calls.Duration(u.endMS * 1e6),
			Text: u.text, Language: []string{"en-US", "", "en-US"}[i],
		})
	}
	c.AgentAudio = silence(7700 * time.Millisecond)
	return c
}

func script(c *calls.Call) string {
	texts := make([]string, len(c.Script))
	for i, u := range c.Script {
		texts[i] = u.Text
	}
	return strings.Join(texts, " ")
}

func start(t *testing.T, cfg googlespeech.Config) (*googlespeech.Server, *speech.Client) {
	t.Helper()
	if cfg.Calls == nil {
		cfg.Calls = []*calls.Call{sample()}
	}
	srv, err := googlespeech.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	client, err := speech.NewClient(context.Background(), option.WithEndpoint(srv.Addr()), option.WithoutAuthentication(),
		option.WithGRPCConnectionPool(1), option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), srv.Close() })
	return srv, client
}

// config is a good first message; tests spoil it.
func config(spoil ...func(*speechpb.StreamingRecognizeRequest)) *speechpb.StreamingRecognizeRequest {
	req := &speechpb.StreamingRecognizeRequest{
		Recognizer: recognizer,
		StreamingRequest: &speechpb.StreamingRecognizeRequest_StreamingConfig{StreamingConfig: &speechpb.StreamingRecognitionConfig{
			Config: &speechpb.RecognitionConfig{
				DecodingConfig: &speechpb.RecognitionConfig_ExplicitDecodingConfig{ExplicitDecodingConfig: &speechpb.ExplicitDecodingConfig{
					Encoding: speechpb.ExplicitDecodingConfig_MULAW, SampleRateHertz: 8000, AudioChannelCount: 1,
				}},
				Model: "telephony", LanguageCodes: []string{"en-US"},
				Features: &speechpb.RecognitionFeatures{EnableWordTimeOffsets: true, EnableWordConfidence: true, EnableAutomaticPunctuation: true},
			},
			StreamingFeatures: &speechpb.StreamingRecognitionFeatures{},
		}},
	}
	for _, f := range spoil {
		f(req)
	}
	return req
}

func audio(b []byte) *speechpb.StreamingRecognizeRequest {
	return &speechpb.StreamingRecognizeRequest{StreamingRequest: &speechpb.StreamingRecognizeRequest_Audio{Audio: b}}
}

// heard is what a stream gave back.
type heard struct {
	finals, interims []*speechpb.StreamingRecognitionResult
	events           []*speechpb.StreamingRecognizeResponse
	billed           time.Duration
	err              error
}

func (h heard) text() string {
	var b strings.Builder
	for _, r := range h.finals {
		b.WriteString(r.GetAlternatives()[0].GetTranscript())
	}
	return b.String()
}

// listen sends a first message and audio in chunks, closes, and reads to the end.
func listen(t *testing.T, client *speech.Client, first *speechpb.StreamingRecognizeRequest, sound []byte, chunk int) heard {
	t.Helper()
	stream, err := client.StreamingRecognize(t.Context())
	if err != nil {
		return heard{err: err}
	}
	var sending sync.WaitGroup
	sending.Go(func() {
		if stream.Send(first) != nil {
			return
		}
		for c := range slices.Chunk(sound, chunk) {
			if stream.Send(audio(c)) != nil {
				return // the status comes from Recv
			}
		}
		_ = stream.CloseSend()
	})
	defer sending.Wait()
	return read(stream)
}

func read(stream speechpb.Speech_StreamingRecognizeClient) (h heard) {
	for {
		res, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return h
		}
		if err != nil {
			h.err = err
			return h
		}
		if res.GetSpeechEventType() != speechpb.StreamingRecognizeResponse_SPEECH_EVENT_TYPE_UNSPECIFIED {
			h.events = append(h.events, res)
		}
		h.billed = max(h.billed, res.GetMetadata().GetTotalBilledDuration().AsDuration())
		for _, r := range res.GetResults() {
			if r.GetIsFinal() {
				h.finals = append(h.finals, r)
			} else {
				h.interims = append(h.interims, r)
			}
		}
	}
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestRecognises(t *testing.T) {
	for _, chunk := range []int{160, 800, 1600, 777, 25600} {
		srv, client := start(t, googlespeech.Config{})
		c := sample()
		h := listen(t, client, config(), c.Caller, chunk)
		expect(t, "error", h.err, nil)
		expect(t, "text", h.text(), script(c))
		expect(t, "billed", h.billed, 8*time.Second)
		if len(h.finals) != 3 || len(h.interims)+len(h.events) > 0 {
			t.Fatalf("%d finals, %d interims, %d events", len(h.finals), len(h.interims), len(h.events))
		}
		for i, r := range h.finals {
			alt, u := r.GetAlternatives()[0], c.Script[i]
			expect(t, "end", r.GetResultEndOffset().AsDuration(), u.End.Std())
			expect(t, "start", alt.GetWords()[0].GetStartOffset().AsDuration(), u.Start.Std())
			expect(t, "words", len(alt.GetWords()), len(strings.Fields(u.Text)))
			expect(t, "language", r.GetLanguageCode(), "en-US")
			for _, w := range alt.GetWords() {
				if w.GetConfidence() < 0.9 || w.GetConfidence() > 0.99 || w.GetEndOffset().AsDuration() <= w.GetStartOffset().AsDuration() {
					t.Errorf("word %v", w)
				}
			}
			if alt.GetConfidence() < 0.9 || alt.GetConfidence() > 0.99 {
				t.Errorf("confidence %v", alt.GetConfidence())
			}
		}
		s := srv.Sessions()[0]
		if s.Text() != script(c) || s.Open || s.Err != "" || s.Audio != 7700*time.Millisecond || s.Billed != 8*time.Second || s.Project != "acme-sandbox" {
			t.Errorf("session %+v", s)
		}
		want := meter.Row{Key: meter.Key{Product: "googlespeech", Account: "acme-sandbox", Model: "telephony", Unit: "speech_second"}, Amount: 8}
		if rows := srv.Meter().Rows(); len(rows) != 1 || rows[0] != want {
			t.Errorf("metered %v", rows)
		}
	}
}

func TestFeaturesAreGivenOnlyIfAsked(t *testing.T) {
	_, client := start(t, googlespeech.Config{})
	c := sample()
	bare := config(func(r *speechpb.StreamingRecognizeRequest) { r.GetStreamingConfig().GetConfig().Features = nil })
	h := listen(t, client, bare, c.Caller, 800)
	expect(t, "text", h.text(), "Hello I would like to book a demo Tuesday would be best for us Thank you goodbye")
	if h.finals[0].GetAlternatives()[0].GetWords() != nil {
		t.Error("words, though not asked for")
	}

	spanish := config(func(r *speechpb.StreamingRecognizeRequest) {
		r.GetStreamingConfig().GetConfig().LanguageCodes = []string{"es-US"}
	})
	h = listen(t, client, spanish, c.Caller, 800)
	expect(t, "English heard as Spanish", strings.TrimSpace(h.text()), c.Script[1].Text) // its language is open

	all := config(func(r *speechpb.StreamingRecognizeRequest) {
		r.GetStreamingConfig().StreamingFeatures = &speechpb.StreamingRecognitionFeatures{InterimResults: true, EnableVoiceActivityEvents: true}
	})
	h = listen(t, client, all, c.Caller, 800)
	if len(h.interims) < 5 || len(h.events) != 6 {
		t.Fatalf("%d interims, %d events", len(h.interims), len(h.events))
	}
	expect(t, "begin", h.events[0].GetSpeechEventOffset().AsDuration(), 200*time.Millisecond)
	expect(t, "end", h.events[1].GetSpeechEventOffset().AsDuration(), 2200*time.Millisecond)
	expect(t, "interim", h.interims[0].GetAlternatives()[0].GetTranscript(), "Hello,")
	expect(t, "stability", h.interims[0].GetStability(), float32(0.9))
}

func TestVoiceActivityTimeout(t *testing.T) {
	_, client := start(t, googlespeech.Config{})
	first := config(func(r *speechpb.StreamingRecognizeRequest) {
		r.GetStreamingConfig().StreamingFeatures = &speechpb.StreamingRecognitionFeatures{
			EnableVoiceActivityEvents: true, VoiceActivityTimeout: &speechpb.StreamingRecognitionFeatures_VoiceActivityTimeout{
				SpeechStartTimeout: durationpb.New(time.Second), SpeechEndTimeout: durationpb.New(600 * time.Millisecond),
			},
		}
	})
	c := sample()
	h := listen(t, client, first, c.Caller, 800)
	expect(t, "ended", h.err, nil)
	expect(t, "text", h.text(), c.Script[0].Text)
	h = listen(t, client, first, silence(30*time.Second), 800)
	if h.err != nil || len(h.finals) > 0 {
		t.Errorf("silence: %v, %v", h.err, h.finals)
	}
}

func TestFaults(t *testing.T) {
	srv, client := start(t, googlespeech.Config{})
	c := sample()
	for _, code := range []codes.Code{codes.Unavailable, codes.ResourceExhausted, codes.Internal, codes.DeadlineExceeded} {
		name := map[codes.Code]string{4: "DEADLINE_EXCEEDED", 8: "RESOURCE_EXHAUSTED", 13: "INTERNAL", 14: "UNAVAILABLE"}[code]
		srv.Faults().Set(fault.Settings{Errors: []fault.Share{{Code: name, Share: 1, Operation: "StreamingRecognize"}}})
		refused(t, listen(t, client, config(), c.Caller, 800).err, code, "")
	}
	srv.Faults().Set(fault.Settings{Outage: true})
	refused(t, listen(t, client, config(), c.Caller, 800).err, codes.Unavailable, "currently unavailable")

	srv.Faults().Set(fault.Settings{Errors: []fault.Share{{Code: "UNAVAILABLE", Share: 1, Operation: "mid-stream"}}})
	refused(t, listen(t, client, config(), slices.Repeat(c.Caller, 2), 800).err, codes.Unavailable, "")
	if s := srv.Sessions(); s[len(s)-1].Audio == 0 {
		t.Error("broken before any audio")
	}

	srv.Faults().Set(fault.Settings{Latency: fault.Latency{Median: 30 * time.Millisecond}})
	began := time.Now()
	h := listen(t, client, config(), c.Caller, 800)
	if d := time.Since(began); h.err != nil || len(h.finals) < 3 || d < 90*time.Millisecond {
		t.Errorf("%d late finals after %v: %v", len(h.finals), d, h.err)
	}
}

// An outage breaks what is under way.
func TestOutageInMidStream(t *testing.T) {
	srv, client := start(t, googlespeech.Config{})
	stream, err := client.StreamingRecognize(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := sample()
	_ = stream.Send(config())
	for chunk := range slices.Chunk(c.Caller[:24000], 1600) {
		_ = stream.Send(audio(chunk))
	}
	if _, err := stream.Recv(); err != nil { // the first words are there: the stream is running
		t.Fatal(err)
	}
	srv.Faults().Set(fault.Settings{Outage: true})
	_ = stream.Send(audio(c.Caller[24000:25600]))
	refused(t, read(stream).err, codes.Unavailable, "")
}

// A client that goes away in mid-stream is billed for what it sent, and what it heard counts as heard.
func TestKilledStream(t *testing.T) {
	srv, client := start(t, googlespeech.Config{})
	c := sample()
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := client.StreamingRecognize(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.Send(config())
	for chunk := range slices.Chunk(c.Caller[:24000], 1600) {
		_ = stream.Send(audio(chunk))
	}
	first, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	_ = read(stream)
	at := int(first.GetResults()[0].GetResultEndOffset().AsDuration().Milliseconds() * 8)
	h := listen(t, client, config(), c.Caller[at:], 800)
	expect(t, "the rest", h.text(), c.Script[1].Text+" "+c.Script[2].Text)
	h = listen(t, client, config(), c.Caller, 800)
	expect(t, "once more", h.text(), script(c))
	if len(h.finals) <= 3 {
		t.Errorf("%d finals: the cuts did not move", len(h.finals))
	}
	expect(t, "seconds", srv.Meter().Rows()[0].Amount, 3.0+6.0+8.0)
}

func TestLearn(t *testing.T) {
	srv, client := start(t, googlespeech.Config{Calls: []*calls.Call{}})
	c := sample()
	expect(t, "unknown", listen(t, client, config(), c.Caller, 800).text(), "")
	srv.Learn([]*calls.Call{c})
	srv.Learn([]*calls.Call{c})
	h := listen(t, client, config(), c.Caller, 800)
	expect(t, "known", h.text(), script(c))
	expect(t, "finals", len(h.finals), 3)
}
