// Package apptest has the ports of package app as small fakes, and tenants to test with.
package apptest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// Publisher is app.Publisher in memory. It encodes every event, so that what the codec refuses is refused here. Safe for
// concurrent use.
type Publisher struct {
	mu     sync.Mutex
	msgs   []app.Message
	err    error
	held   []func()
	hold   bool
	always func(app.Message) error
}

var _ app.Publisher = (*Publisher)(nil)

// Publish implements app.Publisher.
func (p *Publisher) Publish(ctx context.Context, msgs ...app.Message) error {
	p.mu.Lock()
	hold := p.hold
	p.mu.Unlock()
	if hold {
		<-ctx.Done() // a broker that doesn't answer
		return fmt.Errorf("publishing: %w", ctx.Err())
	}
	for _, m := range msgs {
		if err := p.store(m); err != nil {
			return err
		}
	}
	return nil
}

// Send implements app.Publisher; done is called before it returns, or by Release.
func (p *Publisher) Send(_ context.Context, m app.Message, done func(error)) {
	m.Event = proto.CloneOf(m.Event) // the caller's again when Send returns
	p.mu.Lock()
	if p.hold {
		p.held = append(p.held, func() { done(p.store(m)) })
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	done(p.store(m))
}

func (p *Publisher) store(m app.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	if p.always != nil {
		if err := p.always(m); err != nil {
			return err
		}
	}
	if _, err := events.Marshal(m.Event); err != nil {
		return err //nolint:wrapcheck // a test reads it as it is
	}
	p.msgs = append(p.msgs, app.Message{Topic: m.Topic, Event: proto.CloneOf(m.Event)})
	return nil
}

// Fail makes everything fail with err from now on; nil ends it.
func (p *Publisher) Fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// FailSome makes messages fail for which fn returns an error.
func (p *Publisher) FailSome(fn func(app.Message) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.always = fn
}

// Hold keeps everything sent back until Release: a broker that doesn't answer.
func (p *Publisher) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = true
}

// Release stores what was held, in order, and holds no more.
func (p *Publisher) Release() {
	p.mu.Lock()
	held := p.held
	p.held, p.hold = nil, false
	p.mu.Unlock()
	for _, fn := range held {
		fn()
	}
}

// Events are those stored on a topic so far, in order.
func (p *Publisher) Events(t events.Topic) []*events.CallEvent {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*events.CallEvent
	for _, m := range p.msgs {
		if m.Topic.Name == t.Name {
			out = append(out, m.Event)
		}
	}
	return out
}

// Messages are all that is stored so far.
func (p *Publisher) Messages() []app.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]app.Message(nil), p.msgs...)
}

// Of returns the bodies of one type on a topic.
func Of[M proto.Message](p *Publisher, t events.Topic) []M {
	var out []M
	for _, e := range p.Events(t) {
		if m, ok := e.Message().(M); ok {
			out = append(out, m)
		}
	}
	return out
}

// Carrier is app.Carrier in memory: it writes down what it is asked.
type Carrier struct {
	mu   sync.Mutex
	Dead bool
	Err  error
	// StartErr is StartStream's own.
	StartErr error
	// On is told of every request before it is answered; may be nil.
	On func(what string)

	did        []string
	last       app.Facts
	recordings int
}

var _ app.Carrier = (*Carrier)(nil)

func (c *Carrier) do(what string, f app.Facts) error {
	c.mu.Lock()
	c.did = append(c.did, what)
	c.last = f
	c.mu.Unlock()
	if c.On != nil {
		c.On(what)
	}
	return c.Err
}

// Did is what was asked, in order, e.g. "start-stream 1".
func (c *Carrier) Did() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.did...)
}

// Last are the facts that came with the last request.
func (c *Carrier) Last() app.Facts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// Live implements app.Carrier.
func (c *Carrier) Live(_ context.Context, f app.Facts) (bool, error) {
	live := !c.Dead
	return live, c.do("live", f)
}

// StartStream implements app.Carrier.
func (c *Carrier) StartStream(_ context.Context, f app.Facts) (bool, error) {
	live := !c.Dead
	return live, errors.Join(c.do(fmt.Sprintf("start-stream %d", f.Attempt), f), c.StartErr)
}

// StopStreams implements app.Carrier.
func (c *Carrier) StopStreams(_ context.Context, f app.Facts) error { return c.do("stop-streams", f) }

// StartRecording implements app.Carrier.
func (c *Carrier) StartRecording(_ context.Context, f app.Facts) (string, error) {
	if err := c.do("start-recording", f); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recordings++
	return fmt.Sprintf("RE%d", c.recordings), nil
}

// StopRecording implements app.Carrier.
func (c *Carrier) StopRecording(_ context.Context, f app.Facts) error {
	return c.do("stop-recording", f)
}

// History is app.History in memory: what stands on a Publisher's lifecycle topic.
type History struct {
	Log *Publisher
	Err error
}

