// Package googlespeech is the adapter to Google Cloud Speech-to-Text v2, streaming.
//
// What it knows of the product: a stream lasts five minutes and ends then with ABORTED (v1: OUT_OF_RANGE); a
// message takes 25,600 bytes; Send fails with io.EOF only and the status comes from Recv; its client would try to open a stream
// again for as long as it may, which is switched off (package rotate is the one layer that tries again); a connection carries 100 streams; a stream that is cancelled never tells what it billed.
// Source: https://cloud.google.com/speech-to-text/docs/quotas and the reference of StreamingRecognize.
package googlespeech

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
	"github.com/google/uuid"

	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// maxLanguages of a stream.
// Source: https://cloud.google.com/speech-to-text/v2/docs/multiple-languages
const maxLanguages = 4

// Product is the name in segments, bills and metrics.
const Product = "googlespeech"

// Config is one tenant's use of the product.
type Config struct {
	// Project that is billed, and Location that hears: "global", "us", "eu" or a region. Models differ by
	// location: chirp_3 is not in "global".
	Project, Location string
	// Model, e.g. "telephony".
	Model string
	// Endpoint is host:port; empty is the location's own.
	Endpoint string
	// Insecure speaks without TLS and credentials: a sandbox.
	Insecure bool
	// LongestStream of the product; 0 is its five minutes.
	LongestStream time.Duration
	// Stall is how long a Send may block before the connection counts as dead; 0 is ten seconds.
	Stall time.Duration
}

// endpoint is where the location is served.
// Source: https://cloud.google.com/speech-to-text/docs/endpoints
func (c Config) endpoint() string {
	switch {
	case c.Endpoint != "":
		return c.Endpoint
	case c.Location == "" || c.Location == "global":
		return "speech.googleapis.com:443"
	}
	return c.Location + "-speech.googleapis.com:443"
}

// Driver opens streams for one tenant. Safe for concurrent use.
type Driver struct {
	cfg   Config
	conns *Connections
}

// New returns a driver on connections that the caller closes. It reaches nobody.
func New(cfg Config, conns *Connections) *Driver {
	cfg.Location = cmp.Or(cfg.Location, "global")
	cfg.LongestStream = cmp.Or(cfg.LongestStream, 5*time.Minute)
	cfg.Stall = cmp.Or(cfg.Stall, 10*time.Second)
	return &Driver{cfg: cfg, conns: conns}
}

// Capabilities implements recogniser.Driver.
func (d *Driver) Capabilities() recogniser.Capabilities {
	return recogniser.Capabilities{
		Product: Product, Model: d.cfg.Model, Dependency: d.dependency(), Streaming: true, LongestStream: d.cfg.LongestStream,
		Encodings: []recogniser.Encoding{recogniser.Mulaw, recogniser.Linear16}, WordTimes: true,
	}
}

// dependency names what an open breaker or an alert is about: adapter, endpoint and credential.
func (d *Driver) dependency() string {
	return Product + ":" + d.cfg.endpoint() + "/" + d.cfg.Project
}

// Open implements recogniser.Driver. It returns when the configuration is on its way: whether the product
// accepts it comes from Recv.
func (d *Driver) Open(ctx context.Context, spec recogniser.Spec) (recogniser.Stream, error) {
	first, err := d.first(spec)
	if err != nil {
		return nil, err
	}
	conn, err := d.conns.take(ctx, d.cfg.endpoint(), d.cfg.Insecure)
	if err != nil {
		return nil, classify(d.dependency(), fmt.Errorf("connecting to %s: %w", d.cfg.endpoint(), err))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	rpc, err := conn.client.StreamingRecognize(ctx)
	if err == nil {
		err = rpc.Send(first)
	}
	if err != nil {
		if s := rpcError(rpc); s != nil {
			err = s
		}
		cancel(nil)
		conn.give()
		return nil, classify(d.dependency(), fmt.Errorf("opening a stream at %s: %w", d.cfg.endpoint(), err))
	}
	s := &stream{
		driver: d, rpc: rpc, ctx: ctx, cancel: cancel, give: conn.give, format: spec.Format,
		id: uuid.NewString(), stall: time.AfterFunc(time.Hour, func() { cancel(errStalled) }),
	}
	s.stall.Stop()
	return s, nil
}

// rpcError is the status of a stream whose Send has failed: Send itself says io.EOF only.
func rpcError(rpc speechpb.Speech_StreamingRecognizeClient) error {
	if rpc == nil {
		return nil
	}
	_, err := rpc.Recv()
	return err //nolint:wrapcheck // the caller says what was tried
}

// first is the message that opens a stream.
func (d *Driver) first(spec recogniser.Spec) (*speechpb.StreamingRecognizeRequest, error) {
	encoding, ok := map[recogniser.Encoding]speechpb.ExplicitDecodingConfig_AudioEncoding{
		recogniser.Mulaw:    speechpb.ExplicitDecodingConfig_MULAW,
		recogniser.Linear16: speechpb.ExplicitDecodingConfig_LINEAR16,
	}[spec.Format.Encoding]
	if !ok {
		return nil, unsupported(spec.Format.Encoding)
	}
	return &speechpb.StreamingRecognizeRequest{
		Recognizer: fmt.Sprintf("projects/%s/locations/%s/recognizers/_", d.cfg.Project, d.cfg.Location),
		StreamingRequest: &speechpb.StreamingRecognizeRequest_StreamingConfig{StreamingConfig: &speechpb.StreamingRecognitionConfig{
			Config: &speechpb.RecognitionConfig{
				DecodingConfig: &speechpb.RecognitionConfig_ExplicitDecodingConfig{ExplicitDecodingConfig: &speechpb.ExplicitDecodingConfig{
					Encoding: encoding, SampleRateHertz: int32(spec.Format.Rate), AudioChannelCount: 1, //nolint:gosec // a sample rate
				}},
				Model:         d.cfg.Model,
				LanguageCodes: slices.Clone(spec.Languages[:min(len(spec.Languages), maxLanguages)]),
				Features:      &speechpb.RecognitionFeatures{EnableWordTimeOffsets: true, EnableWordConfidence: true, EnableAutomaticPunctuation: true},
			},
			// Interim results are read for how far the product has come, never for their words.
			StreamingFeatures: &speechpb.StreamingRecognitionFeatures{InterimResults: true},
		}},
	}, nil
}
