package pubsub

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub/wire"
)

// Limits that Salesforce recommends for one request, and refuses an event beyond.
const (
	MaxEvents     = 200
	MaxBytes      = 3 << 20
	MaxEventBytes = 1 << 20
	maxID         = 36
)

// Sessions gives and takes back sessions; [salesforce.Client] is one.
type Sessions interface {
	Session(ctx context.Context) (*salesforce.Session, error)
	Drop(s *salesforce.Session)
	Dependency() string
}

// Config of a publisher.
type Config struct {
	// Endpoint is host:port, e.g. api.pubsub.salesforce.com:7443.
	Endpoint string
	// Insecure speaks without TLS: a sandbox.
	Insecure bool
	// IdleAfter closes a stream that nothing has been published on for so long; default 60 s. The server does
	// so after 70, and its error could not be told from a failure; only an event would keep the stream
	// alive, and there is none to send.
	IdleAfter time.Duration
	// Observe is told of every request; nil for nobody.
	Observe func(context.Context, salesforce.Request)
}

// Event to publish.
type Event struct {
	// ID is ours, at most 36 characters; results come back under it.
	ID string
	// Fields by API name: strings, bools, numbers, or time.Time.
	Fields map[string]any
}

// Result of one event.
type Result struct {
	// ReplayID is the event's place on the bus, opaque.
	ReplayID []byte
	// Err is the classified error of an event that is not, or perhaps not, on the bus.
	Err error
}

// Publisher is safe for concurrent use; requests of one topic share a stream and may be under way together.
type Publisher struct {
	cfg      Config
	sessions Sessions
	conn     *grpc.ClientConn
	schemas  *schemas

	mu      sync.Mutex
	streams map[string]*stream
	closed  bool

	receivers sync.WaitGroup
}

// New prepares a publisher; it reaches out to nobody yet.
func New(cfg Config, sessions Sessions) (*Publisher, error) {
	if cfg.IdleAfter <= 0 {
		cfg.IdleAfter = time.Minute
	}
	creds := credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	if cfg.Insecure {
		creds = insecure.NewCredentials()
	}
	conn, err := grpc.NewClient(cfg.Endpoint,
		grpc.WithTransportCredentials(creds),
		grpc.WithDisableRetry(), // one layer retries, and it is not this one
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Minute, Timeout: 20 * time.Second}),
	)
	if err != nil {
		return nil, fmt.Errorf("pubsub_endpoint %s: %w", cfg.Endpoint, err)
	}
	p := &Publisher{cfg: cfg, sessions: sessions, conn: conn, streams: map[string]*stream{}}
	p.schemas = newSchemas(func(ctx context.Context, operation string, start time.Time, err error) {
		p.observe(ctx, operation, start, 0, err)
	})
	return p, nil
}

// observe tells of one request.
func (p *Publisher) observe(ctx context.Context, operation string, start time.Time, bytes int, err error) {
	if p.cfg.Observe == nil {
		return
	}
	r := salesforce.Request{Operation: operation, Start: start, Duration: time.Since(start), Bytes: bytes}
	var classified *retry.Error
	switch {
	case errors.As(err, &classified):
		r.Code = strings.TrimPrefix(classified.Code, "salesforce.pubsub.")
	case err != nil:
		r.Code = status.Code(err).String()
	}
	p.cfg.Observe(ctx, r)
}

// Close ends all streams; what is under way fails.
func (p *Publisher) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	err := p.conn.Close() // ends every stream, those that a new session has replaced too
	p.receivers.Wait()
	if err != nil {
		return fmt.Errorf("closing the connection to the Pub/Sub API: %w", err)
	}
	return nil
}

// Topic is a topic as the bus tells of it.
type Topic struct {
	// CanPublish tells whether the session's user may.
	CanPublish bool
	// Fields of its current schema, the two standard ones among them.
	Fields map[string]bool
}

