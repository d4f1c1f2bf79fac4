package salesforce

import (
	"context"
	"encoding/hex"
	"maps"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub"
)

const (
	// FieldWrites of the event carries the plan.
	FieldWrites = "Writes__c"
	// MaxWrites is its length in the package.
	MaxWrites = 131072
	// fieldEventID is the insight's event id, which subscribers dedupe on, and the bus's correlation key.
	fieldEventID = "Event_Id__c"
	// fallbackAt is how many failures of the Pub/Sub API in a row make REST the way: its requests count
	// against the daily allowance.
	fallbackAt = 3
)

// Publish puts plans on the bus. What the Pub/Sub API has acknowledged is on the bus; what it has not may
// be, and is published again under the same id.
func (d *Driver) Publish(ctx context.Context, plans []*crm.Plan) []crm.Outcome {
	outcomes := make([]crm.Outcome, len(plans))
	var (
		events []pubsub.Event
		at     []int
	)
	for i, p := range plans {
		fields, err := eventFields(p)
		if err != nil {
			outcomes[i].Err = retry.Permanently("mapping.too_long", err)
			continue
		}
		id, _ := fields[fieldEventID].(string)
		events, at = append(events, pubsub.Event{ID: id, Fields: fields}), append(at, i)
	}
	if len(events) == 0 {
		return outcomes
	}
	results := d.bus.Publish(ctx, "/event/"+d.cfg.Event, events)
	if d.busAway(ctx, results) && !d.cfg.NoFallback {
		d.publishREST(ctx, events, at, outcomes)
		return outcomes
	}
	down := allDown(results)
	for i, r := range results {
		outcomes[at[i]] = crm.Outcome{BusID: hex.EncodeToString(r.ReplayID), Err: r.Err, Down: down}
	}
	return outcomes
}

// eventFields is the whole event, in values that come out alike by whichever door they go in: what is sent again may take the
// other one, and subscribers hold the two against each other. REST has the manners of a record's fields: times in whole seconds,
// texts without blanks at their ends, and none of nothing.
func eventFields(p *crm.Plan) (map[string]any, error) {
	text, err := p.JSON(MaxWrites)
	if err != nil {
		return nil, err // says what to do
	}
	fields := maps.Clone(p.Event)
	fields[FieldWrites] = text
	for name, v := range fields {
		switch v := v.(type) {
		case int64:
			fields[name] = float64(v) // every number of a platform event is a double
		case time.Time:
			fields[name] = v.UTC().Truncate(time.Second)
		case string:
			if fields[name] = strings.TrimSpace(v); fields[name] == "" {
				delete(fields, name)
			}
		}
	}
	return fields, nil
}

func allDown(results []pubsub.Result) bool {
	for _, r := range results {
		if r.Err == nil || retry.IsPermanent(r.Err) {
			return false
		}
	}
	return true
}

// busAway counts failures of the Pub/Sub API as such, and tells when there have been enough in a row.
func (d *Driver) busAway(ctx context.Context, results []pubsub.Result) bool {
	away := allDown(results)
	for _, r := range results {
		// A refused session is no reason to try the other way in: it would be refused there.
		away = away && strings.HasPrefix(retry.Code(r.Err), "salesforce.pubsub.") && !strings.Contains(retry.Code(r.Err), "auth")
	}
	if !away {
		if d.busFailures.Swap(0) >= fallbackAt && d.cfg.Log != nil {
			d.cfg.Log.InfoContext(ctx, "events go by the Pub/Sub API again", "org", d.cfg.Client.Org)
		}
		return false
	}
	n := d.busFailures.Add(1)
	if n == fallbackAt && d.cfg.Log != nil && !d.cfg.NoFallback {
		d.cfg.Log.WarnContext(ctx, "the Pub/Sub API is away; events go by REST, against the daily allowance",
			"org", d.cfg.Client.Org, "code", retry.Code(results[0].Err))
	}
	return n >= fallbackAt
}

func (d *Driver) publishREST(ctx context.Context, events []pubsub.Event, at []int, outcomes []crm.Outcome) {
	bodies := make([]sf.Fields, len(events))
	for i, e := range events {
		bodies[i] = sf.Fields(maps.Clone(e.Fields))
		for name, v := range bodies[i] {
			if t, ok := v.(time.Time); ok {
				bodies[i][name] = t.Format("2006-01-02T15:04:05.000Z")
			}
		}
	}
	results := d.client.PublishEvents(ctx, d.cfg.Event, bodies)
	down := true
	for _, r := range results {
		down = down && r.Err != nil && !retry.IsPermanent(r.Err)
	}
	for i, r := range results {
		outcomes[at[i]] = crm.Outcome{BusID: r.ID, Err: r.Err, Down: down}
	}
}
