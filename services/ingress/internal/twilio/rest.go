package twilio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// Carrier is app.Carrier on Twilio's REST API, with the account's first auth token. Safe for concurrent use.
type Carrier struct {
	tenants *tenant.Set
	links   Links
	http    http.RoundTripper
	timeout time.Duration
}

var _ app.Carrier = (*Carrier)(nil)

// NewCarrier makes a carrier; one request takes at most timeout.
func NewCarrier(tenants *tenant.Set, links Links, transport http.RoundTripper, timeout time.Duration) *Carrier {
	return &Carrier{tenants: tenants, links: links, http: transport, timeout: timeout}
}

// Live implements app.Carrier.
func (c *Carrier) Live(ctx context.Context, f app.Facts) (bool, error) {
	api, done, err := c.api(ctx, f)
	if err != nil {
		return false, err
	}
	defer done()
	call, err := api.FetchCall(f.CallID, &openapi.FetchCallParams{PathAccountSid: &f.Account})
	if err != nil {
		return false, absentIsFine(api.classify("fetching the call", err))
	}
	if call.Status == nil {
		return false, nil
	}
	_, over := ended(*call.Status)
	return !over, nil
}

// StartStream implements app.Carrier. While a stream of this name runs Twilio takes no second one: "Unique name for the
// Stream, per Call", https://www.twilio.com/docs/voice/api/stream-resource.
func (c *Carrier) StartStream(ctx context.Context, f app.Facts) (bool, error) {
	api, done, err := c.api(ctx, f)
	if err != nil {
		return false, err
	}
	defer done()
	p := &openapi.CreateStreamParams{}
	p.SetPathAccountSid(f.Account)
	p.SetUrl(c.links.media(f))
	p.SetName(streamName(f.Attempt))
	p.SetTrack("both_tracks")
	p.SetStatusCallback(c.links.callback("stream-status", f))
	p.SetStatusCallbackMethod(http.MethodPost)
	params := c.links.parameters(f)
	set := []func(name, value string){
		func(n, v string) { p.SetParameter1Name(n).SetParameter1Value(v) },
		func(n, v string) { p.SetParameter2Name(n).SetParameter2Value(v) },
		func(n, v string) { p.SetParameter3Name(n).SetParameter3Value(v) },
		func(n, v string) { p.SetParameter4Name(n).SetParameter4Value(v) },
	}
	if len(params) > len(set) {
		return false, &retry.Error{Class: retry.Permanent, Code: "twilio.token-too-long", Err: errors.New("the call token needs too many parameters")}
	}
	for i, param := range params {
		set[i](param.name, param.value)
	}
	_, err = api.CreateStream(f.CallID, p)
	err = api.classify("creating a stream", err)
	return err == nil, absentIsFine(err)
}

// StopStreams implements app.Carrier: which of the call's streams runs nobody here knows, so each that there
// can be is stopped, by name.
func (c *Carrier) StopStreams(ctx context.Context, f app.Facts) error {
	api, done, err := c.api(ctx, f)
	if err != nil {
		return err
	}
	defer done()
	var faults []error
	for attempt := range streamNames {
		p := &openapi.UpdateStreamParams{}
		p.SetPathAccountSid(f.Account)
		p.SetStatus("stopped")
		_, err := api.UpdateStream(f.CallID, streamName(attempt), p)
		faults = append(faults, absentIsFine(api.classify("stopping a stream", err)))
	}
	return errors.Join(faults...)
}

// StartRecording implements app.Carrier.
func (c *Carrier) StartRecording(ctx context.Context, f app.Facts) (string, error) {
	api, done, err := c.api(ctx, f)
	if err != nil {
		return "", err
	}
	defer done()
	p := &openapi.CreateCallRecordingParams{}
	p.SetPathAccountSid(f.Account)
	p.SetRecordingChannels("dual")
	p.SetRecordingStatusCallback(c.links.callback("recording", f))
	p.SetRecordingStatusCallbackMethod(http.MethodPost)
	p.SetRecordingStatusCallbackEvent([]string{"in-progress", "completed", "absent"})
	r, err := api.CreateCallRecording(f.CallID, p)
	if err != nil || r.Sid == nil {
		return "", absentIsFine(api.classify("starting a recording", err))
	}
	return *r.Sid, nil
}

