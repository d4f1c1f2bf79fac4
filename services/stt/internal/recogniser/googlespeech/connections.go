package googlespeech

import (
	"context"
	"errors"
	"fmt"
	"sync"

	speech "cloud.google.com/go/speech/apiv2"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// streamsPerConnection is what Google allows; one more would wait, unseen, inside the client.
const streamsPerConnection = 100

// Connections are the connections of a process, shared by all tenants of an endpoint. Safe for concurrent
// use.
type Connections struct {
	opts []grpc.DialOption

	mu    sync.Mutex
	conns map[target][]*connection
	err   error // set by Close
}

type target struct {
	endpoint string
	insecure bool
}

type connection struct {
	client *speech.Client
	all    *Connections
	used   int // of all.mu
}

// NewConnections returns an empty pool; opts are for instrumentation.
func NewConnections(opts ...grpc.DialOption) *Connections {
	return &Connections{conns: map[target][]*connection{}, opts: opts}
}

// take returns a connection with a free slot, a new one if all are full.
func (p *Connections) take(ctx context.Context, endpoint string, plain bool) (*connection, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return nil, p.err
	}
	t := target{endpoint, plain}
	for _, c := range p.conns[t] {
		if c.used < streamsPerConnection {
			c.used++
			return c, nil
		}
	}
	// The client dials in the background: nothing blocks here but reading credentials.
	client, err := speech.NewClient(context.WithoutCancel(ctx), p.options(t)...)
	if err != nil {
		return nil, fmt.Errorf("preparing a client for %s: %w", endpoint, err)
	}
	client.CallOptions.StreamingRecognize = append(client.CallOptions.StreamingRecognize, gax.WithRetry(func() gax.Retryer { return nil }))
	c := &connection{client: client, all: p, used: 1}
	p.conns[t] = append(p.conns[t], c)
	return c, nil
}

// options of a client with one connection of its own, so that its streams can be counted.
func (p *Connections) options(t target) []option.ClientOption {
	opts := []option.ClientOption{option.WithEndpoint(t.endpoint), option.WithGRPCConnectionPool(1)}
	for _, o := range p.opts {
		opts = append(opts, option.WithGRPCDialOption(o))
	}
	if t.insecure {
		opts = append(opts, option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	}
	return opts
}

// give returns the slot. Connections stay: a busy hour comes back.
func (c *connection) give() {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	c.used--
}

// Open is how many connections there are.
func (p *Connections) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, conns := range p.conns {
		n += len(conns)
	}
	return n
}

// Close closes every connection; streams on them end.
func (p *Connections) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, conns := range p.conns {
		for _, c := range conns {
			errs = append(errs, c.client.Close())
		}
	}
	p.conns, p.err = nil, errors.New("the connections are closed")
	return errors.Join(errs...)
}
