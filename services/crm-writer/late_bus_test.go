package crmwriter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// busGate is on the way to the event bus, and holds the first batch of events up until it is opened. The batch arrives in the end,
// whatever has become of its sender.
type busGate struct {
	addr             string
	reached, arrived chan struct{}
	open             func()
}

// frames are messages as they come: the gate reads none.
type frames struct{}

func (frames) Name() string                       { return "frames" }
func (frames) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (frames) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }

func newBusGate(t *testing.T, to string) *busGate {
	t.Helper()
	conn, err := grpc.NewClient(to, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan struct{})
	g := &busGate{reached: make(chan struct{}), arrived: make(chan struct{}), open: sync.OnceFunc(func() { close(opened) })}
	var first sync.Once
	s := grpc.NewServer(grpc.ForceServerCodec(frames{}), grpc.UnknownServiceHandler(func(_ any, in grpc.ServerStream) error { //nolint:staticcheck // a proxy needs one
		method, _ := grpc.MethodFromServerStream(in)
		md, _ := metadata.FromIncomingContext(in.Context())
		ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(context.WithoutCancel(in.Context()), md))
		defer cancel()
		out, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method, grpc.ForceCodec(frames{}))
		if err != nil {
			return fmt.Errorf("asking the bus: %w", err)
		}
		for {
			var request, answer []byte
			if err := in.RecvMsg(&request); err != nil {
				return errors.Join(out.CloseSend(), unlessEnded(err))
			}
			held := false
			if strings.HasSuffix(method, "/PublishStream") {
				first.Do(func() { held = true })
			}
			if held {
				close(g.reached)
				<-opened
			}
			if err := errors.Join(out.SendMsg(&request), out.RecvMsg(&answer)); err != nil {
				return err
			}
			if held {
				close(g.arrived)
			}
			if err := in.SendMsg(&answer); err != nil {
				return err
			}
		}
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is loopback's
	if err != nil {
		t.Fatal(err)
	}
	g.addr = l.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.Serve(l); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		g.open()
		s.Stop()
		serving.Wait()
		_ = conn.Close()
	})
	return g
}

// unlessEnded is nil for a stream that its client has ended.
func unlessEnded(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