var _ app.History = (*History)(nil)

// Past implements app.History.
func (h *History) Past(_ context.Context, f app.Facts) (app.Past, error) {
	var past app.Past
	for _, e := range h.Log.Events(events.Lifecycle) {
		if e.GetCallId() == f.CallID {
			past.Add(e)
		}
	}
	return past, h.Err
}

// The tenants' accounts, lines and secrets.
const (
	Account      = "AC00000000000000000000000000000001"
	OtherAccount = "AC00000000000000000000000000000002"
	DialLine     = "+14155550100"
	MailLine     = "+14155550102"
	StudioLine   = "+14155550103"
	SpanishLine  = "+13125550101"
	QuietLine    = "+13125550100" // asks nobody
	ReportedLine = "+12065550100"
	OtherLine    = "+12065550199" // on OtherAccount
)

// Tenants are acme (asks), globex (asks nobody; the same account), initech (reported) and umbrella (another
// account).
func Tenants() *tenant.Set {
	set, err := tenant.NewSet(acme(), globex(), initech(), umbrella())
	if err != nil {
		panic(err)
	}
	return set
}

func base(id, account string, tokens ...config.Secret) *tenant.Tenant {
	return &tenant.Tenant{
		Version: 1, ID: id, Name: id, LongestCall: tenant.Duration(4 * time.Hour),
		CallerKey: "0123456789abcdef0123456789abcdef",
		Twilio:    tenant.Twilio{AccountSID: account, AuthTokens: tokens},
		Speech:    tenant.Speech{Provider: "googlespeech"},
		Catalogue: tenant.Catalogue{Version: "1", Dispositions: []tenant.Disposition{{Name: "QualifiedLead"}, {Name: "ResolvedByAgent", AgentOnly: true}}},
	}
}

func acme() *tenant.Tenant {
	t := base("acme", Account, "new-token", "old-token")
	t.Consent = tenant.Consent{
		Policy: tenant.ConsentAsk, PromptVersion: "3", GrantDigit: "1", Timeout: tenant.Duration(6 * time.Second),
		Prompts: map[string]string{"en": "Press one to agree.", "es": "Pulse uno."},
	}
	t.Numbers = []tenant.Number{
		{Number: DialLine, LineOfBusiness: "sales", Payer: "product", Language: "en-US", Record: true, Onward: tenant.Onward{
			Dial: &tenant.Dial{Number: "+14155550199", Timeout: tenant.Duration(30 * time.Second)},
		}},
		{Number: MailLine, LineOfBusiness: "support", Payer: "central", Language: "es-US", Onward: tenant.Onward{
			Voicemail: &tenant.Voicemail{Greeting: map[string]string{"": "Hello", "es": "Hola"}, MaxLength: tenant.Duration(3 * time.Minute)},
		}},
		{Number: StudioLine, LineOfBusiness: "support", Payer: "central", Language: "en-US", Record: true, Onward: tenant.Onward{
			Studio: &tenant.Studio{FlowSID: "FW00000000000000000000000000000001"},
		}},
	}
	return t
}

func globex() *tenant.Tenant {
	t := base("globex", Account, "globex-token")
	t.Consent = tenant.Consent{Policy: tenant.ConsentNotAsked}
	t.Numbers = []tenant.Number{
		{Number: QuietLine, LineOfBusiness: "sales", Payer: "product", Language: "en-US", Onward: tenant.Onward{
			Dial: &tenant.Dial{SIP: "sip:desk@example.com", Timeout: tenant.Duration(20 * time.Second), CallerID: QuietLine},
		}},
		{Number: SpanishLine, LineOfBusiness: "support", Payer: "central", Language: "es-US", Onward: tenant.Onward{
			Dial: &tenant.Dial{Number: "+14155550198", Timeout: tenant.Duration(20 * time.Second)},
		}},
	}
	return t
}

func initech() *tenant.Tenant {
	t := base("initech", Account, "initech-token")
	t.Consent = tenant.Consent{Policy: tenant.ConsentReported, PromptVersion: "9", GrantDigit: "1"}
	t.Numbers = []tenant.Number{{
		Number: ReportedLine, LineOfBusiness: "sales", Payer: "product", Language: "en-US", Record: true,
		Onward: tenant.Onward{Dial: &tenant.Dial{Number: "+14155550197", Timeout: tenant.Duration(20 * time.Second)}},
	}}
	return t
}

func umbrella() *tenant.Tenant {
	t := base("umbrella", OtherAccount, "umbrella-token")
	t.Consent = tenant.Consent{Policy: tenant.ConsentNotAsked}
	t.Numbers = []tenant.Number{{
		Number: OtherLine, LineOfBusiness: "sales", Payer: "product", Language: "en-US",
		Onward: tenant.Onward{Dial: &tenant.Dial{Number: "+14155550196", Timeout: tenant.Duration(20 * time.Second)}},
	}}
	return t
}
