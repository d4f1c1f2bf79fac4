package inference

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/app"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
	"github.com/frontdesk/frontdesk/services/inference/internal/model/vertex"
)

// open is the one place that knows which products there are.
func open(ctx context.Context, i tenant.Inference) (model.Driver, error) {
	switch i.Provider {
	case "vertex":
		return vertex.Open(ctx, vertex.Config{
			Project: i.Project, Location: i.Location, Endpoint: i.Endpoint, Insecure: i.Insecure,
		})
	default:
		return nil, &retry.Error{Class: retry.Permanent, Code: "provider_unknown", Field: "inference.provider"}
	}
}

// drivers opens each model once, when it is first asked for: tenants with the same project share it.
type drivers struct {
	mu   sync.Mutex
	open map[tenant.Inference]model.Driver
}

var _ app.Models = (*drivers)(nil)

func newDrivers() *drivers { return &drivers{open: map[tenant.Inference]model.Driver{}} }

// Model returns the tenant's driver.
func (d *drivers) Model(t *tenant.Tenant) (model.Driver, error) {
	// What does not decide about the connection must not part it.
	k := t.Inference
	k.Model, k.Timeout, k.CostCenter, k.OnPrem = "", 0, "", false
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := d.open[k]; m != nil {
		return m, nil
	}
	m, err := open(context.Background(), k)
	if err != nil {
		return nil, fmt.Errorf("opening the model of tenant %s: %w", t.ID, err)
	}
	d.open[k] = m
	return m, nil
}

// Close closes every driver.
func (d *drivers) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, m := range d.open {
		errs = append(errs, m.Close())
	}
	clear(d.open)
	return errors.Join(errs...)
}
