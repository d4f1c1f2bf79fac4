package twilio

import (
	"errors"
	"maps"
	"mime"
	"net/url"
	"strconv"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/twilio/twiml"
)

// target is where the next instructions come from.
type target struct {
	// url is absolute; method GET or POST.
	url, method string
	// params beside the call's own.
	params map[string]string
	// inline is TwiML that REST brought along; then url is only what relative URLs are resolved against.
	inline string
}

// fetch gets instructions from a target or, when that fails, from the number's fallback URL. base is what
// relative URLs of the document are resolved against.
func (l *life) fetch(t target) (doc *twiml.Document, base string, err error) {
	// The customer thinks in wall time.
	defer l.clk.Slow()()
	doc, fault := l.ask(t)
	if fault == nil {
		return doc, t.url, nil
	}
	l.fault(*fault)
	fallback := l.num.VoiceFallbackURL
	if fallback == "" || fallback == t.url || l.ctx.Err() != nil {
		return nil, "", errors.Join(errFailed, l.ctx.Err())
	}
	params := map[string]string{"ErrorCode": strconv.Itoa(fault.Code), "ErrorUrl": t.url}
	maps.Copy(params, t.params)
	doc, fault = l.ask(target{url: fallback, method: "POST", params: params})
	if fault != nil {
		l.fault(*fault)
		return nil, "", errors.Join(errFailed, l.ctx.Err())
	}
	l.st.count(func(r *Report) { r.Calls.Fallbacks++ })
	return doc, fallback, nil
}

// ask requests one document and reads it.
func (l *life) ask(t target) (*twiml.Document, *Fault) {
	body := []byte(t.inline)
	if t.inline == "" {
		got, fault := l.request(t)
		if fault != nil {
			return nil, fault
		}
		if fault := contentType(got); fault != nil {
			return nil, fault
		}
		body = got.body
		l.mu.Lock()
		l.twiml = append(l.twiml, TwiML{Body: string(body), Took: got.took})
		l.mu.Unlock()
	}
	doc, err := twiml.Parse(body)
	if err != nil {
		var faults twiml.Errors
		errors.As(err, &faults)
		return nil, &Fault{faults.Code(), err.Error()}
	}
	return doc, nil
}

// request sends the webhook; where mischief has it so, a second time: as if the first answer had got lost.
func (l *life) request(t target) (answer, *Fault) {
	q := request{url: t.url, method: t.method, params: l.params(t.params), twiml: true}
	if l.mis.Double > 0 && l.draw() < l.mis.Double {
		l.st.count(func(r *Report) { r.Webhooks.Doubled++ })
		_, _ = l.c.deliver(l.ctx, l.acct, l.st, q)
	}
	return l.c.deliver(l.ctx, l.acct, l.st, q)
}

// contentType refuses what Twilio doesn't take for TwiML, and text/html, which it only tolerates.
func contentType(a answer) *Fault {
	kind, _, err := mime.ParseMediaType(a.contentType)
	if err != nil || kind != "text/xml" && kind != "application/xml" {
		return &Fault{codeContentType, "Invalid Content-Type: text/xml or application/xml is expected"}
	}
	return nil
}

// resolve makes a document's URL absolute. The fragment is kept as written: it carries connection overrides.
func resolve(base, ref string) string {
	if ref == "" {
		return base
	}
	if strings.HasPrefix(ref, "http://") || strings.HasPrefix(ref, "https://") {
		return ref
	}
	base, _, _ = strings.Cut(base, "#")
	address, fragment, has := strings.Cut(ref, "#")
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	r, err := url.Parse(address)
	if err != nil {
		return ref
	}
	out := b.ResolveReference(r).String()
	if has {
		out += "#" + fragment
	}
	return out
}
