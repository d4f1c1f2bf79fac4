package tenant

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// residencies are where data is kept: each with the clouds' locations that are there. A location is listed by
// hand, since its name tells the continent and not the law: northamerica-northeast1 is Montréal, europe-west2
// London and europe-west6 Zürich. What a cloud opens later is refused until somebody has looked where it is.
var residencies = map[string][]string{
	"us": {
		// Google Cloud: the multi-region and the regions in the United States.
		"us", "us-central1", "us-east1", "us-east4", "us-east5", "us-south1", "us-west1", "us-west2", "us-west3", "us-west4",
		// Amazon Web Services.
		"us-east-1", "us-east-2", "us-west-1", "us-west-2",
		// Twilio.
		"us1",
	},
	"eu": {
		// Google Cloud: the multi-region, and Belgium, Frankfurt, the Netherlands, Milan, Paris, Berlin, Turin, Finland,
		// Stockholm, Warsaw and Madrid.
		"eu", "europe-west1", "europe-west3", "europe-west4", "europe-west8", "europe-west9", "europe-west10", "europe-west12",
		"europe-north1", "europe-north2", "europe-central2", "europe-southwest1",
		// Amazon Web Services: Ireland, Paris, Frankfurt, Stockholm, Milan and Spain.
		"eu-west-1", "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2",
		// Twilio: Dublin. Salesforce's Pub/Sub API: the EU's operating zone.
		"ie1", "deu",
	},
}

// vendors are the domains of those whom a tenant may reach: nothing under them is the operator's own.
var vendors = []string{
	"googleapis.com", "google.com", "amazonaws.com", "amazonaws.com.cn", "api.aws", "azure.com", "microsoft.com", "openai.com",
	"anthropic.com", "twilio.com", "salesforce.com", "force.com", "cloudforce.com", "salesforce.mil",
}

func within(host, domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }

// isVendors tells whether a host is a vendor's.
func isVendors(host string) bool {
	return slices.ContainsFunc(vendors, func(domain string) bool { return within(host, domain) })
}

var (
	awsRegion    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
	twilioRegion = regexp.MustCompile(`^[a-z]{2}\d$`)
)

// locationOf is the location that a vendor's host names; "" if it names none:
//
//	us-speech.googleapis.com, aiplatform.eu.rep.googleapis.com, transcribe.us-east-1.amazonaws.com,
//	api.dublin.ie1.twilio.com, api.deu.pubsub.salesforce.com
func locationOf(host string) string {
	labels := strings.Split(host, ".")
	first := func(is func(label string) bool) string {
		if i := slices.IndexFunc(labels, is); i >= 0 {
			return labels[i]
		}
		return ""
	}
	switch {
	case within(host, "rep.googleapis.com") && len(labels) > 4:
		return labels[len(labels)-4]
	case within(host, "googleapis.com"):
		return labels[0][:max(0, strings.LastIndex(labels[0], "-"))]
	case within(host, "amazonaws.com"), within(host, "amazonaws.com.cn"), within(host, "api.aws"):
		return first(awsRegion.MatchString)
	case within(host, "twilio.com"):
		return first(twilioRegion.MatchString)
	case within(host, "pubsub.salesforce.com") && len(labels) > 4:
		return labels[len(labels)-4]
	}
	return ""
}

// resident checks a cloud location against where the tenant's data may be; "global" is nowhere in particular.
func (f *faults) resident(residency, at, location string) {
	f.need(isIn(residency, location), "%s: %q is not in %s, where privacy.residency keeps the data", at, location, residency)
}

// residentHost checks a vendor's host by the location that it names, and refuses one that names none where it
// must. Whose host it is and where it stands is, for any other, the tenant's own statement.
func (f *faults) residentHost(residency, at, host string, must bool) {
	location := locationOf(host)
	if !isVendors(host) || location == "" && !must {
		return
	}
	f.need(isIn(residency, location), "%s: %s names no place in %s, where privacy.residency keeps the data", at, host, residency)
}

func isIn(residency, location string) bool {
	list, limited := residencies[residency]
	return !limited || slices.Contains(list, location)
}

// hostOf is the host of "host:port", lower case.
func hostOf(endpoint string) (host string, ok bool) {
	host, port, err := net.SplitHostPort(endpoint)
	return strings.ToLower(host), err == nil && host != "" && port != ""
}

// urlHost is the host of an http or https URL, lower case, and whether the URL is in clear.
func urlHost(s string) (host string, inClear, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", false, false
	}
	return strings.ToLower(u.Hostname()), u.Scheme == "http", true
}

func isURL(s string) bool {
	_, _, ok := urlHost(s)
	return ok
}
