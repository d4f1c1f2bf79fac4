package googlespeech_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/frontdesk/frontdesk/sandbox/googlespeech"
)

func TestRefusals(t *testing.T) {
	type request = speechpb.StreamingRecognizeRequest
	conf := func(f func(*speechpb.RecognitionConfig)) func(*request) {
		return func(r *request) { f(r.GetStreamingConfig().GetConfig()) }
	}
	decoding := func(f func(*speechpb.ExplicitDecodingConfig)) func(*request) {
		return conf(func(c *speechpb.RecognitionConfig) { f(c.GetExplicitDecodingConfig()) })
	}
	tests := map[string]struct {
		spoil func(*request)
		code  codes.Code
		words string
	}{
		"audio first": {func(r *request) {
			*r = request{Recognizer: recognizer, StreamingRequest: &speechpb.StreamingRecognizeRequest_Audio{Audio: noise(1, time.Second)}}
		}, codes.InvalidArgument, "first request"},
		"no recognizer":    {func(r *request) { r.Recognizer = "" }, codes.InvalidArgument, "first request"},
		"bad recognizer":   {func(r *request) { r.Recognizer = "projects/p/recognizers/_" }, codes.InvalidArgument, "expected format"},
		"bad location":     {func(r *request) { r.Recognizer = "projects/p/locations/moon/recognizers/_" }, codes.InvalidArgument, "moon"},
		"named recognizer": {func(r *request) { r.Recognizer = "projects/p/locations/us/recognizers/mine" }, codes.NotFound, "Unable to find Recognizer mine"},
		"no config":        {func(r *request) { r.GetStreamingConfig().Config = nil }, codes.InvalidArgument, "config"},
		"auto decoding": {conf(func(c *speechpb.RecognitionConfig) {
			c.DecodingConfig = &speechpb.RecognitionConfig_AutoDecodingConfig{AutoDecodingConfig: &speechpb.AutoDetectDecodingConfig{}}
		}), codes.InvalidArgument, "does not appear to be in a supported encoding"},
		"linear": {decoding(func(d *speechpb.ExplicitDecodingConfig) { d.Encoding = speechpb.ExplicitDecodingConfig_LINEAR16 }), codes.InvalidArgument, "MULAW"},
		"16 kHz": {decoding(func(d *speechpb.ExplicitDecodingConfig) { d.SampleRateHertz = 16000 }), codes.InvalidArgument, "sample_rate_hertz"},
		"stereo": {decoding(func(d *speechpb.ExplicitDecodingConfig) { d.AudioChannelCount = 2 }), codes.InvalidArgument, "audio_channel_count"},
		"no model": {
			conf(func(c *speechpb.RecognitionConfig) { c.Model = "" }), codes.InvalidArgument, `The model "" does not exist in the location named "global".`,
		},
		"chirp_3 is not global": {
			conf(func(c *speechpb.RecognitionConfig) { c.Model = "chirp_3" }), codes.InvalidArgument, `The model "chirp_3" does not exist in the location named "global".`,
		},
		"no language":   {conf(func(c *speechpb.RecognitionConfig) { c.LanguageCodes = nil }), codes.InvalidArgument, "at least one language"},
		"bare language": {conf(func(c *speechpb.RecognitionConfig) { c.LanguageCodes = []string{"zh"} }), codes.InvalidArgument, `The language "zh" is not supported by the model "telephony"`},
		"auto language": {conf(func(c *speechpb.RecognitionConfig) { c.LanguageCodes = []string{"auto"} }), codes.InvalidArgument, `"auto"`},
		"five languages": {conf(func(c *speechpb.RecognitionConfig) {
			c.LanguageCodes = slices.Repeat([]string{"en-US"}, 5)
		}), codes.InvalidArgument, "maximum is 4"},
		"diarization": {conf(func(c *speechpb.RecognitionConfig) {
			c.Features.DiarizationConfig = &speechpb.SpeakerDiarizationConfig{}
		}), codes.InvalidArgument, "diarization_config"},
		"alternatives": {conf(func(c *speechpb.RecognitionConfig) { c.Features.MaxAlternatives = 31 }), codes.InvalidArgument, "max_alternatives"},
		"timeouts without events": {func(r *request) {
			r.GetStreamingConfig().StreamingFeatures.VoiceActivityTimeout = &speechpb.StreamingRecognitionFeatures_VoiceActivityTimeout{}
		}, codes.InvalidArgument, "enable_voice_activity_events"},
		"timeout too short": {func(r *request) {
			r.GetStreamingConfig().StreamingFeatures.EnableVoiceActivityEvents = true
			r.GetStreamingConfig().StreamingFeatures.VoiceActivityTimeout = &speechpb.StreamingRecognitionFeatures_VoiceActivityTimeout{
				SpeechStartTimeout: durationpb.New(time.Millisecond),
			}
		}, codes.InvalidArgument, "between 500ms and 60s"},
	}
	srv, client := start(t, googlespeech.Config{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := listen(t, client, config(tt.spoil), noise(1, time.Second), 800)
			refused(t, h.err, tt.code, tt.words)
		})
	}
	if rows := srv.Meter().Rows(); len(rows) > 0 {
		t.Errorf("what was refused is billed: %v", rows)
	}
	fine := config(func(r *speechpb.StreamingRecognizeRequest) {
		r.Recognizer = "projects/p/locations/us/recognizers/_"
		r.GetStreamingConfig().GetConfig().Model, r.GetStreamingConfig().GetConfig().LanguageCodes = "chirp_3", []string{"auto"}
	})
	expect(t, "chirp_3 in us", listen(t, client, fine, sample().Caller, 800).err, nil)

	if _, err := client.GetRecognizer(t.Context(), &speechpb.GetRecognizerRequest{Name: recognizer}); status.Code(err) != codes.Unimplemented {
		t.Errorf("another method: %v", err)
	}
}

