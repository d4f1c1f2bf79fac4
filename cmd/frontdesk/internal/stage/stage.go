// Package stage is what stands around the services, wherever they run: the stand-ins for the clouds that they talk to, the carrier
// that rings them, and the look at what came of a call. The all-in-one has its services in the same process; a run on real parts
// has them in processes of their own.
package stage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/googlespeech"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
	"github.com/frontdesk/frontdesk/sandbox/vertexai"
)

// Config of a stage.
type Config struct {
	// Addrs are where the stand-ins listen.
	Addrs Addrs
	// Host is the name or address that others reach the stand-ins by; empty if it is the one that they listen on. Who listens on
	// 0.0.0.0, as in a container, needs one.
	Host string
	// DataDir keeps the sandbox's Salesforce and the keys over a restart; empty keeps them in memory.
	DataDir string
	// Tenants are the tenants, whose endpoints and keys are pointed at the stand-ins.
	Tenants []*tenant.Tenant
	// OwnCarrier leaves the tenants' carrier as their files say: a real one rings.
	OwnCarrier bool
	// Calls teach the stand-ins what they will hear.
	Calls []*calls.Call
	// Speed is how much faster than life the carrier plays calls.
	Speed float64
	// PausingTrack makes the carrier send nothing on a track while nothing is played on it.
	PausingTrack bool
	// StreamTick is the carrier's, too; 0 is its default.
	StreamTick time.Duration
	// RetryPause is the carrier's before the second try of a webhook; 0 is its default.
	RetryPause time.Duration
	// Seed of the carrier's CallSids and of its chance; 0 draws one. A stage that keeps its state must never see a CallSid twice.
	Seed uint64
}

// Addrs are host:port of the stand-ins; port 0 takes a free one.
type Addrs struct{ Salesforce, PubSub, Speech, Vertex, Twilio string }

// Stage is set up by [Set]. Its methods may be called concurrently, once Ring has returned.
type Stage struct {
	cfg     Config
	keys    keys
	clouds  clouds
	tenants *tenant.Set
	conn    *broker.Conn
	parts   int
}

// Set starts the stand-ins, but for the carrier, and points the tenants at them. Its own Kafka it is told by [Stage.Watch].
func Set(ctx context.Context, cfg Config) (_ *Stage, err error) {
	s := &Stage{cfg: cfg}
	if s.keys, err = loadKeys(cfg.DataDir); err != nil {
		return nil, err
	}
	if err := s.clouds.start(ctx, cfg, s.keys); err != nil {
		return nil, err
	}
	for _, t := range cfg.Tenants {
		s.point(t)
	}
	if s.tenants, err = tenant.NewSet(cfg.Tenants...); err != nil {
		return nil, errors.Join(fmt.Errorf("tenants: %w", err), s.Close()) //nolint:contextcheck // they stop though ctx has ended
	}
	return s, nil
}

// reached is how others reach what listens on addr.
func (s *Stage) reached(addr string) string {
	if s.cfg.Host == "" {
		return addr
	}
	_, port, _ := net.SplitHostPort(addr)
	return net.JoinHostPort(s.cfg.Host, port)
}

// Watch tells where the calls' topics are; the connection stays its owner's to close.
func (s *Stage) Watch(conn *broker.Conn, partitions int) { s.conn, s.parts = conn, partitions }

// Tenants as they are pointed at the stand-ins.
func (s *Stage) Tenants() *tenant.Set { return s.tenants }

// TokenKey signs ingress' call tokens.
func (s *Stage) TokenKey() config.Secret { return s.keys.token }

// Place plays one call and returns the root leg's CallSid.
func (s *Stage) Place(ctx context.Context, c *calls.Call) (string, error) {
	r, err := s.clouds.carrier.Place(ctx, c)
	if r == nil {
		return "", err //nolint:wrapcheck // it names the call
	}
	return r.CallSid, err //nolint:wrapcheck // as above
}

// Carrier is the sandbox's Twilio, for those who make mischief or load.
func (s *Stage) Carrier() *twilio.Carrier { return s.clouds.carrier }

// Salesforce is the sandbox's.
func (s *Stage) Salesforce() *salesforce.Server { return s.clouds.salesforce }

// Speech is the sandbox's Google Speech.
func (s *Stage) Speech() *googlespeech.Server { return s.clouds.speech }

// Vertex is the sandbox's Vertex AI.
func (s *Stage) Vertex() *vertexai.Server { return s.clouds.vertex }

// Prepare seeds what the org holds before the call.
func (s *Stage) Prepare(_ context.Context, c *calls.Call) error {
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
func (s *Stage) Rest(sid string) func(ctx context.Context, until time.Time) (waitsFor string, err error) {
	rest := report.NewRest(s.conn, s.parts, sid)
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
func (s *Stage) org(c *calls.Call) string {
	if t, _ := s.tenants.ByNumber(c.To); t != nil {
		return t.Salesforce.Org
	}
	return ""
}

// CRM is the org that a call belongs in.
func (s *Stage) CRM(c *calls.Call) report.CRM { return orgView{s.clouds.salesforce, s.org(c)} }

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

// Sources are where a report on this stage looks; log is everything that the services have logged.
func (s *Stage) Sources(log string) report.Sources {
	src := report.Sources{CRM: s.CRM, Owner: s.tenants.ByNumber, Conn: s.conn, Partitions: s.parts, Log: log}
	for _, org := range s.clouds.salesforce.Orgs() {
		src.CRMs = append(src.CRMs, orgView{s.clouds.salesforce, org})
	}
	for _, r := range s.clouds.vertex.Asked() {
		src.Asked = append(src.Asked, r.Text)
	}
	return src
}

// Count adds to r what the clouds have counted and metered.
func (s *Stage) Count(r *report.Report) {
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

// Close stops the stand-ins.
func (s *Stage) Close() error { return s.clouds.close() }
