package salesforce

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/bus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// Change is one committed change of a record, as the change log tells it: sequence, time, org, user, request, API, object, id,
// external ids, and the fields that changed. A file's content is shown by its size and hash.
type Change = org.Logged

// Filter chooses changes; an empty field chooses all.
type Filter struct {
	// Org by name or id.
	Org string
	// After a sequence number.
	After int64
	// Limit of the answer; 0 is none.
	Limit int
	// Object's API name; Op create, update, delete or rollup; API as in [Change].
	Object, Op, API string
	// ID of a record, Request of a client, External id in any of the object's external id fields.
	ID, Request, External string
}

// ChangeLog returns committed changes, oldest first.
func (s *Server) ChangeLog(f Filter) []Change {
	changes, _ := s.changes(f)
	return changes
}

// WaitChanges returns changes like [Server.ChangeLog], and waits for the first.
func (s *Server) WaitChanges(ctx context.Context, f Filter) ([]Change, error) {
	for {
		changes, wake := s.changes(f)
		if len(changes) > 0 {
			return changes, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-wake:
		}
	}
}

func (s *Server) changes(f Filter) ([]Change, <-chan struct{}) {
	id := f.Org
	if t := s.tenant(f.Org); t != nil {
		id = t.ID
	}
	changes, wake := s.ledger.After(f.After, f.Limit, func(c *Change) bool {
		return (id == "" || c.Org == id) && (f.Object == "" || strings.EqualFold(c.Object, f.Object)) && (f.Op == "" || c.Op == f.Op) &&
			(f.API == "" || c.API == f.API) && (f.ID == "" || c.ID == f.ID) && (f.Request == "" || c.Request == f.Request) &&
			(f.External == "" || hasExternal(c, f.External))
	})
	for i := range changes {
		changes[i].Before, changes[i].After = shortened(changes[i].Before), shortened(changes[i].After)
	}
	return changes, wake
}

func hasExternal(c *Change, want string) bool {
	for _, v := range c.External {
		if strings.EqualFold(v, want) {
			return true
		}
	}
	return false
}

// shortened puts a description in place of a file's content.
func shortened(fields map[string]any) map[string]any {
	content, ok := fields["VersionData"].(string)
	if !ok {
		return fields
	}
	raw, _ := base64.StdEncoding.DecodeString(content) // it was checked when it came
	out := maps.Clone(fields)
	out["VersionData"] = fmt.Sprintf("%d bytes, sha256 %x", len(raw), sha256.Sum256(raw))
	return out
}

// tenant finds an org by name or id; nil if there is none. "" is the only one there is.
func (s *Server) tenant(name string) *tenant {
	if name == "" && len(s.tenants) == 1 {
		return s.tenants[0]
	}
	for _, t := range s.tenants {
		if t.conf.Name == name || t.ID == name || t.ID[:15] == name {
			return t
		}
	}
	return nil
}

// Records returns the live records of an object in an org (by name or id, "" for the only one), oldest first: fields by API name, null
// ones left out.
func (s *Server) Records(orgName, object string) []map[string]any {
	t := s.tenant(orgName)
	if t == nil {
		return nil
	}
	rows := t.Records(object)
	out := make([]map[string]any, len(rows))
	for i, r := range rows {
		out[i] = maps.Clone(map[string]any(r))
	}
	return out
}

// Record to seed.
type Record struct {
	Object string         `json:"object"`
	Fields map[string]any `json:"fields"`
}

// Seed makes records as an admin would, all or none, and returns their ids in order. A field may refer to an earlier record of the list
// as "@0".
func (s *Server) Seed(orgName string, records []Record) ([]string, error) {
	t := s.tenant(orgName)
	if t == nil {
		return nil, fmt.Errorf("seeding: there is no org %q", orgName)
	}
	ids, err := t.Seed(seeds(records))
	if err != nil {
		return nil, fmt.Errorf("seeding org %s: %w", t.conf.Name, err)
	}
	return ids, nil
}

