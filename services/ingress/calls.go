package ingress

import (
	"context"
	"net/http"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
)

// CallList is what the carrier itself knows of the tenants' calls, for those who look whether any webhook was lost. It reads only. Safe
// for concurrent use.
type CallList struct{ lister *twilio.Lister }

// ListedCall is a call that rang for a tenant's number, as the carrier lists it: its root leg; further legs are no calls.
type ListedCall = twilio.Listed

// NewCallList makes a list of the tenants' accounts, each asked with its first auth token. It reaches out to nobody.
func NewCallList(tenants *tenant.Set) *CallList {
	return &CallList{twilio.NewLister(tenants, &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true})}
}

// Since are the calls of an account that began at since or later. Errors are classified (package retry) and quote no number.
func (l *CallList) Since(ctx context.Context, account string, since time.Time) ([]ListedCall, error) {
	return l.lister.Calls(ctx, account, since) //nolint:wrapcheck // it says what it asked
}

// End is the event that the number's own status callback would have made of a call that has ended, id included; nil while it lives.
func (l *CallList) End(c ListedCall) *events.CallEvent { return l.lister.End(c) }
