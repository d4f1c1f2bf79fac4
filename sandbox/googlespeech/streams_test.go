package googlespeech_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/frontdesk/frontdesk/sandbox/googlespeech"
)

func TestManyStreamsAtOnce(t *testing.T) {
	srv, client := start(t, googlespeech.Config{MaxSessions: 20})
	c := sample()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if h := listen(t, client, config(), c.Caller, 800); h.err != nil || strings.Join(strings.Fields(h.text()), " ") != script(c) {
				t.Errorf("%q, %v", h.text(), h.err)
			}
		})
	}
	all.Wait()
	expect(t, "seconds", srv.Meter().Rows()[0].Amount, 160.0)
}

func TestQuotaOfAProject(t *testing.T) {
	_, client := start(t, googlespeech.Config{MaxSessions: 1})
	c := sample()
	stream, err := client.StreamingRecognize(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.Send(config())
	for chunk := range slices.Chunk(c.Caller[:24000], 1600) {
		_ = stream.Send(audio(chunk))
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	refused(t, listen(t, client, config(), c.Caller, 800).err, codes.ResourceExhausted, "Quota exceeded")
	_ = stream.CloseSend()
	if h := read(stream); h.err != nil {
		t.Error(h.err)
	}
	expect(t, "after it", listen(t, client, config(), c.Caller, 800).err, nil)
}

// The 101st stream of a connection waits for a place, as HTTP/2 has it.
func TestStreamsOfAConnection(t *testing.T) {
	_, client := start(t, googlespeech.Config{MaxStreams: 2})
	open := func(ctx context.Context) (speechpb.Speech_StreamingRecognizeClient, error) {
		s, err := client.StreamingRecognize(ctx)
		if err == nil {
			err = s.Send(config())
		}
		return s, err
	}
	c := sample()
	held := make([]speechpb.Speech_StreamingRecognizeClient, 2)
	for i := range held {
		s, err := open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for chunk := range slices.Chunk(c.Caller[:24000], 1600) {
			_ = s.Send(audio(chunk))
		}
		if _, err := s.Recv(); err != nil { // it has its place, and the client knows the limit
			t.Fatal(err)
		}
		held[i] = s
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if s, err := open(ctx); err == nil {
		if _, err = s.Recv(); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("a third stream ran: %v", err)
		}
	}
	for _, s := range held {
		_ = s.CloseSend()
		expect(t, "held", read(s).err, nil)
	}
	expect(t, "after them", listen(t, client, config(), c.Caller, 800).err, nil)
}
