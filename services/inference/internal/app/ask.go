package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// question is everything that one call asks a model, and what its answer is held against.
type question struct {
	call   events.Call
	tenant *tenant.Tenant
	payer  string
	id     string // transcript
	full   bool   // the model sees the words themselves
	req    *model.Request
	shown  []shown
}

// key tells the question from others of the call: other words, another model, prompt or catalogue is another
// question.
func (q *question) key() string {
	sight := "redacted"
	if q.full {
		sight = "full"
	}
	return strings.Join([]string{
		q.id, sight, q.tenant.Inference.Provider, q.tenant.Inference.Model,
		"p" + PromptVersion + "r" + redact.Version, q.tenant.Catalogue.Version,
	}, ":")
}

// asked is what came of a question, as it is kept for whoever asks the same.
type asked struct {
	// Text is the answer that passed; empty if none did.
	Text string `json:"text,omitempty"`
	// Model in the provider's words.
	Model string `json:"model,omitempty"`
	// Requests that it took.
	Requests int `json:"requests"`
	// Bill of every request, as events.UsageRecorded in JSON.
	Bill []json.RawMessage `json:"bill,omitempty"`
	// Reason why there is no answer; Again tells whether asking later may bring one.
	Reason string `json:"reason,omitempty"`
	Again  bool   `json:"-"`
}

// errEnding tells that the partition was lost before an answer came.
var errEnding = errors.New("the partition is lost")

// ask puts q, unless somebody has its answer or is fetching it. The request outlives the partition: it has
// been paid for, and its answer is kept for the new owner. The error tells that this owner won't get it.
func (d *Desk) ask(ctx context.Context, q *question) (asked, error) {
	got := make(chan asked, 1)
	d.spawn(ctx, func(ctx context.Context) { got <- d.askOnce(ctx, q) })
	select {
	case a := <-got:
		return a, nil
	case <-d.ending(ctx):
		return asked{}, errEnding
	case <-ctx.Done():
		return asked{}, ctx.Err()
	}
}

func (d *Desk) askOnce(ctx context.Context, q *question) asked {
	kept, ticket, err := d.answers.Take(ctx, q.call.ID, q.key())
	if err != nil {
		d.meters.claimless.Add(ctx, 1)
		d.log.WarnContext(ctx, "asking without a claim: an answer may be bought twice", "call_id", q.call.ID, "error", retry.Code(err))
	}
	if kept != nil {
		var a asked
		if json.Unmarshal(kept, &a) == nil {
			return a
		}
	}
	a := d.converse(ctx, q)
	if ticket == nil {
		return a
	}
	// What is kept or given back must reach Redis though the process be stopping.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if a.Again {
		err = ticket.Drop(ctx)
	} else {
		raw, _ := json.Marshal(a) //nolint:errchkjson // strings and numbers always encode
		err = ticket.Keep(ctx, raw)
	}
	if err != nil {
		d.log.WarnContext(ctx, "an answer could not be kept: it may be bought again", "call_id", q.call.ID, "error", retry.Code(err))
	}
	return a
}

// converse asks, and once more if the answer doesn't bear up. The better of two answers counts: the repaired
// one if it can be used at all.
func (d *Desk) converse(ctx context.Context, q *question) asked {
	var a asked
	driver, err := d.models.Model(q.tenant)
	if err != nil {
		d.log.ErrorContext(ctx, "a tenant's model can't be opened", "tenant", q.tenant.ID, "error", retry.Code(err))
		return asked{Reason: reasonRefused, Again: true}
	}
	usable, req := "", q.req
	for range 2 {
		text, err := d.request(ctx, driver, q, req, &a)
		var faults []fault
		switch fault := model.FaultOf(err); {
		case err == nil:
			var ok *answer
			if ok, faults = check(text, q.tenant, q.shown); ok != nil {
				usable = text
			}
		case fault == model.Truncated:
			faults = truncated()
			text = "(cut off)"
		case usable == "":
			a.Reason, a.Again = reasonOf(fault), fault != model.Blocked
			return a
		}
		d.countFaults(ctx, faults)
		if len(faults) == 0 {
			break
		}
		req = repair(q.req, text, faults)
	}
	if a.Text = usable; usable == "" {
		a.Reason = reasonInvalid
	}
	return a
}

func truncated() []fault {
	return []fault{{code: "truncated", text: "it was cut off: keep the summary and the quotes short", fatal: true}}
}

// reasonOf a failure, in the words of the record.
func reasonOf(f model.Fault) string {
	switch f {
	case model.Quota:
		return reasonQuota
	case model.Blocked:
		return reasonBlocked
	case model.Gone, model.Refused:
		return reasonRefused
	case model.Truncated:
		return reasonInvalid
	case model.Unreachable, model.TimedOut:
	}
	return reasonModel
}

