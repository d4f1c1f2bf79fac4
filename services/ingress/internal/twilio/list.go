package twilio

import (
	"context"
	"net/http"
	"strconv"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// Lister reads the accounts' own lists of calls. Safe for concurrent use.
type Lister struct {
	tenants *tenant.Set
	http    http.RoundTripper
}

// NewLister makes a lister of the tenants' accounts.
func NewLister(tenants *tenant.Set, transport http.RoundTripper) *Lister {
	return &Lister{tenants: tenants, http: transport}
}

// Listed is a root leg that rang for a tenant's number, as the account's list has it.
type Listed struct {
	// ID is the call's, Tenant whose number was dialled.
	ID, Tenant string
	// Started is when it began to ring; Ended when it ended, zero while it lives. Whole seconds.
	Started, Ended time.Time

	account string
	params  map[string]string
}

// listPage is the largest page of a list. https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources
const listPage = 1000

// Calls are the root legs of an account that began at since or later and rang for a number of a tenant, in no order. Legs that <Dial>
// made are left out, and so is what rang elsewhere: the list has all calls of the account, also those that are none of ours.
func (l *Lister) Calls(ctx context.Context, account string, since time.Time) ([]Listed, error) {
	t := l.tenants.ByAccount(account)
	if len(t) == 0 || len(t[0].Twilio.AuthTokens) == 0 {
		return nil, &retry.Error{Class: retry.Permanent, Code: "twilio.no-credentials"}
	}
	base, err := apiBase(t[0])
	if err != nil {
		return nil, err
	}
	// The client reads pages ahead of whoever takes them: it ends with the context if the last was not taken.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	api := newAPI(&transport{ctx: ctx, account: account, token: t[0].Twilio.AuthTokens[0], base: base, next: l.http})
	p := (&openapi.ListCallParams{}).SetPathAccountSid(account).SetStartTimeAfter(since.UTC()).SetPageSize(listPage)
	all, err := api.ListCall(p)
	if err != nil {
		return nil, api.classify("listing the account's calls", err)
	}
	var out []Listed
	for i := range all {
		if c, ours := l.listed(account, &all[i]); ours && !c.Started.Before(since.Truncate(time.Second)) {
			out = append(out, c)
		}
	}
	return out, nil
}

// listed reads one row; false for what is no call of ours.
func (l *Lister) listed(account string, row *openapi.ApiV2010Call) (Listed, bool) {
	to, _ := number(value(row.To))
	t, _ := l.tenants.ByNumber(to)
	if t == nil || t.Twilio.AccountSID != account || value(row.ParentCallSid) != "" || value(row.Direction) != "inbound" || !app.IsID(value(row.Sid)) {
		return Listed{}, false
	}
	c := Listed{ID: value(row.Sid), Tenant: t.ID, account: account, params: map[string]string{
		"CallSid": value(row.Sid), "From": value(row.From), "To": value(row.To), "CallStatus": value(row.Status), "Direction": value(row.Direction),
		"CallDuration": value(row.Duration), "ForwardedFrom": value(row.ForwardedFrom),
	}}
	var known bool
	if c.Started, known = parseTime(value(row.StartTime)); !known {
		return Listed{}, false // it has not been dialled yet
	}
	if _, over := ended(value(row.Status)); over {
		// The list leaves the end out where nobody answered, and the duration.
		if c.Ended, known = parseTime(value(row.EndTime)); !known {
			talked, _ := strconv.ParseUint(value(row.Duration), 10, 16)
			c.Ended = c.Started.Add(time.Duration(talked) * time.Second)
		}
		c.params["Timestamp"] = c.Ended.Format(time.RFC1123Z)
	}
	return c, true
}

// End is the event that the number's own status callback makes of a call that has ended, read the way that one is: the same event id,
// so that a callback that comes late is a repeat. Nil while the call lives, or if nobody has its number any more.
func (l *Lister) End(c Listed) *events.CallEvent {
	if c.Ended.IsZero() {
		return nil
	}
	h := &webhook{kind: "status", account: c.account, params: c.params, at: c.Ended, odd: func(string) {}}
	in := h.incoming()
	t, n := l.tenants.ByNumber(in.To)
	if t == nil {
		return nil
	}
	leg, _ := h.leg()
	return app.End(in, leg, t, n)
}