// Topic asks for a topic and its schema, whatever is known of it already. Its error is classified.
func (p *Publisher) Topic(ctx context.Context, topic string) (Topic, error) {
	session, err := p.sessions.Session(ctx)
	if err != nil {
		return Topic{}, err //nolint:wrapcheck // classified by the client
	}
	var trailer metadata.MD
	out := outgoing(ctx, session)
	info, err := getTopic(out, p.conn, topic, grpc.Trailer(&trailer))
	if err != nil {
		return Topic{}, p.classified(ctx, err, trailer)
	}
	p.schemas.forget(topic)
	s, err := p.schemas.of(out, p.conn, topic, grpc.Trailer(&trailer))
	if err != nil {
		return Topic{}, p.classified(ctx, err, trailer)
	}
	return Topic{CanPublish: info.GetCanPublish(), Fields: maps.Clone(s.fields)}, nil
}

// Publish puts events on topic ("/event/Call_Completed__e"), in as few requests as the limits allow, and
// returns a result for each, in order. An event that fails takes no other along. When the session has ended
// it signs in again, once, and publishes what was refused for that.
func (p *Publisher) Publish(ctx context.Context, topic string, events []Event) []Result {
	results, stale := p.attempt(ctx, topic, events)
	if stale == nil {
		return results
	}
	p.sessions.Drop(stale)
	var (
		refused []Event
		at      []int
	)
	for i, r := range results {
		if r.Err != nil && isAuth(r.Err) {
			refused, at = append(refused, events[i]), append(at, i)
		}
	}
	again, stale := p.attempt(ctx, topic, refused)
	if stale != nil {
		p.sessions.Drop(stale)
	}
	for i, r := range again {
		results[at[i]] = r
	}
	return results
}

// attempt publishes under the current session; stale is that session if the server refused it, which it may do
// after some of the events are published.
func (p *Publisher) attempt(ctx context.Context, topic string, events []Event) (results []Result, stale *salesforce.Session) {
	results = make([]Result, len(events))
	fail := func(err error) []Result {
		for i := range results {
			results[i].Err = err
		}
		return results
	}
	session, err := p.sessions.Session(ctx)
	if err != nil {
		return fail(err), nil
	}
	var trailer metadata.MD
	schema, err := p.schemas.of(outgoing(ctx, session), p.conn, topic, grpc.Trailer(&trailer))
	if err != nil {
		err = p.classified(ctx, err, trailer)
		if isAuth(err) {
			return fail(err), session
		}
		return fail(err), nil
	}
	for _, part := range p.pack(topic, schema, session, events, results) {
		if err := p.send(ctx, topic, session, part, results); err != nil && isAuth(err) {
			stale = session
		}
	}
	return results, stale
}

// part is one request and where its events' results go.
type part struct {
	request *wire.PublishRequest
	at      []int
}

// pack encodes events into requests within the limits. What can't be encoded gets its result at once.
func (p *Publisher) pack(topic string, s *schema, session *salesforce.Session, events []Event, results []Result) []part {
	var parts []part
	size := 0
	now := time.Now()
	for i, e := range events {
		payload, err := s.encode(e.Fields, session.UserID, now)
		if err == nil && len(e.ID) > maxID {
			err = fmt.Errorf("the event's id has %d characters, the bus takes %d", len(e.ID), maxID)
		}
		if err != nil {
			results[i].Err = p.unencodable(err)
			if unknown := (*UnknownFieldError)(nil); errors.As(err, &unknown) {
				p.schemas.forget(topic) // an admin may add the field: ask again next time
			}
			continue
		}
		event := &wire.ProducerEvent{Id: e.ID, SchemaId: s.id, Payload: payload}
		n := proto.Size(event) + 8 // tag and length
		if n > MaxEventBytes {
			results[i].Err = &retry.Error{Class: retry.Permanent, Code: "salesforce.pubsub.too_large", Err: fmt.Errorf("event of %d bytes", n)}
			continue
		}
		if len(parts) == 0 || len(parts[len(parts)-1].at) == MaxEvents || size+n > MaxBytes {
			parts = append(parts, part{request: &wire.PublishRequest{TopicName: topic}})
			size = 0
		}
		last := &parts[len(parts)-1]
		last.request.Events = append(last.request.Events, event)
		last.at = append(last.at, i)
		size += n
	}
	return parts
}

