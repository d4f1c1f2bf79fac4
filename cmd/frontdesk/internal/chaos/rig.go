package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/realparts"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/witness"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// lifelike are sample calls of at most a minute, of all tenants, whose callers have nothing but their number in common.
var lifelike = []string{
	"spam", "habla-espanol", "wrong-number", "leaves-a-voicemail", "asks-the-hours", "reschedules", "refuses-consent", "says-nothing",
}

// settings differ from what ships where a pause would be longer than a run: a question that a model could not be asked is put again
// after a minute, and a parked message is tried again after as long.
var settings = map[string]map[string]string{
	stageInference: {"desk.ask_again.initial": "5s", "desk.ask_again.max": "20s"},
}

// rig is Frontdesk on real parts under load, with whoever watches it.
type rig struct {
	*realparts.Stack
	cfg     Config
	load    *load
	times   *timeline
	witness *witness.Witness
	// spooled: each ingress has a spool.
	spooled bool
	// brokerAway: a fault of the broker's is under way.
	brokerAway atomic.Bool

	stop    context.CancelFunc
	watched sync.WaitGroup
}

// open starts everything but the load.
func open(ctx context.Context, cfg Config, dir string, more map[string]string) (*rig, error) {
	kinds := slices.DeleteFunc(slices.Clone(cfg.Samples), func(c *calls.Call) bool { return !slices.Contains(lifelike, c.Name) })
	if len(kinds) != len(lifelike) {
		return nil, fmt.Errorf("%d of the sample calls %v are there", len(kinds), lifelike)
	}
	settings, spooled := settingsFor(ctx, cfg.Programs, more)
	s, err := realparts.Start(ctx, realparts.Options{
		Dir: dir, KafkaLibs: cfg.KafkaLibs, Programs: cfg.Programs, Tenants: cfg.Tenants, Calls: kinds, Speed: 1,
		// With its doublings the tries of a webhook, at 14 s together, outlast a broker's restart.
		RetryPause: 2 * time.Second,
		// Three frames at once: one by one, those of 300 calls take most of two processors for the stand-ins and the gateway alone.
		StreamTick: 60 * time.Millisecond,
		Settings:   settings, LogLevel: cfg.LogLevel,
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what it started
	}
	r := &rig{Stack: s, cfg: cfg, load: newLoad(kinds), times: newTimeline(s.Conn(), realparts.Partitions), spooled: spooled}
	r.witness = s.Witness()
	watch, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.watched.Go(func() { r.times.run(watch) })
	return r, nil
}

// replicas of a service.
func (r *rig) replicas(service string) []*realparts.Replica {
	return slices.DeleteFunc(slices.Clone(r.Replicas), func(p *realparts.Replica) bool { return p.Service != service })
}

// Close stops everything.
func (r *rig) Close() error {
	r.stop()
	r.watched.Wait()
	err := r.Stack.Close()
	if err != nil && strings.Contains(err.Error(), context.Canceled.Error()) {
		return nil
	}
	return err
}

// errEnough ends a load whose calls are played out.
var errEnough = errors.New("enough calls")
