package app

import (
	"context"
	"math"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// provider as usage names it.
const provider = "salesforce"

// Ledger bills requests to those whose calls they were made for. One request serves many calls: it is
// split among tenants, lines of business and payers by their calls' shares, so that what all of them are
// billed adds up to what was sent.
type Ledger struct {
	tenants *tenant.Set
	records Records
	tel     *telemetry.Telemetry
}

// NewLedger makes a ledger.
func NewLedger(tenants *tenant.Set, records Records, tel *telemetry.Telemetry) *Ledger {
	return &Ledger{tenants: tenants, records: records, tel: tel}
}

// bearer is who pays for some calls.
type bearer struct{ tenant, lineOfBusiness, payer string }

// Bill publishes one usage event for each bearer of a request. It does not wait; what can't be kept is logged,
// and the broker's producer has tried for as long as the process lived. It is a [crm.Billed].
func (l *Ledger) Bill(ctx context.Context, r crm.Request, plans []*crm.Plan) {
	ctx = context.WithoutCancel(ctx)
	for _, s := range split(r.Amount, plans) {
		e := s.of.Event(r.End, l.usage(r, s))
		l.records.Send(ctx, e, func(err error) {
			if err != nil {
				l.tel.Log.ErrorContext(ctx, "a request to the CRM could not be billed",
					"tenant", s.of.Tenant, "amount", s.amount, "code", retry.Code(err))
			}
		})
	}
}

// part is one bearer's part of a request; the event is one of the first of his calls.
type part struct {
	of     events.Call
	payer  string
	amount float64
}

// split shares amount among the plans' bearers, in the order of their first calls. The last takes what
// rounding leaves, so that the parts add up.
func split(amount float64, plans []*crm.Plan) []part {
	index := map[bearer]int{}
	var parts []part
	var calls []int
	for _, p := range plans {
		b := bearer{p.Call.Tenant, p.Call.LineOfBusiness, payer(p.Payer)}
		i, known := index[b]
		if !known {
			i = len(parts)
			index[b] = i
			parts, calls = append(parts, part{of: p.Call, payer: b.payer}), append(calls, 0)
		}
		calls[i]++
	}
	left := amount
	for i := range parts {
		parts[i].amount = amount * float64(calls[i]) / float64(len(plans))
		if i == len(parts)-1 {
			parts[i].amount = left
		}
		left -= parts[i].amount
	}
	return parts
}

// payer of a call whose line nobody pays for by name is the central team.
func payer(p string) string {
	if p == "product" {
		return p
	}
	return "central"
}

func (l *Ledger) usage(r crm.Request, s part) *events.UsageRecorded {
	q := &events.Quantity{Unit: r.Unit, Amount: s.amount}
	u := &events.UsageRecorded{
		Provider: provider, Model: r.API, RequestId: r.ID, Quantities: []*events.Quantity{q}, Payer: s.payer,
		Outcome: "ok", At: timestamppb.New(r.End), Service: "crm-writer",
	}
	if r.Code != "" {
		u.Outcome = r.Code
	}
	t := l.tenants.ByID(s.of.Tenant)
	if t == nil {
		return u
	}
	u.PriceVersion = t.Prices.Version
	if nanos, per, known := t.PriceOf(provider, r.API, r.Unit); known && per > 0 {
		q.Price = &events.Price{Amount: &events.Money{Currency: t.Prices.Currency, Nanos: nanos}, Per: per}
		q.Cost = &events.Money{Currency: t.Prices.Currency, Nanos: int64(math.Round(float64(nanos) * s.amount / per))}
	}
	return u
}