// request makes one request, and tries again within the budget while that may help. Every try is a usage of
// its own: providers bill failed ones too. A model that is left alone is not asked at all, and one that asks to be left
// alone while it is tried again is asked when that time is over, if the budget lasts so long.
func (d *Desk) request(ctx context.Context, driver model.Driver, q *question, req *model.Request, a *asked) (string, error) {
	dependency, text, fault := driver.Dependency(), "", model.Unreachable
	if held := d.breaker.Allow(dependency); held != nil {
		d.meters.requests.Add(ctx, 1, d.labels(q, "breaker_open"))
		return "", model.Fail(fault, breaker.CodeOpen, dependency, 0, held)
	}
	first := true
	err := retry.DoPausing(ctx, d.set.Ask, func(ctx context.Context) error {
		if !first {
			if held := d.breaker.Allow(dependency); held != nil {
				return model.Fail(fault, breaker.CodeOpen, dependency, retry.After(held), held)
			}
		}
		first = false
		began := d.now()
		ans, err := d.once(ctx, driver, q, req)
		d.meters.seconds.Record(ctx, d.now().Sub(began).Seconds(), d.labels(q, outcome(err)))
		a.Requests++
		d.bill(ctx, q, ans, err, a)
		if ans != nil {
			text, a.Model = ans.Text, ans.Model
		}
		d.report(ctx, dependency, err)
		if err != nil {
			fault = model.FaultOf(err)
		}
		return err
	}, d.pauseBetween)
	return text, err
}

// pauseBetween two tries. What is under way when the partition is lost is finished, for it is paid for; a further try is its
// new owner's, who waits for nothing else.
func (d *Desk) pauseBetween(ctx context.Context, pause time.Duration) error {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-d.ending(ctx):
		return errEnding
	case <-ctx.Done():
		return ctx.Err() //nolint:wrapcheck // it only tells that there is no further try
	}
}

// report tells the breaker what came of a try. A refusal of this one question, or of the model that this one tenant
// names, says nothing of the next; what was cut short by the end of the process says nothing at all.
func (d *Desk) report(ctx context.Context, dependency string, err error) {
	if ctx.Err() != nil {
		err = ctx.Err()
	} else if f := model.FaultOf(err); err != nil && (f == model.Blocked || f == model.Truncated || f == model.Gone) {
		err = nil
	}
	d.breaker.Report(dependency, err)
}

func (d *Desk) once(ctx context.Context, driver model.Driver, q *question, req *model.Request) (*model.Answer, error) {
	ctx, span := d.tracer.Start(ctx, "ask model")
	defer span.End()
	span.SetAttributes(attribute.String("gen_ai.provider.name", q.tenant.Inference.Provider),
		attribute.String("gen_ai.request.model", req.Model), attribute.String("frontdesk.tenant", q.tenant.ID))
	ctx, cancel := context.WithTimeout(ctx, time.Duration(q.tenant.Inference.Timeout))
	defer cancel()
	ans, err := driver.Ask(ctx, req)
	if err != nil {
		span.SetStatus(codes.Error, retry.Code(err))
	}
	if ans != nil {
		span.SetAttributes(attribute.Int("gen_ai.usage.input_tokens", ans.Usage.Input+ans.Usage.Cached),
			attribute.Int("gen_ai.usage.output_tokens", ans.Usage.Output+ans.Usage.Thought))
	}
	return ans, err
}

// bill publishes what one request cost and adds it to the question's bill.
func (d *Desk) bill(ctx context.Context, q *question, ans *model.Answer, err error, a *asked) {
	id, used, estimated := "", model.Usage{}, false
	if ans != nil {
		id, used = ans.ID, ans.Usage
	}
	var f *model.Failure
	if errors.As(err, &f) && f.Estimated > 0 && used.Total() == 0 {
		used, estimated = model.Usage{Input: f.Estimated}, true
	}
	if id == "" {
		id = attemptID()
	}
	u := usageOf(q.tenant, q.payer, id, outcome(err), used, estimated, d.now())
	d.countUsage(ctx, q, u)
	if raw, err := protojson.Marshal(u); err == nil {
		a.Bill = append(a.Bill, raw)
	}
	// The request is made, whatever becomes of us: its bill must get out. Nothing waits for it.
	e := q.call.Event(d.now(), u)
	d.spawn(ctx, func(ctx context.Context) {
		err := d.insist(ctx, q.call.ID, "publishing a request's usage", func(ctx context.Context) error { return d.out.Usage(ctx, e) })
		if err == nil {
			return
		}
		d.meters.unbilled.Add(ctx, 1, metric.WithAttributes(attribute.String("tenant", q.tenant.ID)))
		d.log.ErrorContext(ctx, "a request's usage could not be published", "call_id", q.call.ID, "usage_id", u.GetRequestId())
	})
}

// outcome is a request's end in our words.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	return string(model.FaultOf(err))
}

// attemptID names a request that the provider gave no id.
func attemptID() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return "attempt-" + hex.EncodeToString(b)
}
