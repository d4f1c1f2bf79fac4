package allinone

import (
	"context"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// Place plays one call and returns the root leg's CallSid.
func (s *Stack) Place(ctx context.Context, c *calls.Call) (string, error) {
	r, err := s.clouds.carrier.Place(ctx, c)
	if r == nil {
		return "", err //nolint:wrapcheck // it names the call
	}
	return r.CallSid, err //nolint:wrapcheck // as above
}

// Carrier is the sandbox's Twilio, for tests that make mischief.
func (s *Stack) Carrier() *twilio.Carrier { return s.clouds.carrier }

// Prepare seeds what the org holds before the call.
func (s *Stack) Prepare(_ context.Context, c *calls.Call) error {
	if len(c.CRM) == 0 {
		return nil
	}
	records := make([]salesforce.Record, len(c.CRM))
	for i, r := range c.CRM {
		records[i] = salesforce.Record{Object: r.Object, Fields: r.Fields}
	}
	_, err := s.clouds.salesforce.Seed(s.org(c), records)
	return err //nolint:wrapcheck // it names the org
}

// Rest follows a call that has ended until nothing more can come of it, the package's trigger included.
func (s *Stack) Rest(sid string) func(ctx context.Context, until time.Time) (waitsFor string, err error) {
	rest := report.NewRest(s.conn, Partitions, sid)
	return func(ctx context.Context, until time.Time) (string, error) {
		if what, err := rest.Left(ctx, until); err != nil || what != "" {
			return what, err //nolint:wrapcheck // it says what it asked
		}
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := s.clouds.salesforce.Settled(ctx); err != nil {
			return "the trigger in Salesforce", nil //nolint:nilerr // it has not settled yet, and is asked again
		}
		return "", nil
	}
}

// org that the dialled number's tenant writes to.
func (s *Stack) org(c *calls.Call) string {
	if t, _ := s.tenants.ByNumber(c.To); t != nil {
		return t.Salesforce.Org
	}
	return ""
}

// CRM is the org that a call belongs in.
func (s *Stack) CRM(c *calls.Call) report.CRM { return orgView{s.clouds.salesforce, s.org(c)} }

// orgView looks into one org of the sandbox's Salesforce past its API.
type orgView struct {
	server *salesforce.Server
	org    string
}

// Changes implements report.CRM.
func (v orgView) Changes() []report.Change {
	log := v.server.ChangeLog(salesforce.Filter{Org: v.org})
	out := make([]report.Change, len(log))
	for i, c := range log {
		out[i] = report.Change{Seq: c.Seq, At: c.At, Op: c.Op, Object: c.Object, ID: c.ID, User: c.User, API: c.API, Request: c.Request, Fields: c.After}
	}
	return out
}

// Records implements report.CRM.
func (v orgView) Records(object string) []report.Record {
	rows := v.server.Records(v.org, object)
	out := make([]report.Record, len(rows))
	for i, r := range rows {
		id, _ := r["Id"].(string)
		out[i] = report.Record{Object: object, ID: id, Fields: r}
	}
	return out
}

// Sources are where a report on this stack looks; log is everything that its services have logged.
func (s *Stack) Sources(log string) report.Sources {
	src := report.Sources{CRM: s.CRM, Owner: s.tenants.ByNumber, Conn: s.conn, Partitions: Partitions, Log: log}
	for _, org := range s.clouds.salesforce.Orgs() {
		src.CRMs = append(src.CRMs, orgView{s.clouds.salesforce, org})
	}
	for _, r := range s.clouds.vertex.Asked() {
		src.Asked = append(src.Asked, r.Text)
	}
	return src
}

// Count adds to r what the clouds have counted and metered.
func (s *Stack) Count(r *report.Report) {
	for _, u := range s.clouds.salesforce.Usage() {
		r.SalesforceAPICalls += u.Calls
	}
	for _, row := range s.clouds.salesforce.Meter().Rows() {
		if row.Model == "pubsub" && row.Unit == "request" {
			r.PubSubRequests += int(row.Amount)
		}
		r.Metered = append(r.Metered, row)
	}
	r.Metered = append(r.Metered, s.clouds.speech.Meter().Rows()...)
	r.Metered = append(r.Metered, s.clouds.vertex.Meter().Rows()...)
	r.Metered = append(r.Metered, s.clouds.carrier.Meter().Rows()...)
}