func seeds(records []Record) []org.Seed {
	out := make([]org.Seed, len(records))
	for i, r := range records {
		out[i] = org.Seed{Object: r.Object, Fields: r.Fields}
	}
	return out
}

// Delete moves records to the recycle bin as an admin would, all or none, each with what hangs on it alone: a Lead with its Tasks.
func (s *Server) Delete(orgName string, ids ...string) error {
	t := s.tenant(orgName)
	if t == nil {
		return fmt.Errorf("deleting: there is no org %q", orgName)
	}
	if err := t.Remove(ids); err != nil {
		return fmt.Errorf("deleting in org %s: %w", t.conf.Name, err)
	}
	return nil
}

// Convert makes a Contact of a Lead, as a rep would, and returns the Contact's id.
func (s *Server) Convert(orgName, lead string) (string, error) {
	t := s.tenant(orgName)
	if t == nil {
		return "", fmt.Errorf("converting a lead: there is no org %q", orgName)
	}
	id, err := t.Convert(lead)
	if err != nil {
		return "", fmt.Errorf("converting a lead: %w", err)
	}
	return id, nil
}

// Event on the bus, decoded.
type Event struct {
	Topic    string         `json:"topic"`
	Replay   uint64         `json:"replay"`
	At       time.Time      `json:"at"`
	ID       string         `json:"id"`
	Fields   map[string]any `json:"fields"`
	Unusable string         `json:"unusable,omitempty"`
}

// Events returns the events of a topic (a platform event's API name) that the bus still holds, after a replay number.
func (s *Server) Events(orgName, topic string, after uint64) []Event {
	t := s.tenant(orgName)
	if t == nil || t.Topic(topic) == nil {
		return nil
	}
	events, _ := t.Topic(topic).Log.After(after, 1<<30)
	return decoded(t.Topic(topic), events)
}

func decoded(t *org.Topic, events []bus.Event) []Event {
	out := make([]Event, len(events))
	for i, e := range events {
		fields, err := t.Decode(e.Payload)
		out[i] = Event{Topic: t.Name, Replay: e.Replay, At: e.At, ID: e.ID, Fields: fields}
		if err != nil {
			out[i].Unusable = err.Error()
		}
	}
	return out
}

// Settled returns when every org's trigger has applied what is on its bus now.
func (s *Server) Settled(ctx context.Context) error {
	errs := make([]error, 0, len(s.tenants))
	for _, t := range s.tenants {
		errs = append(errs, t.Settled(ctx))
	}
	return errors.Join(errs...)
}

// Usage of an org's API.
type Usage struct {
	Org   string `json:"org"`
	OrgID string `json:"org_id"`
	// Calls of the REST API since the start, in all and by resource.
	Calls     int            `json:"calls"`
	Resources map[string]int `json:"resources"`
	// Left of the daily allowance.
	Left int `json:"left"`
}

// Usage returns each org's API counters.
func (s *Server) Usage() []Usage {
	out := make([]Usage, len(s.tenants))
	for i, t := range s.tenants {
		calls, by := t.usage.counts()
		out[i] = Usage{Org: t.conf.Name, OrgID: t.ID, Calls: calls, Resources: by, Left: t.usage.left()}
	}
	return out
}

// Orgs returns the orgs' names, in the order of the configuration.
func (s *Server) Orgs() []string {
	names := make([]string, len(s.tenants))
	for i, t := range s.tenants {
		names[i] = t.conf.Name
	}
	return slices.Clip(names)
}

// OrgID returns the id of an org by name; "" if there is none.
func (s *Server) OrgID(name string) string {
	if t := s.tenant(name); t != nil {
		return t.ID
	}
	return ""
}

// SetAllowance changes an org's daily API requests and, where used is not negative, how many are spent.
func (s *Server) SetAllowance(orgName string, daily, used int) error {
	t := s.tenant(orgName)
	if t == nil {
		return fmt.Errorf("setting the allowance: there is no org %q", orgName)
	}
	t.usage.set(daily, used)
	return nil
}

// EndSessions makes every token invalid.
func (s *Server) EndSessions() { s.sessions.endAll() }
