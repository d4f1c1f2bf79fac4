package dlq

import (
	"context"
	"fmt"
	"slices"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// Item is one dead letter that can be sent back, and where it goes.
type Item struct {
	Letter *Letter
	// Topic is the retry topic of the group that gave it up, Partition the original's own number.
	Topic     string
	Partition int
	// Origin is the original's offset in its own topic; −1 if it isn't known.
	Origin int64
	// Again: it is settled already, and is sent all the same.
	Again bool
}

// Refusal is a dead letter that is not sent back, and why.
type Refusal struct {
	ID  deadletter.ID `json:"id"`
	Why string        `json:"why"`
}

// Plan is what would go where.
type Plan struct {
	Items    []Item
	Refusals []Refusal
}

// PlanOptions bound what is sent back.
type PlanOptions struct {
	// MaxRedrives is how often a message may have come back already.
	MaxRedrives int
	// Force sends what has come back too often, or is settled, all the same.
	Force bool
}

// Plan looks where each letter can go. It writes nothing.
func (q *Queue) Plan(ctx context.Context, letters []*Letter, o PlanOptions) (*Plan, error) {
	p := &Plan{}
	for _, l := range letters {
		it := Item{Letter: l, Again: l.State != Open}
		why := guard(l, o)
		if why == "" {
			why = q.route(&it)
		}
		if why == "" {
			var err error
			if why, err = q.stands(ctx, &it); err != nil {
				return nil, err
			}
		}
		if why != "" {
			p.Refusals = append(p.Refusals, Refusal{l.ID, why})
			continue
		}
		p.Items = append(p.Items, it)
	}
	return p, nil
}

// guard keeps what is settled, and what comes back again and again, from being sent once more.
func guard(l *Letter, o PlanOptions) string {
	switch {
	case o.Force:
		return ""
	case l.State != Open:
		return l.settled() + "; --force sends it all the same"
	case l.Redrives >= o.MaxRedrives:
		return fmt.Sprintf("it has come back %d times and failed again: mend the cause first; --force sends it all the same", l.Redrives)
	}
	return ""
}

// route finds the retry topic.
func (q *Queue) route(it *Item) string {
	l := it.Letter
	home, origin := consume.Home(l.Letter)
	reads := slices.ContainsFunc(events.Groups(), func(g events.Group) bool {
		return g.Name == l.Group && slices.ContainsFunc(g.Topics, func(t events.Topic) bool { return t.Name == home })
	})
	if !reads {
		return fmt.Sprintf("the group %q does not read the topic %q: there is nobody to send it to", l.Group, home)
	}
	it.Topic, it.Origin = consume.RetryTopic(home, l.Group), origin
	n := q.counts[it.Topic]
	if n == 0 {
		return "the cluster has no topic " + it.Topic + ", or it may not be described with these credentials"
	}
	it.Partition = l.Partition
	if it.Partition < 0 || it.Partition >= n { // whoever buried it did not say
		it.Partition = produce.Partition([]byte(l.key), n)
	}
	return ""
}

// stands looks whether the original is still there, for those that are nothing without it.
func (q *Queue) stands(ctx context.Context, it *Item) (string, error) {
	l := it.Letter
	// Inference keeps no words, only where they stand.
	segment := l.Kind == events.KindTranscriptSegment.String() && l.Group == "inference"
	if l.Omitted < 0 && !segment {
		return "", nil
	}
	if l.Partition < 0 { // whoever buried it knew the offset alone; the partition is the call's
		at := *l
		at.Partition = it.Partition
		l = &at
	}
	o, err := q.original(ctx, l)
	switch {
	case err != nil:
		return "", err
	case o != nil && (l.Omitted < 0 || len(o.Value) == l.Omitted):
		return "", nil
	case l.Omitted >= 0:
		return errGone.Error(), nil
	}
	return "it is a segment that " + l.Topic + " no longer keeps: inference could not find its words again", nil
}
