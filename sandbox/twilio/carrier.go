package twilio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/meter"
)

// Carrier is Twilio for some accounts. Safe for concurrent use.
type Carrier struct {
	cfg    Config
	http   *http.Client
	media  *http.Client
	faults *fault.Injector
	hooks  *fault.Injector // of webhooks
	forks  *fault.Injector // of streams
	meter  *meter.Meter
	stats  *stats
	rest   *restServer // nil without a listener
	peers  *peers
	began  time.Time

	ctx   context.Context //nolint:containedctx // the carrier's own life, ended by Close
	stop  context.CancelFunc
	lives sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	accounts map[string]*account
	numbers  map[string]owned
	placed   map[string]int // calls placed by name
	mischief map[string]Mischief
	bySid    map[string]*life
	ended    []string // root SIDs of ended calls, oldest first
}

// account is an Account whose tokens may rotate.
type account struct {
	Account
	mu     sync.Mutex
	tokens []string
}

// owned is a number with its account, and what REST has made of it.
type owned struct {
	number   Number
	acct     *account
	friendly string
	changed  time.Time
}

// Start opens the REST listener, if one is asked for, and returns a carrier that is ready for calls. Calls end
// with ctx, everything with Close, which the caller must call.
func Start(ctx context.Context, cfg Config) (*Carrier, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("checking the sandbox carrier's settings: %w", err)
	}
	c := &Carrier{
		cfg: cfg, faults: fault.New(cfg.Faults), hooks: fault.New(cfg.WebhookFaults), forks: fault.New(cfg.StreamFaults), meter: &meter.Meter{}, stats: newStats(nil, cfg.Seed, cfg.Speed), began: time.Now(),
		accounts: map[string]*account{}, numbers: map[string]owned{}, placed: map[string]int{},
		mischief: cfg.Mischief, bySid: map[string]*life{},
	}
	c.ctx, c.stop = context.WithCancel(ctx)
	for _, a := range cfg.Accounts {
		acct := &account{Account: a, tokens: a.AuthTokens}
		c.accounts[a.SID] = acct
		for _, n := range a.Numbers {
			c.numbers[n.PhoneNumber] = owned{number: n, acct: acct}
		}
	}
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &http.Client{Transport: newTransport(&c.cfg, func(_ context.Context, conn net.Conn) net.Conn { return conn }), CheckRedirect: noRedirect}
	media := newTransport(&c.cfg, wrapWire)
	media.DisableKeepAlives = true // a socket belongs to one stream
	c.media = &http.Client{Transport: media, CheckRedirect: noRedirect}
	c.peers = newPeers(c.http)
	if cfg.Listen != "" {
		if err := c.listen(ctx); err != nil {
			c.stop()
			return nil, err
		}
	}
	if c.cfg.APIBase == "" {
		c.cfg.APIBase = "https://api.twilio.com"
		if c.rest != nil {
			c.cfg.APIBase = "http://" + c.Addr()
		}
	}
	return c, nil
}

// Addr is the REST API's host:port, empty without a listener.
func (c *Carrier) Addr() string {
	if c.rest == nil {
		return ""
	}
	return c.rest.addr
}

// Faults are the REST API's.
func (c *Carrier) Faults() *fault.Injector { return c.faults }

// WebhookFaults are those of webhooks on their way to the customer's server.
func (c *Carrier) WebhookFaults() *fault.Injector { return c.hooks }

// StreamFaults are those of Media Streams on theirs.
func (c *Carrier) StreamFaults() *fault.Injector { return c.forks }

// Meter counts what Twilio would bill, as product "twilio": call_minute by direction, recording_minute and
// stream_minute, each started minute whole.
func (c *Carrier) Meter() *meter.Meter { return c.meter }

// Report is what the carrier counted since it started.
func (c *Carrier) Report() Report { return c.stats.report() }

// SetMischief replaces what goes wrong on purpose with calls of a name ("*" for all others) that begin from now on.
func (c *Carrier) SetMischief(name string, m Mischief) error {
	if err := m.validate(); err != nil {
		return fmt.Errorf("checking mischief: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]Mischief{name: m}
	for k, v := range c.mischief {
		if k != name {
			all[k] = v
		}
	}
	c.mischief = all
	return nil
}

// SetAuthTokens rotates an account's tokens: the first signs, each opens the REST API.
func (c *Carrier) SetAuthTokens(accountSid string, tokens ...string) error {
	a := c.account(accountSid)
	if a == nil {
		return errors.New("rotating auth tokens: the carrier has no such account")
	}
	if len(tokens) == 0 || slices.Contains(tokens, "") {
		return errors.New("rotating auth tokens: at least one, none empty")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens = tokens
	return nil
}

// Close ends every call at once, without a word to the customer, and frees everything. It may be called twice.
func (c *Carrier) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
	c.lives.Wait()
	err := c.rest.close()
	c.http.CloseIdleConnections()
	c.media.CloseIdleConnections()
	return err
}

func (c *Carrier) account(sid string) *account {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accounts[sid]
}

// token signs.
func (a *account) token() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tokens[0]
}

func (a *account) opens(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.tokens, token)
}
