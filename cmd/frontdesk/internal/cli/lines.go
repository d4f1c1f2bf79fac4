package cli

import (
	"fmt"
	"slices"

	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

// linesOf describes the tenants' numbers to the check of a folder of calls.
func linesOf(tenants []*tenant.Tenant) (calls.Lines, error) {
	crms, err := examiners(tenants)
	if err != nil {
		return nil, err
	}
	var lines calls.Lines
	for _, t := range tenants {
		for _, n := range t.Numbers {
			lines = append(lines, lineOf(t, n, crms[t.Salesforce.Org]))
		}
	}
	return lines, nil
}

func lineOf(t *tenant.Tenant, n tenant.Number, crm calls.CRM) calls.Line {
	l := calls.Line{
		Number: n.Number, Tenant: t.ID, Voicemail: n.Onward.Voicemail != nil, CRM: crm,
		// What the shipped mapping writes, and what a report looks for.
		Objects: []string{"Lead", "Contact", "Case", "Task", "ContentVersion"},
	}
	for _, tag := range append([]string{n.Language}, t.Speech.Languages...) {
		if !slices.Contains(l.Languages, tag) {
			l.Languages = append(l.Languages, tag)
		}
	}
	switch t.Consent.Policy {
	case tenant.ConsentAsk:
		l.Consent, l.Grant = calls.AskedByKeypad, t.Consent.GrantDigit
	case tenant.ConsentReported:
		l.Consent = calls.ReportedByAgent
	case tenant.ConsentNotAsked:
		l.Consent = calls.NotAsked
	}
	r := t.Catalogue.Rules
	for _, label := range []tenant.Label{r.HangUp, r.Silent, r.Unheard, r.Voicemail, r.Unavailable} {
		l.Ruled = append(l.Ruled, label.Disposition)
	}
	for _, in := range t.Catalogue.Intents {
		l.Intents = append(l.Intents, in.Name)
	}
	for _, d := range t.Catalogue.Dispositions {
		l.Dispositions = append(l.Dispositions, d.Name)
		if d.AgentOnly {
			l.PersonOnly = append(l.PersonOnly, d.Name)
		}
	}
	return l
}

// examiners are one for each org, with what its tenants' catalogues may write in its picklists.
func examiners(tenants []*tenant.Tenant) (map[string]*salesforce.Examiner, error) {
	orgs := map[string]salesforce.Org{}
	for _, t := range tenants {
		o := orgs[t.Salesforce.Org]
		o.Name = t.Salesforce.Org
		for _, in := range t.Catalogue.Intents {
			o.Intents = append(o.Intents, in.Name)
		}
		for _, d := range t.Catalogue.Dispositions {
			o.Dispositions = append(o.Dispositions, d.Name)
		}
		orgs[o.Name] = o
	}
	crms := map[string]*salesforce.Examiner{}
	for name, o := range orgs {
		e, err := salesforce.NewExaminer(o)
		if err != nil {
			return nil, fmt.Errorf("org %s: %w", name, err)
		}
		crms[name] = e
	}
	return crms, nil
}
