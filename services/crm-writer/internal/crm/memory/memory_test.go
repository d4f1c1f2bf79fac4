package memory_test

import (
	"testing"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/drivertest"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/memory"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, func(*testing.T) *drivertest.Harness {
		c := &memory.CRM{}
		return &drivertest.Harness{
			Driver:  c,
			Seed:    func(_ *testing.T, object string, fields map[string]any) string { return c.Seed(object, fields) },
			Records: func(_ *testing.T, object string) []map[string]any { return c.Records(object) },
		}
	})
}
