package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// maxBody bounds a webhook's body; Twilio's have some 2 KB.
const maxBody = 64 << 10

// route is one kind of webhook.
type route struct {
	kind string
	// twiml: a caller waits for the answer, so there always is one.
	twiml bool
	// json: bodies in JSON are understood, too.
	json   bool
	handle func(context.Context, *webhook) answer
}

// webhook is a request whose signature is good.
type webhook struct {
	kind, account string
	// params are the form's, or the JSON object's; the first value of each.
	params map[string]string
	// facts are the token's; noToken says why there are none.
	facts   app.Facts
	noToken error
	at      time.Time
	// odd counts a parameter whose value can't be.
	odd func(param string)
}

// answer is what goes back. outcome is a metric's label.
type answer struct {
	status  int
	twiml   string
	text    string
	outcome string
}

// errNoToken: the URL has no token.
var errNoToken = errors.New("the URL has no call token")

// webhook wraps a route: read, believe, handle, count.
func (s *Server) webhook(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		begun := time.Now()
		ctx := req.Context()
		h, a := s.read(r, req)
		if h != nil {
			a = s.handle(ctx, r, h)
		}
		s.m.Webhook(ctx, r.kind, a.outcome, time.Since(begun))
		a.write(w)
	})
}

// handle runs the handler in the call's trace. A panic is a bug, and no reason to drop a caller.
func (s *Server) handle(ctx context.Context, r route, h *webhook) (a answer) {
	ctx, span := s.tracer.Start(telemetry.WithCall(ctx, h.call()), "ingress."+r.kind, trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	defer func() {
		if p := recover(); p != nil {
			s.log.ErrorContext(ctx, "a webhook handler panicked", "kind", r.kind, "stack", string(debug.Stack()))
			a = answer{status: http.StatusInternalServerError, outcome: "panic"}
			if r.twiml {
				a = answer{status: http.StatusOK, twiml: fallbackTwiML, outcome: "panic"}
			}
		}
		span.SetAttributes(attribute.String("frontdesk.outcome", a.outcome))
	}()
	return r.handle(ctx, h)
}

// read takes a request apart and checks its signature. Without a webhook the answer is the refusal.
func (s *Server) read(r route, req *http.Request) (*webhook, answer) {
	account, signature := req.PathValue("account"), req.Header.Get(signatureHeader)
	if signature == "" || len(s.auth[account]) == 0 {
		return nil, s.unsigned(req.Context(), r)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, req.Body, maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, refusal(http.StatusRequestEntityTooLarge, "too-large", "the body is too large")
		}
		return nil, refusal(http.StatusBadRequest, "unreadable", "the body could not be read")
	}
	params, isJSON, a := parameters(r, req, body)
	if params == nil {
		return nil, a
	}
	signed, ok := s.links.signedURL(req)
	switch {
	case !ok:
	case isJSON:
		ok = req.URL.Query().Has("bodySHA256") && s.auth.body(account, signed, body, signature)
	default:
		ok = s.auth.form(account, signed, params, signature)
	}
	if !ok {
		return nil, s.unsigned(req.Context(), r)
	}
	if sid := params["AccountSid"]; sid != "" && sid != account {
		s.m.Refused(req.Context(), r.kind, "account")
		return nil, refusal(http.StatusForbidden, "refused", "AccountSid is not the account of the path")
	}
	if name := strangeID(params); name != "" {
		return nil, refusal(http.StatusUnprocessableEntity, "invalid", name+" must be letters and digits, 64 at most")
	}
	h := &webhook{kind: r.kind, account: account, params: params, at: s.now()}
	h.odd = func(param string) { s.m.Odd(req.Context(), r.kind, param) } //nolint:contextcheck // the request's own
	h.facts, h.noToken = s.facts(req.URL.Query(), account, h.at)
	return h, answer{}
}

