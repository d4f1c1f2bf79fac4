package allinone

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

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
		out[i] = report.Change{Seq: c.Seq, At: c.At, Op: c.Op, Object: c.Object, ID: c.ID, User: c.User, API: c.API}
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
	src := report.Sources{CRM: s.CRM, Conn: s.conn, Partitions: Partitions, Log: log}
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

// Endpoint is where one part listens and what opens it.
type Endpoint struct {
	Part       string `json:"part"`
	Address    string `json:"address"`
	Credential string `json:"credential,omitempty"`
}

// Endpoints are all parts of the stack. The credentials open nothing outside of it.
func (s *Stack) Endpoints() []Endpoint {
	all := []Endpoint{
		{"Twilio webhooks", s.PublicURL() + "/twilio/ACCOUNT/voice", ""},
		{"Kafka", s.kafka.Addr(), ""},
		{"Redis", s.redis.Addr(), ""},
		{"Salesforce", s.clouds.salesforce.URL(), ""},
		{"Salesforce Pub/Sub API (gRPC)", s.clouds.salesforce.PubSubAddr(), ""},
		{"Google Speech v2 (gRPC)", s.clouds.speech.Addr(), ""},
		{"Vertex AI (gRPC)", s.clouds.vertex.Addr(), ""},
		{"Twilio REST API", "http://" + s.clouds.carrier.Addr(), ""},
	}
	for _, t := range s.tenants.All() {
		numbers := make([]string, len(t.Numbers))
		for i, n := range t.Numbers {
			numbers[i] = n.Number
		}
		all = append(all,
			Endpoint{"  " + t.ID + "'s numbers " + strings.Join(numbers, " "), "account " + t.Twilio.AccountSID, "auth token " + t.Twilio.AuthTokens[0].Reveal()},
			Endpoint{"  " + t.ID + "'s org", "user admin@" + t.Salesforce.Org + ".example", "password " + Password})
	}
	for _, svc := range s.services {
		all = append(all, Endpoint{svc.name + "'s probes and metrics", "http://" + svc.admin, ""})
	}
	return all
}

// PrintEndpoints writes them as a table.
func (s *Stack) PrintEndpoints(w io.Writer) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"part", "where", "with"})
	for _, e := range s.Endpoints() {
		t.AppendRow(table.Row{e.Part, e.Address, e.Credential})
	}
	t.Render()
	fmt.Fprintln(w, "All of it listens on 127.0.0.1 only, and every credential is the sandbox's own.")
}