func (p *Publisher) send(ctx context.Context, topic string, session *salesforce.Session, pt part, results []Result) (err error) {
	start := time.Now()
	defer func() { p.observe(ctx, "publish", start, proto.Size(pt.request), err) }()
	got := make([]*wire.PublishResult, len(pt.at))
	st, err := p.stream(ctx, topic, session)
	if err == nil {
		got, err = st.publish(ctx, pt.request)
	}
	if errors.Is(err, errIdle) { // it closed between being found and being used
		if st, err = p.stream(ctx, topic, session); err == nil {
			got, err = st.publish(ctx, pt.request)
		}
	}
	if err != nil {
		err = p.classified(ctx, err, st.trailer())
	}
	for i, r := range got {
		results[pt.at[i]] = p.result(r, err)
	}
	return err
}

func (p *Publisher) result(r *wire.PublishResult, err error) Result {
	switch {
	case r == nil:
		return Result{Err: err}
	case r.GetError() != nil:
		return Result{Err: &retry.Error{
			Class: retry.Retryable, Code: "salesforce.pubsub." + r.GetError().GetCode().String(), Dependency: p.sessions.Dependency(),
			Err: errors.New("the bus refused an event"),
		}}
	}
	return Result{ReplayID: r.GetReplayId()}
}

// stream returns the topic's stream under this session, opening one where there is none.
func (p *Publisher) stream(ctx context.Context, topic string, session *salesforce.Session) (*stream, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, status.Error(codes.Canceled, "the publisher is closed")
	}
	st := p.streams[topic]
	if st != nil && st.usable(session) {
		return st, nil
	}
	// The stream outlives the request that opens it, whose context bounds the opening only.
	life, cancel := context.WithCancel(outgoing(context.WithoutCancel(ctx), session))
	opened := context.AfterFunc(ctx, cancel)
	w, err := openPublishStream(life, p.conn)
	if !opened() || err != nil {
		cancel()
		return nil, cmp.Or(ctx.Err(), err)
	}
	if st != nil && st.failure() == nil {
		// A session has replaced another: what is under way on the old stream may finish, then idleness ends it.
		_ = st.wire.CloseSend()
	}
	st = newStream(w, session, cancel, p.cfg.IdleAfter)
	p.receivers.Go(st.receive)
	p.streams[topic] = st
	return st, nil
}

func outgoing(ctx context.Context, s *salesforce.Session) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "accesstoken", s.AccessToken, "instanceurl", s.InstanceURL, "tenantid", s.OrgID)
}

// errorCodePrefix stands before the vendor's codes in the "error-code" trailer.
const errorCodePrefix = "sfdc.platform.eventbus.grpc."

const codeAuth = "salesforce.pubsub.service.auth.error"

func isAuth(err error) bool {
	c := retry.Code(err)
	return c == codeAuth || c == "salesforce.pubsub.Unauthenticated"
}

// classified turns a gRPC failure into a class, once: by the vendor's code if the trailer has one, else by
// the gRPC status.
func (p *Publisher) classified(ctx context.Context, err error, trailer metadata.MD) error {
	if r := (*retry.Error)(nil); errors.As(err, &r) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("publishing to Salesforce: %w", ctx.Err())
	}
	if errors.Is(err, io.EOF) || errors.Is(err, errIdle) {
		err = status.Error(codes.Unavailable, "the publish stream has ended")
	}
	s := status.Convert(err)
	out := &retry.Error{Class: retry.Retryable, Code: "salesforce.pubsub." + s.Code().String(), Dependency: p.sessions.Dependency(), Err: err}
	for _, v := range trailer.Get("error-code") {
		out.Code = "salesforce.pubsub." + strings.TrimPrefix(v, errorCodePrefix)
	}
	switch s.Code() {
	case codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.FailedPrecondition, codes.Unimplemented:
		out.Class, out.Dependency = retry.Permanent, ""
	case codes.ResourceExhausted:
		out.After = time.Second
	default: // may pass
	}
	return out
}

func (p *Publisher) unencodable(err error) error {
	out := &retry.Error{Class: retry.Permanent, Code: "salesforce.pubsub.encoding", Err: err}
	var unknown *UnknownFieldError
	if errors.As(err, &unknown) {
		out.Code, out.Field = "salesforce.INVALID_FIELD", unknown.Field
	}
	return out
}