// StopRecording implements app.Carrier. "Twilio.CURRENT" is the recording that runs.
// https://www.twilio.com/docs/voice/api/recording#stop-a-recording-in-progress
func (c *Carrier) StopRecording(ctx context.Context, f app.Facts) error {
	api, done, err := c.api(ctx, f)
	if err != nil {
		return err
	}
	defer done()
	p := &openapi.UpdateCallRecordingParams{}
	p.SetPathAccountSid(f.Account)
	p.SetStatus("stopped")
	_, err = api.UpdateCallRecording(f.CallID, "Twilio.CURRENT", p)
	return absentIsFine(api.classify("stopping the recording", err))
}

// api is the client of one errand: twilio-go takes no context and hands no header on, so both go by the transport.
type api struct {
	*openapi.ApiService
	*transport
}

// api makes the client of one errand.
func (c *Carrier) api(ctx context.Context, f app.Facts) (api, context.CancelFunc, error) {
	t := c.tenants.ByID(f.Tenant)
	if t == nil || t.Twilio.AccountSID != f.Account {
		// The default tenant takes calls of other accounts; their tokens are another tenant's.
		if all := c.tenants.ByAccount(f.Account); len(all) > 0 {
			t = all[0]
		}
	}
	if t == nil || len(t.Twilio.AuthTokens) == 0 {
		return api{}, nil, &retry.Error{Class: retry.Permanent, Code: "twilio.no-credentials", Err: errors.New("no tenant has this account")}
	}
	base, err := apiBase(t)
	if err != nil {
		return api{}, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	return newAPI(&transport{ctx: ctx, account: f.Account, token: t.Twilio.AuthTokens[0], base: base, next: c.http}), cancel, nil
}

// transport sends a request in a context, with an account's credentials, to another base than api.twilio.com
// where there is one.
type transport struct {
	ctx     context.Context // twilio-go has no other way in
	account string
	token   config.Secret
	base    *url.URL
	next    http.RoundTripper
	after   atomic.Int64 // how long the last answer asks to wait
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(t.ctx)
	r.SetBasicAuth(t.account, t.token.Reveal())
	if t.base != nil {
		r.URL.Scheme, r.URL.Host, r.Host = t.base.Scheme, t.base.Host, t.base.Host
	}
	res, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // a transport passes on what it gets
	}
	t.after.Store(int64(retry.AfterHeader(res.Header)))
	return res, nil
}

// classify reads the last request's error once. Its message may quote a number, so only the codes go on.
func (t *transport) classify(doing string, err error) error {
	if err == nil {
		return nil
	}
	e := &retry.Error{Code: "twilio.unreachable", Dependency: "twilio:" + t.account, After: time.Duration(t.after.Load()), Err: err}
	var rest *client.TwilioRestError
	if errors.As(err, &rest) {
		e.Code = "twilio." + strconv.Itoa(max(rest.Code, rest.Status))
		if rest.Status >= 400 && rest.Status < 500 && rest.Status != http.StatusTooManyRequests && rest.Status != http.StatusRequestTimeout {
			e.Class = retry.Permanent
		}
	}
	return fmt.Errorf("%s: %w", doing, e)
}

// isAbsent tells whether Twilio says that there is no such thing (any more): the call has ended, the stream or
// the recording does not run.
// https://www.twilio.com/docs/api/errors: 20404 not found, 21220 call is not in progress. The codes of streams, 31901 to
// 31955, are none of these: they tell of a stream's socket, in status callbacks and the debugger.
func isAbsent(err error) bool {
	var rest *client.TwilioRestError
	return errors.As(err, &rest) && (rest.Status == http.StatusNotFound || rest.Code == 20404 || rest.Code == 21220)
}

// absentIsFine drops an error that says that there is nothing to act on.
func absentIsFine(err error) error {
	if isAbsent(err) {
		return nil
	}
	return err
}
