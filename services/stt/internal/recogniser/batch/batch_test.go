package batch_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/batch"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/drivertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a transcription server: one request, one answer. It hears with the fake's ears.
type server struct {
	*drivertest.Fake
	fails int // requests to refuse
	err   error
}

func (s *server) Transcribe(ctx context.Context, spec recogniser.Spec, audio []byte) ([]recogniser.Final, *recogniser.Usage, error) {
	if s.fails > 0 {
		s.fails--
		return nil, nil, s.err
	}
	stream, err := s.Open(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	defer stream.Cancel()
	if err := stream.Write(recogniser.Audio{Data: audio}); err != nil {
		return nil, nil, err
	}
	if err := stream.CloseSend(); err != nil {
		return nil, nil, err
	}
	var finals []recogniser.Final
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return finals, stream.Usage(), nil
		}
		if err != nil {
			return nil, stream.Usage(), err
		}
		if r.Final != nil {
			finals = append(finals, *r.Final)
		}
	}
}

func TestSuite(t *testing.T) {
	for name, noTimes := range map[string]bool{"word times": false, "no word times": true} {
		t.Run(name, func(t *testing.T) {
			drivertest.Run(t, drivertest.Harness{
				New: func(*testing.T) (recogniser.Recogniser, []byte, []drivertest.Said) {
					f := &drivertest.Fake{Seed: 5, NoWordTimes: noTimes}
					said := drivertest.Script(6, 80_000, 3_000)
					return batch.New(&server{Fake: f}, batch.Defaults()), f.Paint(82_000, said), said
				},
				Silence: 10 * time.Second, Once: true,
			})
		})
	}
}

// TestSilenceCostsNothing asks nobody about silence.
func TestSilenceCostsNothing(t *testing.T) {
	f := &drivertest.Fake{}
	s := batch.New(&server{Fake: f}, batch.Defaults()).Open(recogniser.Spec{Format: drivertest.Format})
	for _, a := range drivertest.Chunks(f.Paint(120_000, nil), 0, 200) {
		s.Write(a)
	}
	s.Finish()
	for {
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || e.Usage != nil || e.Final != nil {
			t.Fatalf("silence leads to %+v, %v", e, err)
		}
	}
	if n, _, _ := f.Opened(); n != 0 {
		t.Errorf("%d requests about silence", n)
	}
}

// TestFailures tries again, and gives up on what will not pass.
func TestFailures(t *testing.T) {
	away := &retry.Error{Code: "fake.unavailable", Err: errors.New("away")}
	refused := &retry.Error{Class: retry.Permanent, Code: "fake.denied", Err: errors.New("no")}
	for name, c := range map[string]struct {
		err   error
		fails int
		want  error
	}{
		"away for a while": {away, 4, io.EOF},
		"away for long":    {away, 1000, away},
		"refused":          {refused, 1, refused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &drivertest.Fake{}
				said := drivertest.Script(1, 20_000, 2_000)
				s := batch.New(&server{Fake: f, fails: c.fails, err: c.err}, batch.Defaults()).Open(recogniser.Spec{Format: drivertest.Format})
				for _, a := range drivertest.Chunks(f.Paint(20_000, said), 0, 200) {
					s.Write(a)
				}
				s.Finish()
				var finals []recogniser.Final
				for {
					e, err := s.Recv()
					if err != nil {
						if !errors.Is(err, c.want) {
							t.Errorf("ended with %v, want %v", err, c.want)
						}
						break
					}
					if e.Final != nil {
						finals = append(finals, *e.Final)
					}
				}
				if errors.Is(c.want, io.EOF) && drivertest.Told(finals) != drivertest.Text(said) {
					t.Errorf("got %s", drivertest.Told(finals))
				}
			})
		})
	}
}
