package twilio

import (
	"net/http"
	"slices"
	"strings"
)

// accountResource is an account. Source: https://www.twilio.com/docs/iam/api/account
type accountResource struct {
	Sid             string            `json:"sid"`
	OwnerAccountSid string            `json:"owner_account_sid"`
	FriendlyName    string            `json:"friendly_name"`
	Status          string            `json:"status"`
	Type            string            `json:"type"`
	AuthToken       string            `json:"auth_token"`
	DateCreated     string            `json:"date_created"`
	DateUpdated     string            `json:"date_updated"`
	URI             string            `json:"uri"`
	SubresourceURIs map[string]string `json:"subresource_uris"`
}

// numberResource is an incoming number, with its webhooks as they were set, connection overrides included.
// Source: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
type numberResource struct {
	Sid                  string          `json:"sid"`
	AccountSid           string          `json:"account_sid"`
	PhoneNumber          string          `json:"phone_number"`
	FriendlyName         string          `json:"friendly_name"`
	APIVersion           string          `json:"api_version"`
	Beta                 bool            `json:"beta"`
	Capabilities         map[string]bool `json:"capabilities"`
	DateCreated          string          `json:"date_created"`
	DateUpdated          string          `json:"date_updated"`
	Origin               string          `json:"origin"`
	Status               string          `json:"status"`
	VoiceURL             string          `json:"voice_url"`
	VoiceMethod          string          `json:"voice_method"`
	VoiceFallbackURL     string          `json:"voice_fallback_url"`
	VoiceFallbackMethod  string          `json:"voice_fallback_method"`
	VoiceCallerIDLookup  bool            `json:"voice_caller_id_lookup"`
	VoiceReceiveMode     string          `json:"voice_receive_mode"`
	VoiceApplicationSid  *string         `json:"voice_application_sid"`
	TrunkSid             *string         `json:"trunk_sid"`
	StatusCallback       string          `json:"status_callback"`
	StatusCallbackMethod string          `json:"status_callback_method"`
	URI                  string          `json:"uri"`
}

// numberList is one page of numbers.
type numberList struct {
	page
	Numbers []numberResource `json:"incoming_phone_numbers"`
}

// born is when accounts and numbers were made: nobody asks.
const born = "Thu, 01 Jan 2026 00:00:00 +0000"

// fetchAccount is the account of the path. There are no subaccounts.
func (c *Carrier) fetchAccount(q *restRequest) {
	if q.id("account") != q.acct.SID {
		notFound(q)
		return
	}
	base := "/2010-04-01/Accounts/" + q.acct.SID
	q.answer(http.StatusOK, accountResource{
		Sid: q.acct.SID, OwnerAccountSid: q.acct.SID, FriendlyName: "Sandbox", Status: "active", Type: "Full", AuthToken: q.acct.first(),
		DateCreated: born, DateUpdated: born, URI: base + ".json",
		SubresourceURIs: map[string]string{"calls": base + "/Calls.json", "recordings": base + "/Recordings.json", "incoming_phone_numbers": base + "/IncomingPhoneNumbers.json"},
	})
}

// listNumbers lists the account's numbers in the order of their digits; PhoneNumber may be a part of one, with * for any digit.
func (c *Carrier) listNumbers(q *restRequest) {
	var found []numberResource
	for _, n := range q.acct.Numbers {
		if matchesNumber(n.PhoneNumber, q.Form.Get("PhoneNumber")) && (q.Form.Get("FriendlyName") == "" || q.Form.Get("FriendlyName") == display(n.PhoneNumber)) {
			found = append(found, numberOf(q.acct.SID, n))
		}
	}
	slices.SortFunc(found, func(a, b numberResource) int { return strings.Compare(a.PhoneNumber, b.PhoneNumber) })
	items, p, bad := paginate(q, found, func(r numberResource) string { return r.Sid })
	if bad != "" {
		q.refuse(http.StatusBadRequest, codeBadRequest, bad)
		return
	}
	q.answer(http.StatusOK, numberList{p, items})
}

func numberOf(account string, n Number) numberResource {
	id := sid("PN", n.PhoneNumber)
	return numberResource{
		Sid: id, AccountSid: account, PhoneNumber: n.PhoneNumber, FriendlyName: display(n.PhoneNumber), APIVersion: "2010-04-01",
		Capabilities: map[string]bool{"voice": true, "sms": false, "mms": false, "fax": false}, DateCreated: born, DateUpdated: born,
		Origin: "twilio", Status: "in-use", VoiceURL: n.VoiceURL, VoiceMethod: http.MethodPost, VoiceFallbackURL: n.VoiceFallbackURL,
		VoiceFallbackMethod: http.MethodPost, VoiceReceiveMode: "voice", StatusCallback: n.StatusCallback, StatusCallbackMethod: http.MethodPost,
		URI: "/2010-04-01/Accounts/" + account + "/IncomingPhoneNumbers/" + id + ".json",
	}
}

// matchesNumber tells whether a number holds a pattern.
func matchesNumber(number, pattern string) bool {
	digits, want := strings.TrimPrefix(number, "+"), strings.TrimPrefix(strings.TrimSpace(pattern), "+")
	for at := 0; at+len(want) <= len(digits); at++ {
		fits := true
		for i := range len(want) {
			fits = fits && (want[i] == '*' || want[i] == digits[at+i])
		}
		if fits {
			return true
		}
	}
	return false
}

// first is the token that signs.
func (a *account) first() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tokens[0]
}
