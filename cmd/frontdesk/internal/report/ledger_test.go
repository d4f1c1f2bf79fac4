package report

import (
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// used is one request of one unit; a price of 0 nanos is unknown.
func used(unit string, amount float64, currency string, nanos int64) *events.UsageRecorded {
	q := &events.Quantity{Unit: unit, Amount: amount}
	if nanos > 0 {
		q.Cost = &events.Money{Currency: currency, Nanos: nanos}
		q.Price = &events.Price{Amount: &events.Money{Currency: currency, Nanos: 100_000_000}, Per: 1000}
	}
	return &events.UsageRecorded{Provider: "vertex", Model: "m", Payer: "product", Quantities: []*events.Quantity{q}}
}

func TestAPartIsNeverTakenForTheWhole(t *testing.T) {
	for name, c := range map[string]struct {
		requests []*events.UsageRecorded
		priced   float64
		unpriced int
	}{
		"nothing was used":         {nil, 0, 0},
		"all has a price":          {[]*events.UsageRecorded{used("a", 1, "USD", 1e6), used("b", 1, "USD", 2e6)}, 0.003, 0},
		"one has none":             {[]*events.UsageRecorded{used("a", 1, "USD", 1e6), used("b", 1, "", 0)}, 0.001, 1},
		"another currency":         {[]*events.UsageRecorded{used("a", 1, "EUR", 1e6)}, 0, 1},
		"nothing of what has none": {[]*events.UsageRecorded{used("a", 0, "", 0)}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := sum("USD", c.requests)
			if got.Priced != c.priced || got.Unpriced != c.unpriced || (got.Total == nil) != (c.unpriced > 0) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestTheBillAddsUpByWhomItIsFor(t *testing.T) {
	event := func(tenant, line string, u *events.UsageRecorded) *events.CallEvent {
		return events.Call{ID: "CA1", Leg: "CA1", Tenant: tenant, LineOfBusiness: line}.Event(time.Time{}, u)
	}
	ledger := []*events.CallEvent{
		event("globex", "sales", used("input_token", 10, "USD", 1e6)), event("acme", "sales", used("input_token", 1, "EUR", 5e6)),
		event("globex", "sales", used("input_token", 30, "USD", 3e6)), event("globex", "support", used("input_token", 7, "", 0)),
	}
	lines := bill(ledger)
	if len(lines) != 3 || lines[0].Tenant != "acme" || lines[1].Amount != 40 || *lines[1].Cost != 0.004 || *lines[1].Price != 0.1 ||
		lines[1].Per != 1000 || lines[2].Cost != nil || lines[2].Price != nil {
		t.Errorf("%+v", lines)
	}
	all := totals(ledger)
	if len(all) != 3 || all[0].Currency != "USD" || *all[0].Total != 0.004 || all[1].Currency != "EUR" || all[2].Total != nil || all[2].Unpriced != 1 {
		t.Errorf("%+v", all)
	}
}
