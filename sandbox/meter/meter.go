// Package meter counts what a vendor would have billed, as an independent witness against our own ledger.
package meter

import (
	"cmp"
	"slices"
	"sync"
)

// Key is what is counted apart.
type Key struct {
	// Product, e.g. "googlespeech".
	Product string `json:"product"`
	// Account billed: project, org or account id.
	Account string `json:"account"`
	// Model or API; empty if the product has none.
	Model string `json:"model,omitempty"`
	// Unit as in events.Quantity.
	Unit string `json:"unit"`
}

// Row is one total.
type Row struct {
	Key
	Amount float64 `json:"amount"`
}

// Meter adds up. Safe for concurrent use; the zero value is empty and ready.
type Meter struct {
	mu   sync.Mutex
	rows map[Key]float64
}

// Add counts amount under k.
func (m *Meter) Add(k Key, amount float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows == nil {
		m.rows = map[Key]float64{}
	}
	m.rows[k] += amount
}

// Rows returns the totals in a stable order.
func (m *Meter) Rows() []Row {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := make([]Row, 0, len(m.rows))
	for k, v := range m.rows {
		rows = append(rows, Row{k, v})
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Product, b.Product), cmp.Compare(a.Account, b.Account),
			cmp.Compare(a.Model, b.Model), cmp.Compare(a.Unit, b.Unit))
	})
	return rows
}
