package googlespeech_test

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/googlespeech"
)

// whole is a good request with a file; tests spoil it.
func whole(content []byte, spoil ...func(*speechpb.RecognizeRequest)) *speechpb.RecognizeRequest {
	req := &speechpb.RecognizeRequest{
		Recognizer: recognizer, Config: config().GetStreamingConfig().GetConfig(), AudioSource: &speechpb.RecognizeRequest_Content{Content: content},
	}
	for _, f := range spoil {
		f(req)
	}
	return req
}

func TestRecognizeGivesTheWordsOfAFile(t *testing.T) {
	srv, client := start(t, googlespeech.Config{})
	resp, err := client.Recognize(t.Context(), whole(sample().Caller))
	if err != nil {
		t.Fatal(err)
	}
	var text, words []string
	for _, r := range resp.GetResults() {
		text = append(text, strings.TrimSpace(r.GetAlternatives()[0].GetTranscript()))
		for _, w := range r.GetAlternatives()[0].GetWords() {
			words = append(words, w.GetWord())
		}
		if r.GetLanguageCode() != "en-US" || r.GetResultEndOffset().AsDuration() < time.Second {
			t.Errorf("a result in %s that ends at %v", r.GetLanguageCode(), r.GetResultEndOffset().AsDuration())
		}
	}
	if got, want := strings.Join(text, " "), script(sample()); got != want || strings.Join(words, " ") != want {
		t.Errorf("text %q, words %q; want %q", got, words, want)
	}
	if got := resp.GetMetadata().GetTotalBilledDuration().AsDuration(); got != 8*time.Second {
		t.Errorf("%v are billed for 7.7 s", got)
	}
	if rows := srv.Meter().Rows(); len(rows) != 1 || rows[0].Amount != 8 {
		t.Errorf("metered: %v", rows)
	}
	if s := srv.Sessions(); len(s) != 1 || s[0].Open || s[0].Text() != script(sample()) {
		t.Errorf("sessions: %+v", s)
	}
}

func TestRecognizeRefuses(t *testing.T) {
	srv, client := start(t, googlespeech.Config{})
	for name, tt := range map[string]struct {
		req  *speechpb.RecognizeRequest
		want codes.Code
	}{
		"no audio":        {whole(nil), codes.InvalidArgument},
		"over a minute":   {whole(silence(60*time.Second + time.Millisecond)), codes.InvalidArgument},
		"a file in cloud": {whole(nil, func(r *speechpb.RecognizeRequest) { r.AudioSource = &speechpb.RecognizeRequest_Uri{Uri: "gs://a/b"} }), codes.InvalidArgument},
		"no settings":     {whole(silence(time.Second), func(r *speechpb.RecognizeRequest) { r.Config = nil }), codes.InvalidArgument},
		"no model":        {whole(silence(time.Second), func(r *speechpb.RecognizeRequest) { r.Config.Model = "" }), codes.InvalidArgument},
		"no recognizer":   {whole(silence(time.Second), func(r *speechpb.RecognizeRequest) { r.Recognizer = "x" }), codes.InvalidArgument},
		"not made":        {whole(silence(time.Second), func(r *speechpb.RecognizeRequest) { r.Recognizer = strings.TrimSuffix(recognizer, "_") + "mine" }), codes.NotFound},
	} {
		if _, err := client.Recognize(t.Context(), tt.req); status.Code(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := client.Recognize(t.Context(), whole(silence(time.Minute))); err != nil {
		t.Errorf("a minute of silence: %v", err)
	}
	srv.Faults().Set(fault.Settings{Errors: []fault.Share{{Operation: "Recognize", Code: "PERMISSION_DENIED", Share: 1}}})
	if _, err := client.Recognize(t.Context(), whole(silence(time.Second))); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a fault: %v", err)
	}
}
