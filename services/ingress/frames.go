package ingress

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"time"

	"go.opentelemetry.io/otel/metric/noop"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio/mediastream"
)

// FrameAllocations is how many objects a frame of 20 ms allocates on its way from the socket's buffer into its chunk, for a bench.
// Chunks of ten frames allocate on their own account.
func FrameAllocations(ctx context.Context) (float64, error) {
	const stream = "MZ00000000000000000000000000000001"
	m, err := metrics.New(noop.NewMeterProvider().Meter(""))
	if err != nil {
		return 0, err //nolint:wrapcheck // it says what it made
	}
	now := time.Now()
	s := media.New(nowhere{}, m, slog.New(slog.DiscardHandler), media.Config{MaxUnacked: 1 << 20}).Open(ctx,
		app.Facts{CallID: "CA1", Tenant: "bench", Start: now, Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED},
		media.Spec{
			ID: stream, Parties: []events.Party{events.Party_PARTY_CALLER}, Opened: now,
			Format: media.Format{Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000},
		})
	audio := base64.StdEncoding.EncodeToString(make([]byte, 160))
	read, n := mediastream.Reader(ctx, s, stream), 0
	frames := func(count int) (allocated uint64, err error) {
		msgs := make([][]byte, count)
		for i := range msgs {
			msgs[i] = fmt.Appendf(nil, `{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d","payload":"%s"},"streamSid":"%s"}`,
				n+3, n+1, n*20, audio, stream)
			n++
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, msg := range msgs {
			err = errors.Join(err, read(msg))
		}
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs, err
	}
	// Nine of the ten frames of each chunk; the tenth fills it. Whatever else goes on in the process allocates, too: the least
	// of several rounds is the frames' own.
	least := uint64(math.MaxUint64)
	for range 20 {
		allocated, err := frames(9)
		if err == nil {
			_, err = frames(1)
		}
		if err != nil {
			return 0, err
		}
		least = min(least, allocated)
	}
	return float64(least) / 9, nil
}

// nowhere stores nothing.
type nowhere struct{}

func (nowhere) Publish(context.Context, ...app.Message) error           { return nil }
func (nowhere) Send(_ context.Context, _ app.Message, done func(error)) { done(nil) }
