package orgcheck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/mapping"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// event checks the platform event, whoever acts on it, and the way onto the bus.
func (c *checker) event(ctx context.Context) {
	name := c.Tenant.Salesforce.Event
	var needs []mapping.Need
	for _, n := range c.Mapping.Needs() {
		if n.Object == "" {
			needs = append(needs, n)
		}
	}
	needs = append(needs, mapping.Need{Field: salesforce.FieldWrites, Kind: mapping.KindText, Longest: salesforce.MaxWrites})
	d, err := c.client.Describe(ctx, name)
	switch {
	case isAbsent(err):
		c.fault("event_missing", name, fmt.Sprintf("The org has no platform event %s, or the integration user may not see it.", name),
			"Install the Salesforce package and give the user its permission set; or name the event in salesforce.event.")
		return
	case err != nil:
		c.unasked(name, "The platform event "+name, err)
	default:
		c.eventFields(newDescribed(d), needs)
	}
	c.topic(ctx, name, needs)
	if c.Tenant.Salesforce.Apply == "package" {
		c.trigger(ctx, name)
	}
}

func (c *checker) eventFields(o described, needs []mapping.Need) {
	if !o.Createable {
		c.fault("event_permission", o.Name, fmt.Sprintf("The integration user may not publish %s.", o.Name), "Give it Create on the event by its permission set.")
	}
	for _, n := range needs {
		name := o.Name + "." + n.Field
		f := o.field(n.Field)
		if f == nil {
			c.fault("field_missing", name, fmt.Sprintf("The platform event %s has no field %s: nothing is published.", o.Name, n.Field),
				"Update the Salesforce package; or take the field out of event in the mapping.")
			continue
		}
		c.fits(name, n, f)
	}
}

// topic asks the Pub/Sub API.
func (c *checker) topic(ctx context.Context, name string, needs []mapping.Need) {
	at := c.PubSub.Endpoint
	t, err := c.bus.Topic(ctx, "/event/"+name)
	switch code := strings.TrimPrefix(retry.Code(err), "salesforce.pubsub."); {
	case err == nil:
	case strings.Contains(code, "auth"), code == "Unauthenticated":
		c.fault("bus_login", at, "The Pub/Sub API refuses a session that the REST API takes.",
			"Let the app issue opaque access tokens, not tokens in JWT format; the endpoint must be that of the org's region.")
		return
	case retry.IsPermanent(err):
		c.fault("bus_topic", at, fmt.Sprintf("The Pub/Sub API has no topic /event/%s for this user.", name), "Give the user Read and Create on the event by its permission set.")
		return
	default:
		u := check.Reach(err, "salesforce.pubsub_endpoint")
		do := u.Do
		if u.Code == "unreachable" {
			do = "Open the way to this host and port (gRPC over TLS, 443 or 7443)."
		}
		c.fault("bus_"+u.Code, at, "The Pub/Sub API can't be reached at "+at+".", do+" Until then events go by REST, against the daily allowance, where crm-writer's setting fallback allows.")
		return
	}
	if !t.CanPublish {
		c.fault("event_permission", name, fmt.Sprintf("The integration user may not publish %s.", name), "Give it Create on the event by its permission set.")
		return
	}
	for _, n := range needs {
		if !t.Fields[n.Field] {
			c.fault("bus_schema", name+"."+n.Field, fmt.Sprintf("The schema of %s on the bus has no field %s.", name, n.Field),
				"Update the Salesforce package; or take the field out of event in the mapping.")
			return
		}
	}
	c.ok("bus", name, "%s can be published at %s, and its schema has every field.", name, at)
}

// trigger looks whether the package's trigger is subscribed and runs.
func (c *checker) trigger(ctx context.Context, event string) {
	rows, err := c.client.Query(ctx, "SELECT Name, Status, Type FROM EventBusSubscriber WHERE "+sf.In("Topic", []string{event}))
	if err != nil {
		c.add(check.Unknown, "trigger", event, "Whether the package's trigger runs can't be asked for: "+sf.Code(err)+".",
			"See Setup, Platform Events, Subscriptions; or give the user the permission View Setup and Configuration.")
		return
	}
	i := slices.IndexFunc(rows, func(r sf.Record) bool { return r.Text("Type") == "ApexTrigger" })
	if i < 0 {
		c.fault("trigger_missing", event, fmt.Sprintf("salesforce.apply is package, and no Apex trigger is subscribed to %s: calls are published and never written.", event),
			"Install the Salesforce package, or set salesforce.apply to none if subscribers of your own act.")
		return
	}
	if s := rows[i].Text("Status"); s != "Running" {
		c.fault("trigger_stopped", event, fmt.Sprintf("The trigger on %s is not running but %s: calls are published and not written.", event, s),
			"Resume it in Setup, Platform Events, Subscriptions; its last error stands there.")
		return
	}
	c.ok("trigger", event, "The package's trigger on %s runs.", event)
}