func refused(t *testing.T, err error, code codes.Code, words string) {
	t.Helper()
	if s := status.Convert(err); s.Code() != code || !strings.Contains(s.Message(), words) {
		t.Errorf("got %v, want %v with %q", err, code, words)
	}
}

func TestRefusalsInMidStream(t *testing.T) {
	_, client := start(t, googlespeech.Config{})
	for name, tt := range map[string]struct {
		msg   *speechpb.StreamingRecognizeRequest
		words string
	}{
		"too much":      {audio(noise(1, 3201*time.Millisecond)), "Audio chunk can be of a maximum of 25600 bytes. Received audio of 25608 bytes instead."},
		"nothing":       {audio(nil), "must contain audio"},
		"config again":  {config(), "Only the first request"},
		"empty message": {&speechpb.StreamingRecognizeRequest{}, "must contain audio"},
	} {
		t.Run(name, func(t *testing.T) {
			stream, err := client.StreamingRecognize(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range []*speechpb.StreamingRecognizeRequest{config(), audio(noise(1, 100*time.Millisecond)), tt.msg} {
				if err := stream.Send(m); err != nil {
					t.Fatal(err)
				}
			}
			refused(t, read(stream).err, codes.InvalidArgument, tt.words)
		})
	}
	stream, err := client.StreamingRecognize(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.CloseSend()
	refused(t, read(stream).err, codes.InvalidArgument, "first request")
}

func TestLongestStream(t *testing.T) {
	srv, client := start(t, googlespeech.Config{MaxStream: 6 * time.Second})
	c := sample()
	h := listen(t, client, config(), c.Caller, 1600)
	refused(t, h.err, codes.Aborted, "Max duration of 5 minutes reached for stream.")
	expect(t, "what was final stays", h.text(), c.Script[0].Text+" "+c.Script[1].Text)
	expect(t, "billed", srv.Meter().Rows()[0].Amount, 6.0)
	if s := srv.Sessions()[0]; !strings.Contains(s.Err, "Max duration") || s.Audio != 6*time.Second {
		t.Errorf("session %+v", s)
	}
}

// TestLongestStreamByTheClock: the limit comes without the audio too.
func TestLongestStreamByTheClock(t *testing.T) {
	_, client := start(t, googlespeech.Config{MaxStream: 200 * time.Millisecond})
	stream, err := client.StreamingRecognize(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*speechpb.StreamingRecognizeRequest{config(), audio(noise(1, 100*time.Millisecond))} {
		if err := stream.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, read(stream).err, codes.Aborted, "Max duration of 5 minutes reached for stream.")
}

func TestIdleStream(t *testing.T) {
	_, client := start(t, googlespeech.Config{IdleTimeout: 50 * time.Millisecond})
	for _, first := range []bool{true, false} {
		stream, err := client.StreamingRecognize(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if first {
			if err := stream.Send(config()); err != nil {
				t.Fatal(err)
			}
		}
		refused(t, read(stream).err, codes.Aborted, "Stream timed out after receiving no more client requests.")
	}
}

func TestAudioTooFast(t *testing.T) {
	_, client := start(t, googlespeech.Config{MaxAhead: 3 * time.Second})
	refused(t, listen(t, client, config(), sample().Caller, 1600).err, codes.OutOfRange, "close to real time")
}
