package app

import (
	"math"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
)

// service is our name in usage, claims and metrics.
const service = "inference"

// usageOf is the bill of one request to a provider.
func usageOf(t *tenant.Tenant, payer, requestID, outcome string, u model.Usage, estimated bool, at time.Time) *events.UsageRecorded {
	provider, name := t.Inference.Provider, t.Inference.Model
	r := &events.UsageRecorded{
		Provider: provider, Model: name, RequestId: requestID, Payer: payer, Estimated: estimated,
		Outcome: outcome, At: timestamppb.New(at), PriceVersion: t.Prices.Version, Service: service,
	}
	for _, q := range []struct {
		unit   string
		amount int
		always bool
	}{
		{"input_token", u.Input, true}, {"cached_token", u.Cached, false},
		{"thought_token", u.Thought, false}, {"output_token", u.Output, true},
	} {
		if q.amount > 0 || q.always {
			r.Quantities = append(r.Quantities, priced(t, provider, name, q.unit, float64(q.amount)))
		}
	}
	return r
}

// priced is one quantity with its price and cost; both are absent if the price is unknown, never 0.
func priced(t *tenant.Tenant, provider, name, unit string, amount float64) *events.Quantity {
	q := &events.Quantity{Unit: unit, Amount: amount}
	nanos, per, known := t.PriceOf(provider, name, unit)
	if !known || per <= 0 {
		return q
	}
	money := func(n int64) *events.Money { return &events.Money{Currency: t.Prices.Currency, Nanos: n} }
	q.Price = &events.Price{Amount: money(nanos), Per: per}
	q.Cost = money(int64(math.Round(amount / per * float64(nanos))))
	return q
}

// addCost adds one request's bill to what the call has cost. A usage of which any part has no price counts as
// unpriced, so that the total is never taken for the whole.
func addCost(c *events.Cost, u *events.UsageRecorded) *events.Cost {
	if c == nil {
		c = &events.Cost{}
	}
	unpriced := false
	for _, q := range u.GetQuantities() {
		switch {
		case q.GetAmount() == 0:
		case q.GetCost() == nil:
			unpriced = true
		default:
			if c.Total == nil {
				c.Total = &events.Money{Currency: q.GetCost().GetCurrency()}
			}
			if c.GetTotal().GetCurrency() != q.GetCost().GetCurrency() {
				unpriced = true // the tenant changed its currency within the call: sums of two are none
				continue
			}
			c.Total.Nanos += q.GetCost().GetNanos()
		}
	}
	if unpriced {
		c.Unpriced++
	}
	return c
}

// payerOf a call: what its CallStarted said, or the dialled number's in the tenant's file.
func payerOf(f *events.CallFacts, tenants *tenant.Set) string {
	if f.GetPayer() != "" {
		return f.GetPayer()
	}
	if _, n := tenants.ByNumber(f.GetTo()); n != nil && n.Payer != "" {
		return n.Payer
	}
	return "central"
}
