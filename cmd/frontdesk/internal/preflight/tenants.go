package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// loadFindings tells what is wrong with a folder of tenant files, which those services read.
func loadFindings(dir string, services []string, l loaded) []check.Finding {
	if l.err == nil {
		return []check.Finding{check.Okay("tenants.files", dir, "%s holds %d tenants; no number belongs to two of them.", dir, len(l.set.All()))}
	}
	var found []check.Finding
	for line := range strings.Lines(l.err.Error()) {
		found = append(found, check.Finding{
			Code: "tenants.files", Level: check.Fault, Subject: dir, What: "Tenant files are refused: " + strings.TrimRight(line, ".\n") + ".",
			Do: fmt.Sprintf("Correct it; until then %s can't start, and nothing was asked as %s would.", strings.Join(services, ", "), oneOrAll(services)),
		})
	}
	return found
}

func oneOrAll(services []string) string {
	if len(services) == 1 {
		return "it"
	}
	return "they"
}

// tenantCheck looks at what a tenant's file promises and lacks.
func tenantCheck(t *tenant.Tenant) check.Check {
	return check.Check{Part: "tenants", Tenant: t.ID, Run: func(context.Context) []check.Finding {
		found := slices.Concat(documents(t), prices(t), sandboxed(t))
		if !check.Worst(found).Worse(check.Note) {
			found = append([]check.Finding{check.Okay("tenants.file", t.ID, "The documents and prices that the file needs are there.")}, found...)
		}
		return found
	}}
}

// documents that must be on file before a third party hears or reads anything.
func documents(t *tenant.Tenant) []check.Finding {
	if !t.Speech.ThirdParty() {
		return nil
	}
	var found []check.Finding
	if !t.Privacy.ThirdPartySpeech.OnFile() {
		found = append(found, check.Finding{
			Code: "tenants.no_agreement", Level: check.Warning, Subject: "privacy.third_party_speech",
			What: "No agreement with the recogniser's provider is on file: nobody is heard, and every call is labelled by rule.",
			Do:   "Enter its reference and the day it was signed under privacy.third_party_speech.",
		})
	}
	if t.Consent.Policy == tenant.ConsentNotAsked && !t.Consent.Basis.OnFile() {
		found = append(found, check.Finding{
			Code: "tenants.no_basis", Level: check.Warning, Subject: "consent.basis",
			What: "Callers are not asked, and no ground for hearing them is on file: nobody is heard.",
			Do:   "Enter the document by which callers have agreed before they call under consent.basis, or ask them (consent.policy).",
		})
	}
	return found
}

// prices that a bill needs.
func prices(t *tenant.Tenant) []check.Finding {
	var unknown []string
	need := func(provider, model, unit string) {
		if _, _, known := t.PriceOf(provider, model, unit); !known {
			unknown = append(unknown, fmt.Sprintf("%s %s %s", provider, model, unit))
		}
	}
	if s := t.Speech; s.Provider != "none" {
		need(s.Provider, s.Model, "speech_second")
	}
	if i := t.Inference; i.Provider != "none" {
		need(i.Provider, i.Model, "input_token")
		need(i.Provider, i.Model, "output_token")
	}
	p := t.Salesforce.Pattern
	if p == tenant.PatternDirect || p == tenant.PatternBoth {
		need("salesforce", "rest", "api_call")
	}
	if p == tenant.PatternEvents || p == tenant.PatternBoth {
		need("salesforce", "pubsub", "request")
	}
	if len(unknown) == 0 {
		return nil
	}
	return []check.Finding{{
		Code: "tenants.price_unknown", Level: check.Warning, Subject: "prices", What: "What these cost is unknown, and stands as unknown in every bill: " + strings.Join(unknown, ", ") + ".",
		Do: "Add them to prices.units, from the providers' price lists.",
	}}
}

// sandboxed tells of what is spoken to in clear, which is right for a stand-in only.
func sandboxed(t *tenant.Tenant) []check.Finding {
	var keys []string
	for key, on := range map[string]bool{"speech": t.Speech.Insecure, "inference": t.Inference.Insecure, "salesforce": t.Salesforce.Insecure} {
		if on {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	slices.Sort(keys)
	return []check.Finding{{
		Code: "tenants.insecure", Level: check.Note, Subject: strings.Join(keys, ","),
		What: "Spoken to without TLS, as stand-ins are: " + strings.Join(keys, ", ") + ".",
	}}
}
