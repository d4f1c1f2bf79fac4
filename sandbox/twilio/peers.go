package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// A deployment knows one API base for an account. When calls are played by several carriers, each in a process
// of its own (a sandbox that stays up, a replay beside it), the others join the one at that base: what it is
// asked about a call that it doesn't know, it asks them. They join again several times a second, so that it may be
// killed and started in between: until they have, it takes their calls for unknown.

const (
	joinEvery = 250 * time.Millisecond
	joinLimit = 2 * time.Second
	peerLife  = 10 * time.Second
	// hop marks a request that was handed on, so that it isn't handed on again.
	hop = "X-Sandbox-Hop"
)

// peers are the carriers that have joined.
type peers struct {
	http *http.Client
	mu   sync.Mutex
	seen map[string]time.Time // base URL, last joined
}

func newPeers(client *http.Client) *peers {
	return &peers{http: client, seen: map[string]time.Time{}}
}

// Join makes this carrier's calls known to the REST API of another at base, until ctx ends. An account of both
// opens it. It returns when ctx ends; a base that is away is asked again.
func (c *Carrier) Join(ctx context.Context, base string) error {
	if c.rest == nil {
		return fmt.Errorf("joining another carrier: this one has no listener (set Config.Listen)")
	}
	if len(c.cfg.Accounts) == 0 {
		return fmt.Errorf("joining another carrier: this one has no account")
	}
	tick := time.NewTicker(joinEvery)
	defer tick.Stop()
	for {
		c.joinOnce(ctx, base)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (c *Carrier) joinOnce(ctx context.Context, base string) {
	ctx, cancel := context.WithTimeout(ctx, joinLimit)
	defer cancel()
	form := url.Values{"Url": {"http://" + c.Addr()}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/sandbox/peers", bytes.NewBufferString(form.Encode()))
	if err != nil {
		return
	}
	a := c.account(c.cfg.Accounts[0].SID)
	req.SetBasicAuth(a.SID, a.token())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if res, err := c.http.Do(req); err == nil {
		res.Body.Close()
	}
}

func (p *peers) join(base string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[base] = time.Now()
}

// bases are the peers that are there.
func (p *peers) bases() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for base, at := range p.seen {
		if time.Since(at) > peerLife {
			delete(p.seen, base)
			continue
		}
		out = append(out, base)
	}
	return out
}

// forward asks the peers in turn and passes on the first answer that isn't "not found".
func (p *peers) forward(q *restRequest) bool {
	if q.Request.Header.Get(hop) != "" {
		return false
	}
	for _, base := range p.bases() {
		res, err := p.ask(q, base, q.URL.RequestURI())
		if err != nil {
			continue
		}
		if res.StatusCode == http.StatusNotFound {
			res.Body.Close()
			continue
		}
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Range", "Accept-Ranges", "Retry-After"} {
			if v := res.Header.Get(name); v != "" {
				q.Header().Set(name, v)
			}
		}
		q.WriteHeader(res.StatusCode)
		_, _ = io.Copy(q.ResponseWriter, res.Body) // the client has gone if this fails
		res.Body.Close()
		return true
	}
	return false
}

func (p *peers) ask(q *restRequest, base, uri string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(q.Context(), q.Method, base+uri, bytes.NewReader(q.body))
	if err != nil {
		return nil, fmt.Errorf("asking a peer: %w", err)
	}
	req.Header = q.Request.Header.Clone()
	req.Header.Set(hop, "1")
	res, err := p.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking a peer: %w", err)
	}
	return res, nil
}

// calls lists what the peers know by the request's filters, all pages.
func (p *peers) calls(q *restRequest) []callResource {
	if q.Request.Header.Get(hop) != "" {
		return nil
	}
	var all []callResource
	for _, base := range p.bases() {
		form := q.URL.Query()
		form.Del("Page")
		form.Del("PageToken")
		form.Set("PageSize", strconv.Itoa(largestPage))
		for uri := q.URL.Path + "?" + form.Encode(); uri != ""; {
			var list callList
			if !p.get(q, base, uri, &list) {
				break
			}
			for _, r := range list.Calls {
				r.start, _ = time.Parse(time.RFC1123Z, r.StartTime)
				all = append(all, r)
			}
			uri = deref(list.NextPageURI)
		}
	}
	return all
}

func (p *peers) get(q *restRequest, base, uri string, into any) bool {
	res, err := p.ask(q, base, uri)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK && json.NewDecoder(res.Body).Decode(into) == nil
}
