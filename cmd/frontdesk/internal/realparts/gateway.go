package realparts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"time"
)

// gateway stands in front of the replicas of ingress, as a load balancer does: one after another is asked, one that is not ready or
// can't be reached is left out. A request that has reached a replica is not sent to another: Twilio tries again.
type gateway struct {
	ln       net.Listener
	srv      *http.Server
	way      *http.Transport
	backends []*backend
	next     atomic.Uint64
	stop     context.CancelFunc
	looking  sync.WaitGroup
}

// backend is one replica: where it serves, and where it says whether it is ready.
type backend struct {
	addr, admin string
	up          atomic.Bool
}

// lookEvery is how often each replica is asked whether it is ready.
const lookEvery = 100 * time.Millisecond

func openGateway(ctx context.Context, addr string, backends ...*backend) (*gateway, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("opening the gateway: %w", err)
	}
	g := &gateway{ln: ln, backends: backends, way: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}}
	g.srv = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "ingress"
			r.Out.Host = r.In.Host
		},
		Transport: g,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway)
		},
	}}
	look, stop := context.WithCancel(context.WithoutCancel(ctx))
	g.stop = stop
	for _, b := range backends {
		b.look(look)
		g.looking.Go(func() { b.watch(look) })
	}
	g.looking.Go(func() { _ = g.srv.Serve(ln) }) // it ends by close, or there is nobody to ask for readiness
	return g, nil
}

func (b *backend) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.look(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (b *backend) look(ctx context.Context) { b.up.Store(isReady(ctx, b.admin) == nil) }

// isReady asks /readyz.
func isReady(ctx context.Context, admin string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/readyz", nil)
	if err != nil {
		return err //nolint:wrapcheck // the address is ours
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err //nolint:wrapcheck // it names the address
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("http://%s/readyz answers %s", admin, resp.Status)
	}
	return nil
}

// RoundTrip implements http.RoundTripper.
func (g *gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	err := errors.New("no replica is ready")
	turn := g.next.Add(1)
	for i := range g.backends {
		b := g.backends[(turn+uint64(i))%uint64(len(g.backends))]
		if !b.up.Load() {
			continue
		}
		try := r.Clone(r.Context())
		try.URL.Host = b.addr
		if r.Body != nil {
			try.Body = io.NopCloser(r.Body) // a failed dial would close it, unread, and the next replica could not have it
		}
		var resp *http.Response
		if resp, err = g.way.RoundTrip(try); err == nil {
			return resp, nil
		}
		if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "dial" {
			return nil, err //nolint:wrapcheck // it goes into the answer 502
		}
		b.up.Store(false)
	}
	return nil, err
}

// URL is the base of everything behind it.
func (g *gateway) URL() string { return "http://" + g.ln.Addr().String() }

func (g *gateway) close() error {
	g.stop()
	err := g.srv.Close()
	g.looking.Wait()
	g.way.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("closing the gateway: %w", err)
	}
	return nil
}
