package broker

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// line is one connection to one broker, for questions that the client answers from its cache or does not know.
type line struct {
	kafka *kafka.Conn
	raw   *protocol.Conn
	// latest version of each request that the broker knows.
	latest map[protocol.ApiKey]int16
}

// line opens a connection to one of the seeds, logs in and asks which requests it knows.
func (c *Conn) line(ctx context.Context, addr string) (*line, error) {
	host, _, _ := net.SplitHostPort(addr) // checked by Validate
	var wire net.Conn
	dialer := *c.Dialer
	// TLS is made here, so that the connection behind it is at hand.
	dialer.TLS = nil
	dialer.DialFunc = func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := c.Dialer.DialFunc(ctx, network, addr)
		if err != nil || c.Dialer.TLS == nil {
			wire = conn
			return conn, err
		}
		settings := c.Dialer.TLS.Clone()
		if settings.ServerName == "" {
			settings.ServerName = host
		}
		secured := tls.Client(conn, settings)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err //nolint:wrapcheck // read by check.Reach
		}
		wire = secured
		return secured, nil
	}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says whom it asked
	}
	deadline := time.Now().Add(requestTimeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := conn.SetDeadline(deadline); err != nil {
		_ = conn.Close()
		return nil, err //nolint:wrapcheck // as above
	}
	versions, err := conn.ApiVersions()
	if err != nil {
		_ = conn.Close()
		return nil, err //nolint:wrapcheck // as above
	}
	l := &line{kafka: conn, raw: protocol.NewConn(wire, c.cfg.ClientID), latest: map[protocol.ApiKey]int16{}}
	for _, v := range versions {
		l.latest[protocol.ApiKey(v.ApiKey)] = v.MaxVersion
	}
	l.raw.SetVersions(map[protocol.ApiKey]int16{protocol.Metadata: metadataVersion})
	return l, nil
}

// metadataVersion tells what we may do to a topic, and makes none that is asked for by name. Kafka has it since 2.3.
const metadataVersion = 8

// cluster asks for the brokers, and for topics by name with what we may do to them. It makes no topic.
func (l *line) cluster(topics []string) (*metadata.Response, error) {
	res, err := l.raw.RoundTrip(&metadata.Request{TopicNames: topics, IncludeTopicAuthorizedOperations: true})
	if err != nil {
		return nil, fmt.Errorf("asking for topics: %w", err)
	}
	out, ok := res.(*metadata.Response)
	if !ok {
		return nil, fmt.Errorf("asking for topics: the answer is a %T", res)
	}
	return out, nil
}

func (l *line) close() { _ = l.kafka.Close() }
