package twilio

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/frontdesk/frontdesk/sandbox/twilio/twiml"
	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
)

// Twilio's codes for a request that failed. Source: https://www.twilio.com/docs/api/errors
const (
	codeRetrieval   = 11200 // answered with something other than 2xx, or too late
	codeConnection  = 11205 // no connection, or it broke
	codeContentType = 12300
)

// userAgent is Twilio's.
const userAgent = "TwilioProxy/1.1"

// request is one webhook.
type request struct {
	url, method string
	params      map[string]string
	// twiml: the answer must bring instructions.
	twiml bool
	// tried is called once the first try is over, whatever came of it; may be nil.
	tried func()
}

// answer is the last try's.
type answer struct {
	contentType string
	body        []byte
	took        time.Duration
}

// deliver sends a webhook, signed, and again as the URL's overrides say. It returns a fault for anything but a 2xx.
func (c *Carrier) deliver(ctx context.Context, a *account, st *stats, q request) (answer, *Fault) {
	began := time.Now()
	address, over, err := webhook.Split(q.url)
	if err != nil {
		return answer{}, c.undelivered(st, &Fault{codeRetrieval, "HTTP retrieval failure: " + err.Error()}, q)
	}
	st.count(func(r *Report) { r.Webhooks.Sent++ })
	ctx, cancel := context.WithTimeout(ctx, over.Total)
	defer cancel()
	// One token for all tries of a webhook. Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
	token := uuid.NewString()
	for try, pause := 0, c.cfg.RetryPause; ; try, pause = try+1, 2*pause {
		got, class, fault := c.try(ctx, a, st, q, address, token, over)
		if try == 0 && q.tried != nil {
			q.tried()
		}
		if fault == nil {
			got.took = time.Since(began)
			return got, nil
		}
		if try >= over.Retries || !over.Again(class) || !sleep(ctx, pause) {
			return answer{}, c.outcome(st, class, fault)
		}
		st.count(func(r *Report) { r.Webhooks.Retried++ })
	}
}

func (c *Carrier) undelivered(st *stats, f *Fault, q request) *Fault {
	if q.tried != nil {
		q.tried()
	}
	return c.outcome(st, "", f)
}

func (c *Carrier) outcome(st *stats, class webhook.Class, f *Fault) *Fault {
	st.count(func(r *Report) {
		if class == webhook.Client {
			r.Webhooks.Refused++
		} else {
			r.Webhooks.Failed++
		}
	})
	return f
}

// try is one request. Its class says whether it may be tried again.
func (c *Carrier) try(ctx context.Context, a *account, st *stats, q request, address, token string, over webhook.Overrides) (answer, webhook.Class, *Fault) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, connectTimeout{}, over.Connect), over.Connect+over.Read)
	defer cancel()
	req, err := newRequest(ctx, a, q, address, token)
	if err != nil {
		return answer{}, "", &Fault{codeRetrieval, "HTTP retrieval failure: the URL can't be asked"}
	}
	lost, class, fault := c.before(ctx, q)
	if fault != nil {
		st.status("none")
		return answer{}, class, fault
	}
	res, err := c.http.Do(req)
	if err != nil {
		st.status("none")
		class, fault := failure(err)
		return answer{}, class, fault
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, twiml.MaxBytes+1))
	if lost {
		st.status("none")
		return answer{}, webhook.Read, unanswered()
	}
	if err != nil {
		st.status("none")
		class, fault := failure(err)
		return answer{}, class, fault
	}
	st.status(strconv.Itoa(res.StatusCode))
	st.answered(time.Since(began), q.twiml)
	class, fault = judge(res.StatusCode)
	return answer{contentType: res.Header.Get("Content-Type"), body: body}, class, fault
}

func newRequest(ctx context.Context, a *account, q request, address, token string) (*http.Request, error) {
	form := url.Values{}
	for k, v := range q.params {
		form.Set(k, v)
	}
	var body io.Reader
	signed := q.params
	if q.method == http.MethodGet {
		if strings.Contains(address, "?") {
			address += "&" + form.Encode()
		} else {
			address += "?" + form.Encode()
		}
		signed = nil
	} else {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, q.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "*/*")
	req.Header.Set("X-Twilio-Signature", webhook.Sign(a.token(), address, signed))
	req.Header.Set("I-Twilio-Idempotency-Token", token)
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	return req, nil
}

// judge classes a status code.
func judge(status int) (webhook.Class, *Fault) {
	f := &Fault{codeRetrieval, fmt.Sprintf("HTTP retrieval failure: got HTTP %d response", status)}
	switch {
	case status >= 200 && status < 300:
		return "", nil
	case status >= 500:
		return webhook.Server, f
	case status >= 400:
		return webhook.Client, f
	default: // a redirect: Twilio would follow; the sandbox wants the right URL to begin with
		return "", f
	}
}

// failure classes a request without an answer. The error's own text carries the URL, so it is not used.
func failure(err error) (webhook.Class, *Fault) {
	var timeout net.Error
	var dial *net.OpError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return webhook.Connect, unconnected()
	case errors.As(err, &timeout) && timeout.Timeout():
		return webhook.Read, unanswered()
	default:
		return webhook.Connect, &Fault{codeConnection, "HTTP connection failure: the connection broke"}
	}
}

func unconnected() *Fault {
	return &Fault{codeConnection, "HTTP connection failure: the connection was refused or timed out"}
}

func unanswered() *Fault { return &Fault{codeRetrieval, "HTTP retrieval failure: no answer in time"} }

// connectTimeout is the key of a request's time for its TCP connection.
type connectTimeout struct{}

// newTransport makes connections as the config says, each within its request's connect time-out.
func newTransport(cfg *Config, wrap func(context.Context, net.Conn) net.Conn) *http.Transport {
	dial := cfg.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	var trust *tls.Config
	if cfg.TLS != nil {
		trust = cfg.TLS.Clone()
	}
	return &http.Transport{
		TLSClientConfig: trust, DisableCompression: true, MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if d, ok := ctx.Value(connectTimeout{}).(time.Duration); ok {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, d)
				defer cancel()
			}
			conn, err := dial(ctx, network, addr)
			if err != nil {
				return nil, &net.OpError{Op: "dial", Net: network, Err: err}
			}
			return wrap(ctx, conn), nil
		},
	}
}

// sleep waits in wall time; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
