package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// Cost is what calls.usage says that something has cost.
type Cost struct {
	// Currency, ISO 4217.
	Currency string `json:"currency"`
	// Total is null as long as anything in it has no price: a part is never taken for the whole.
	Total *float64 `json:"total"`
	// Priced is the sum of what has a price; Unpriced counts the requests of which a part has none.
	Priced   float64 `json:"priced"`
	Unpriced int     `json:"unpriced"`
}

// Usage is one line of the bill: what one payer used of one product for one line of business.
type Usage struct {
	Tenant         string  `json:"tenant"`
	LineOfBusiness string  `json:"line_of_business"`
	Payer          string  `json:"payer"`
	Provider       string  `json:"provider"`
	Model          string  `json:"model"`
	Unit           string  `json:"unit"`
	Amount         float64 `json:"amount"`
	Currency       string  `json:"currency"`
	// Price of Per units, null if unknown; a price that changed on the way makes two lines.
	Price *float64 `json:"price"`
	Per   float64  `json:"per"`
	// Cost is null if the price is unknown.
	Cost *float64 `json:"cost"`
}

// nanos of a currency's unit, as [events.Money] has them.
const nanos = 1e9

// sum adds up requests in one currency. A request in another counts as unpriced: sums of two currencies are none.
func sum(currency string, requests []*events.UsageRecorded) Cost {
	c := Cost{Currency: currency}
	var priced int64
	for _, u := range requests {
		known := true
		for _, q := range u.GetQuantities() {
			switch {
			case q.GetAmount() == 0:
			case q.GetCost() == nil, q.GetCost().GetCurrency() != currency:
				known = false
			default:
				priced += q.GetCost().GetNanos()
			}
		}
		if !known {
			c.Unpriced++
		}
	}
	c.Priced = float64(priced) / nanos
	if c.Unpriced == 0 {
		c.Total = &c.Priced
	}
	return c
}

// totals are the costs of all requests by currency; what has no price at all has none, and stands under "".
func totals(ledger []*events.CallEvent) []Cost {
	byCurrency := map[string][]*events.UsageRecorded{}
	for _, e := range ledger {
		u, _ := e.Message().(*events.UsageRecorded)
		currency := ""
		for _, q := range u.GetQuantities() {
			currency = cmp.Or(currency, q.GetCost().GetCurrency())
		}
		byCurrency[currency] = append(byCurrency[currency], u)
	}
	costs := make([]Cost, 0, len(byCurrency))
	for _, currency := range slices.Backward(slices.Sorted(maps.Keys(byCurrency))) { // what has none comes last
		costs = append(costs, sum(currency, byCurrency[currency]))
	}
	return costs
}

// bill adds the ledger up by whom it is for and what it is for.
func bill(ledger []*events.CallEvent) []Usage {
	// One line for each of these; price is in nanos, and its currency is empty if it is unknown.
	type key struct {
		tenant, line, payer, provider, model, unit, currency string
		price                                                int64
		per                                                  float64
	}
	amounts, costs := map[key]float64{}, map[key]int64{}
	for _, e := range ledger {
		u, _ := e.Message().(*events.UsageRecorded)
		for _, q := range u.GetQuantities() {
			price := q.GetPrice().GetAmount()
			k := key{
				e.GetTenant(), e.GetLineOfBusiness(), u.GetPayer(), u.GetProvider(), u.GetModel(), q.GetUnit(),
				price.GetCurrency(), price.GetNanos(), q.GetPrice().GetPer(),
			}
			amounts[k] += q.GetAmount()
			costs[k] += q.GetCost().GetNanos()
		}
	}
	lines := make([]Usage, 0, len(amounts))
	for k, amount := range amounts {
		line := Usage{
			Tenant: k.tenant, LineOfBusiness: k.line, Payer: k.payer, Provider: k.provider, Model: k.model, Unit: k.unit, Amount: amount,
			Currency: k.currency, Per: k.per,
		}
		if k.currency != "" {
			line.Price, line.Cost = new(float64(k.price)/nanos), new(float64(costs[k])/nanos)
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b Usage) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.LineOfBusiness, b.LineOfBusiness), cmp.Compare(a.Payer, b.Payer),
			cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Currency, b.Currency),
			cmp.Compare(a.Amount, b.Amount))
	})
	return lines
}
