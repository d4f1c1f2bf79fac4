package twilio

import "strings"

// region is where a number is from, as Twilio guesses it from the number alone.
type region struct{ city, state, zip, country string }

// regionOf knows the area codes that samples use; other numbers have a country only.
func regionOf(number string) region {
	areas := []struct {
		prefix string
		region
	}{
		{"+1206", region{"SEATTLE", "WA", "98101", "US"}},
		{"+1212", region{"NEW YORK", "NY", "10001", "US"}},
		{"+1305", region{"MIAMI", "FL", "33101", "US"}},
		{"+1312", region{"CHICAGO", "IL", "60601", "US"}},
		{"+1415", region{"SAN FRANCISCO", "CA", "94105", "US"}},
		{"+1512", region{"AUSTIN", "TX", "78701", "US"}},
		{"+1617", region{"BOSTON", "MA", "02108", "US"}},
		{"+1", region{country: "US"}},
		{"+34", region{country: "ES"}},
		{"+44", region{country: "GB"}},
		{"+49", region{country: "DE"}},
		{"+52", region{country: "MX"}},
		{"+33", region{country: "FR"}},
	}
	for _, a := range areas {
		if strings.HasPrefix(number, a.prefix) {
			return a.region
		}
	}
	return region{}
}

// put writes the region's parameters, e.g. FromCity.
func (r region) put(params map[string]string, side string) {
	params[side+"City"], params[side+"State"] = r.city, r.state
	params[side+"Zip"], params[side+"Country"] = r.zip, r.country
}

// display writes a number as Twilio shows it: national form for North America, else as it is.
func display(number string) string {
	n, ok := strings.CutPrefix(number, "+1")
	if !ok || len(n) != 10 {
		return number
	}
	return "(" + n[:3] + ") " + n[3:6] + "-" + n[6:]
}
