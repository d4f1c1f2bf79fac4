package twilio

import "net/http"

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

// born is when accounts were made: nobody asks.
const born = "Thu, 01 Jan 2026 00:00:00 +0000"

// fetchAccount is the account of the path. There are no subaccounts.
func (c *Carrier) fetchAccount(q *restRequest) {
	if q.id("account") != q.acct.SID {
		notFound(q)
		return
	}
	base := "/2010-04-01/Accounts/" + q.acct.SID
	q.answer(http.StatusOK, accountResource{
		Sid: q.acct.SID, OwnerAccountSid: q.acct.SID, FriendlyName: "Sandbox", Status: "active", Type: "Full", AuthToken: q.acct.token(),
		DateCreated: born, DateUpdated: born, URI: base + ".json",
		SubresourceURIs: map[string]string{"calls": base + "/Calls.json", "recordings": base + "/Recordings.json", "incoming_phone_numbers": base + "/IncomingPhoneNumbers.json"},
	})
}
