package report

import (
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

func TestWhyThereIsNoRecord(t *testing.T) {
	tn := &tenant.Tenant{}
	tn.Salesforce.MinNameConfidence = 0.8
	tn.Catalogue.Intents = []tenant.Intent{
		{Name: "BookDemo", Kind: tenant.IntentSales}, {Name: "SupportRequest", Kind: tenant.IntentSupport}, {Name: "Spam", Kind: tenant.IntentNone},
	}
	own := &tenant.Tenant{}
	own.Salesforce.Mapping = "own.yaml"
	written := &events.CallRecord{CrmStatus: events.CrmStatus_CRM_STATUS_WRITTEN}
	of := func(intent string, details ...*events.Detail) *trail {
		return &trail{record: written, found: &events.CallInsight{Intent: &events.Finding{Value: intent, Confidence: 0.9}, Details: details}}
	}
	unsure := &events.Detail{Name: "last_name", Value: "x", Confidence: 0.62}
	contact := holding{records: map[string][]Record{"Contact": {{"Contact", "003", nil}}}}
	several := holding{records: map[string][]Record{"Task": {{"Task", "00T", map[string]any{"Subject": "Review call: several people have this number"}}}}}
	for name, c := range map[string]struct {
		trail  *trail
		tenant *tenant.Tenant
		object string
		holds  holding
		want   string
	}{
		"dead letter":      {&trail{dead: []DeadLetter{{"CA1", "calls.insights", "crm-writer", "salesforce.STRING_TOO_LONG", "Subject"}}}, tn, "Lead", holding{}, "crm-writer gave up a message of calls.insights: salesforce.STRING_TOO_LONG at Subject"},
		"never decided":    {&trail{}, tn, "Task", holding{}, "never decided"},
		"never written":    {&trail{found: &events.CallInsight{}}, tn, "Lead", holding{}, "never written"},
		"refused":          {&trail{notFound: &events.InsightUnavailable{}, record: &events.CallRecord{CrmStatus: events.CrmStatus_CRM_STATUS_FAILED, ErrorCode: "salesforce.X"}}, tn, "Lead", holding{}, "refused the call: salesforce.X"},
		"no findings":      {&trail{notFound: &events.InsightUnavailable{Reason: "quota"}, record: written}, tn, "Lead", holding{}, "no findings (quota)"},
		"own mapping":      {of("BookDemo"), own, "Lead", holding{}, "the tenant's own mapping"},
		"intent of none":   {of("Spam"), tn, "Lead", holding{}, "intent Spam (0.90) is of kind none"},
		"intent for cases": {of("SupportRequest"), tn, "Lead", holding{}, "is of kind support"},
		"several people":   {of("BookDemo"), tn, "Lead", several, "several people"},
		"a contact":        {of("BookDemo"), tn, "Lead", contact, "that of Contact 003"},
		"no name":          {of("BookDemo"), tn, "Lead", holding{}, "no name was understood"},
		"unsure name":      {of("BookDemo", unsure), tn, "Lead", holding{}, "confidence of 0.62, the tenant wants 0.80"},
		"no further task":  {of("BookDemo"), tn, "Task", holding{}, "nothing more to do"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.trail.why(c.object, c.tenant, c.holds); !strings.Contains(got, c.want) {
				t.Errorf("%q, want it to hold %q", got, c.want)
			}
		})
	}
}
