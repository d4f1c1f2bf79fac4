package twilio

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
)

// Codes for a number's settings. Source: https://www.twilio.com/docs/api/errors/21402 and /21403
const (
	codeNumberURL    = 21402
	codeNumberMethod = 21403
)

// numberResource is a phone number as the API writes it; what the sandbox has no use for is as on a new number.
// Source: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
type numberResource struct {
	Sid                    string            `json:"sid"`
	AccountSid             string            `json:"account_sid"`
	FriendlyName           string            `json:"friendly_name"`
	PhoneNumber            string            `json:"phone_number"`
	VoiceURL               string            `json:"voice_url"`
	VoiceMethod            string            `json:"voice_method"`
	VoiceFallbackURL       string            `json:"voice_fallback_url"`
	VoiceFallbackMethod    string            `json:"voice_fallback_method"`
	VoiceCallerIDLookup    bool              `json:"voice_caller_id_lookup"`
	VoiceReceiveMode       string            `json:"voice_receive_mode"`
	StatusCallback         string            `json:"status_callback"`
	StatusCallbackMethod   string            `json:"status_callback_method"`
	SmsURL                 string            `json:"sms_url"`
	SmsMethod              string            `json:"sms_method"`
	SmsFallbackURL         string            `json:"sms_fallback_url"`
	SmsFallbackMethod      string            `json:"sms_fallback_method"`
	VoiceApplicationSid    string            `json:"voice_application_sid"`
	SmsApplicationSid      string            `json:"sms_application_sid"`
	TrunkSid               *string           `json:"trunk_sid"`
	AddressRequirements    string            `json:"address_requirements"`
	AddressSid             *string           `json:"address_sid"`
	BundleSid              *string           `json:"bundle_sid"`
	IdentitySid            *string           `json:"identity_sid"`
	EmergencyStatus        string            `json:"emergency_status"`
	EmergencyAddressSid    *string           `json:"emergency_address_sid"`
	EmergencyAddressStatus string            `json:"emergency_address_status"`
	Beta                   bool              `json:"beta"`
	Capabilities           map[string]bool   `json:"capabilities"`
	Origin                 string            `json:"origin"`
	Status                 string            `json:"status"`
	Type                   string            `json:"type"`
	DateCreated            string            `json:"date_created"`
	DateUpdated            string            `json:"date_updated"`
	APIVersion             string            `json:"api_version"`
	URI                    string            `json:"uri"`
	SubresourceURIs        map[string]string `json:"subresource_uris"`
}

func (c *Carrier) numberResource(o owned) numberResource {
	id := sid("PN", o.number.PhoneNumber)
	uri := "/" + apiVersion + "/Accounts/" + o.acct.SID + "/IncomingPhoneNumbers/" + id
	return numberResource{
		Sid: id, AccountSid: o.acct.SID, FriendlyName: cmp.Or(o.friendly, display(o.number.PhoneNumber)), PhoneNumber: o.number.PhoneNumber,
		VoiceURL: o.number.VoiceURL, VoiceMethod: http.MethodPost, VoiceFallbackURL: o.number.VoiceFallbackURL, VoiceFallbackMethod: http.MethodPost,
		VoiceReceiveMode: "voice", StatusCallback: o.number.StatusCallback, StatusCallbackMethod: http.MethodPost,
		SmsMethod: http.MethodPost, SmsFallbackMethod: http.MethodPost, AddressRequirements: "none",
		EmergencyStatus: "Inactive", EmergencyAddressStatus: "unregistered", Capabilities: map[string]bool{"voice": true, "sms": false, "mms": false, "fax": false},
		Origin: "twilio", Status: "in-use", Type: "local", DateCreated: rfc2822(c.began), DateUpdated: rfc2822(cmp.Or(o.changed, c.began)),
		APIVersion: apiVersion, URI: uri + ".json", SubresourceURIs: map[string]string{"assigned_add_ons": uri + "/AssignedAddOns.json"},
	}
}