// strangeID names the parameter whose id can't be one, "" if there is none. Ids become keys of messages, of claims
// and of records, and what a Studio flow fills in by hand is worth a look: a stray space would be another call.
func strangeID(params map[string]string) string {
	for _, name := range []string{"CallSid", "ParentCallSid", "DialCallSid", "RecordingSid", "StreamSid"} {
		if id := params[name]; id != "" && !app.IsID(id) {
			return name
		}
	}
	return ""
}

func (s *Server) unsigned(ctx context.Context, r route) answer {
	s.m.Refused(ctx, r.kind, "signature")
	return refusal(http.StatusForbidden, "refused", "the signature is missing or wrong")
}

// facts opens the token of a URL.
func (s *Server) facts(query url.Values, account string, now time.Time) (app.Facts, error) {
	token := query.Get("t")
	if token == "" {
		return app.Facts{}, errNoToken
	}
	f, err := s.tokens.Open(token, now)
	if err != nil {
		return app.Facts{}, err //nolint:wrapcheck // the reasons are calltoken's
	}
	if f.Account != account {
		return app.Facts{}, app.ErrNotOurs
	}
	return f, nil
}

// parameters reads a form, or a flat JSON object where the route takes one.
func parameters(r route, req *http.Request, body []byte) (params map[string]string, isJSON bool, a answer) {
	kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, false, refusal(http.StatusBadRequest, "unreadable", "the form can't be parsed")
		}
		params = make(map[string]string, len(values))
		for k, v := range values {
			params[k] = v[0]
		}
		return params, false, a
	case err == nil && kind == "application/json" && r.json:
		params = map[string]string{}
		if json.Unmarshal(body, &params) != nil || params == nil {
			return nil, true, refusal(http.StatusBadRequest, "unreadable", "the body must be one JSON object of texts")
		}
		return params, true, a
	default:
		return nil, false, refusal(http.StatusUnsupportedMediaType, "unreadable", "this content type is not understood here")
	}
}

// call is the root call's id as far as the request tells, for the trace.
func (h *webhook) call() string {
	if h.noToken == nil {
		return h.facts.CallID
	}
	return h.root()
}

// root is the root leg's id: Twilio's ParentCallSid or else CallSid.
func (h *webhook) root() string {
	if p := h.params["ParentCallSid"]; p != "" {
		return p
	}
	return h.params["CallSid"]
}

func refusal(status int, outcome, text string) answer {
	return answer{status: status, text: text, outcome: outcome}
}

// stored is the answer of a webhook that nobody waits for: 204, or what the error asks for.
func (s *Server) stored(ctx context.Context, h *webhook, err error) answer {
	switch {
	case err == nil:
		return answer{status: http.StatusNoContent, outcome: "ok"}
	case errors.Is(err, app.ErrUnknownCall):
		return answer{status: http.StatusNoContent, outcome: "unknown-number"}
	case errors.Is(err, app.ErrNotOurs):
		return refusal(http.StatusForbidden, "foreign", err.Error())
	case errors.Is(err, app.ErrInvalid):
		return refusal(http.StatusUnprocessableEntity, "invalid", err.Error())
	case retry.IsPermanent(err):
		s.log.ErrorContext(ctx, "a webhook failed for good", "kind", h.kind, "call", h.call(), "error", err)
		return refusal(http.StatusUnprocessableEntity, "failed", "this failed, and would fail again")
	default:
		s.log.WarnContext(ctx, "a webhook could not be stored; Twilio is asked to try again", "kind", h.kind, "call", h.call(), "error", err)
		return refusal(http.StatusServiceUnavailable, "unavailable", "try again")
	}
}

// untrusted is the answer to a callback whose token is missing, forged or expired.
func (s *Server) untrusted(ctx context.Context, h *webhook) answer {
	s.m.Refused(ctx, h.kind, "token")
	return refusal(http.StatusForbidden, "refused", h.noToken.Error())
}

func (a answer) write(w http.ResponseWriter) {
	switch {
	case a.twiml != "":
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.twiml) // Twilio has hung up; there is nobody left to tell
	case a.text != "":
		http.Error(w, a.text, a.status)
	default:
		w.WriteHeader(a.status)
	}
}