// numbersOf are an account's, by number.
func (c *Carrier) numbersOf(a *account) []owned {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []owned
	for _, o := range c.numbers {
		if o.acct == a {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(x, y owned) int { return cmp.Compare(x.number.PhoneNumber, y.number.PhoneNumber) })
	return list
}

// numberList is one page of numbers.
type numberList struct {
	page
	IncomingPhoneNumbers []numberResource `json:"incoming_phone_numbers"`
}

// listNumbers lists the account's numbers. PhoneNumber may be a part of a number, with * for any digit.
func (c *Carrier) listNumbers(q *restRequest) {
	var found []numberResource
	for _, o := range c.numbersOf(q.acct) {
		r := c.numberResource(o)
		name, beta, origin := q.Form.Get("FriendlyName"), q.Form.Get("Beta"), q.Form.Get("Origin")
		if likeNumber(r.PhoneNumber, q.Form.Get("PhoneNumber")) && (name == "" || name == r.FriendlyName) && beta != "true" && (origin == "" || origin == r.Origin) {
			found = append(found, r)
		}
	}
	items, p, bad := paginate(q, found, func(r numberResource) string { return r.Sid })
	if bad != "" {
		q.refuse(http.StatusBadRequest, codeBadRequest, bad)
		return
	}
	q.answer(http.StatusOK, numberList{p, items})
}

// likeNumber tells whether a number holds a pattern of digits and *.
func likeNumber(number, pattern string) bool {
	digits := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimPrefix(pattern, "+")), `\*`, "[0-9]")
	like, err := regexp.MatchString(digits, number)
	return err == nil && like
}

// withNumber finds the number that the path names.
func (c *Carrier) withNumber(q *restRequest, serve func(owned)) {
	for _, o := range c.numbersOf(q.acct) {
		if sid("PN", o.number.PhoneNumber) == q.id("number") {
			serve(o)
			return
		}
	}
	notFound(q)
}

func (c *Carrier) fetchNumber(q *restRequest) {
	c.withNumber(q, func(o owned) { q.answer(http.StatusOK, c.numberResource(o)) })
}

// updateNumber changes how calls that come in from now on are handled.
func (c *Carrier) updateNumber(q *restRequest) {
	c.withNumber(q, func(o owned) {
		if code, bad := o.update(q.Request.PostForm); bad != "" {
			q.refuse(http.StatusBadRequest, code, bad)
			return
		}
		o.changed = time.Now()
		c.mu.Lock()
		c.numbers[o.number.PhoneNumber] = o
		c.mu.Unlock()
		q.answer(http.StatusOK, c.numberResource(o))
	})
}

// update takes a form's settings. bad says what can't be taken.
func (o *owned) update(form url.Values) (code int, bad string) {
	for _, name := range slices.Sorted(maps.Keys(form)) {
		value := form.Get(name)
		switch name {
		case "FriendlyName":
			o.friendly = value
		case "VoiceMethod", "VoiceFallbackMethod", "StatusCallbackMethod":
			switch value {
			case http.MethodPost:
			case http.MethodGet:
				return codeBadRequest, "The sandbox asks a number's URLs by POST only"
			default:
				return codeNumberMethod, name + " is not valid"
			}
		default:
			setting := o.number.url(name)
			if setting == nil {
				return codeBadRequest, "The sandbox does not play " + name
			}
			if _, _, err := webhook.Split(value); value != "" && err != nil {
				return codeNumberURL, name + " is not valid"
			}
			*setting = value
		}
	}
	return 0, ""
}

// url finds a setting by its parameter's name; nil if there is none.
func (n *Number) url(name string) *string {
	switch name {
	case "VoiceUrl":
		return &n.VoiceURL
	case "VoiceFallbackUrl":
		return &n.VoiceFallbackURL
	case "StatusCallback":
		return &n.StatusCallback
	default:
		return nil
	}
}
