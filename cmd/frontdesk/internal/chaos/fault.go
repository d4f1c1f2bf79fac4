package chaos

import (
	"context"
	"slices"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/fault"
)

// Fault is one thing that breaks.
type Fault interface {
	// Name as the report has it.
	Name() string
	// Part is what it takes: of two faults of one part only one is under way at a time.
	Part() string
	// Apply breaks it, Heal mends it; each returns when that is so.
	Apply(ctx context.Context, r *rig) error
	Heal(ctx context.Context, r *rig) error
	// Costs is what it may cost; a call is never among it.
	Costs() Cost
}

// Cost is what may come of a fault.
type Cost struct {
	// Hold is how long it lasts.
	Hold time.Duration
	// Gap is the longest MediaGap that calls may declare; 0: no word may be missing.
	Gap time.Duration
	// Delay is how much longer the gap of another fault may be while this one lasts: the word that a stream broke comes later.
	Delay time.Duration
	// Silent: calls may go on without a stream, and so without words: nobody could take their webhook, or store it.
	Silent bool
	// Bound on the longest time without progress; 0 is none. It counts from the fault, or, with FromHealed, from when what was broken
	// is ready again.
	Bound      time.Duration
	FromHealed bool
	// Patience with its calls, where they rightly wait for longer than for any other fault; 0 is the usual.
	Patience time.Duration
	// DeadLetters are codes that must be there; any other is one too many.
	DeadLetters []string
}

// The bounds on the time without progress.
const (
	boundStop  = 5 * time.Second
	boundKill  = 12 * time.Second
	boundReady = 10 * time.Second
)

// mostGap is the hole that a call may have when its stream breaks: Twilio never connects again, and the stream is started anew.
const mostGap = 5 * time.Second

// lastRetry is how late the carrier tells of a broken stream once more, having told in vain: 2, 6 and 14 s after the first time.
const lastRetry = 14 * time.Second

// services in the order of the pipeline.
var services = []string{stageIngress, stageSTT, stageInference, stageCRM}

// Faults are all that there are, in the order in which data meets what they break.
func Faults() []Fault {
	var all []Fault
	for _, s := range services {
		all = append(all, killed{service: s}, killed{service: s, both: true}, stopped{service: s}, stopped{service: s, both: true}, paused{service: s})
	}
	return append(append(append(append(all, spoolFull{}),
		brokerKilled{}, brokerStopped{}, brokerPaused{},
		redisKilled{}, redisStopped{}, redisFlushed{}, redisPaused{},
	), refusals()...), carrierFaults()...)
}

// important are the names of the faults of the short form: one of every kind.
var important = []string{
	"ingress: kill -9", "stt: kill -9", "inference: kill -9", "crm-writer: kill -9", "stt: SIGTERM", "crm-writer: SIGTERM",
	"crm-writer: paused", "broker: kill -9", "Redis: kill -9", "Redis: flushed", "Salesforce: outage",
	"Salesforce: answers lost after the commit", "Salesforce: half of a request applied", "Salesforce: rows locked",
	"Salesforce: sessions ended", "Pub/Sub: acknowledgements lost", "speech: streams cut", "model: quota spent",
	"webhooks: answers lost", "streams: sockets broken",
}

// Important are the faults of the short form.
func Important() []Fault {
	return slices.DeleteFunc(Faults(), func(f Fault) bool { return !slices.Contains(important, f.Name()) })
}

// killed is kill -9 of one process of a service, or of both; whoever looks after them starts them again.
type killed struct {
	service string
	both    bool
}

func (f killed) Name() string { return f.service + ": kill -9" + ofBoth(f.both) }
func (f killed) Part() string { return f.service }

func (f killed) Apply(_ context.Context, r *rig) error {
	for i, p := range r.replicas(f.service) {
		if i == 0 || f.both {
			p.Kill()
		}
	}
	return nil
}

func (f killed) Heal(ctx context.Context, r *rig) error {
	for i, p := range r.replicas(f.service) {
		if i == 0 || f.both {
			if err := p.Start(ctx); err != nil {
				return err //nolint:wrapcheck // it names the process
			}
		}
	}
	return nil
}

func (f killed) Costs() Cost {
	c := Cost{Hold: 3 * time.Second, Gap: gapOf(f.service), Silent: f.service == stageIngress, Bound: boundKill, FromHealed: f.both}
	if f.both {
		c.Gap *= 3 // nobody is there to hear of the broken streams: the carrier tells again 2, 6 and 14 s later
	}
	return c
}

func ofBoth(both bool) string {
	if both {
		return " of both"
	}
	return ""
}

// gapOf is what a call may miss when a process of a service ends: only ingress holds sockets.
func gapOf(service string) time.Duration {
	if service == stageIngress {
		return mostGap
	}
	return 0
}

// stopped is SIGTERM of one process of a service, or of both, and a new start: a rollout. Those of ingress are stopped one after
// another, as a rollout does with what callers reach: with both away at once callers would be, too.
type stopped struct {
	service string
	both    bool
}

func (f stopped) Name() string { return f.service + ": SIGTERM" + ofBoth(f.both) }
func (f stopped) Part() string { return f.service }

// Apply tells them to stop, and lets them: an ingress takes as long as its calls last, up to its grace.
func (f stopped) Apply(ctx context.Context, r *rig) error {
	var group waitGroup
	for i, p := range r.replicas(f.service) {
		if i == 0 || f.both {
			replace := func() error {
				// Without a broker a process can't leave behind what it has under way: it says so by its code, and it is as if it
				// had been killed.
				away := r.brokerAway.Load()
				if err := p.Stop(); err != nil && !away && !r.brokerAway.Load() {
					return err //nolint:wrapcheck // it names the process
				}
				return p.Start(ctx) //nolint:wrapcheck // as above
			}
			if f.service != stageIngress {
				group.run(replace)
			} else if err := replace(); err != nil {
				return err
			}
		}
	}
	return group.wait()
}

func (stopped) Heal(context.Context, *rig) error { return nil }

func (f stopped) Costs() Cost {
	return Cost{Gap: gapOf(f.service), Bound: boundStop, FromHealed: f.both}
}

// paused is SIGSTOP of one process of a service until long after its partitions have moved, and SIGCONT: it wakes in the belief that
// no time has passed, with requests of its own under way.
type paused struct{ service string }

func (f paused) Name() string { return f.service + ": paused" }
func (f paused) Part() string { return f.service }

func (f paused) Apply(_ context.Context, r *rig) error {
	return r.replicas(f.service)[0].Pause() //nolint:wrapcheck // it names the process
}

func (f paused) Heal(_ context.Context, r *rig) error {
	return r.replicas(f.service)[0].Resume() //nolint:wrapcheck // as above
}

func (f paused) Costs() Cost {
	c := Cost{Hold: 15 * time.Second, Bound: boundKill}
	if f.service == stageIngress {
		c.Gap, c.Silent = c.Hold+mostGap, true // its sockets are open all the while
	}
	return c
}

// broker* break Kafka, redis* Redis.
type (
	brokerKilled  struct{}
	brokerStopped struct{}
	brokerPaused  struct{}
	redisKilled   struct{}
	redisStopped  struct{}
	redisFlushed  struct{}
	redisPaused   struct{}
)

const (
	partBroker = "broker"
	partRedis  = "Redis"
)

func (brokerKilled) Name() string  { return "broker: kill -9" }
func (brokerStopped) Name() string { return "broker: restart" }
func (brokerPaused) Name() string  { return "broker: paused" }
func (redisKilled) Name() string   { return "Redis: kill -9" }
func (redisStopped) Name() string  { return "Redis: stopped" }
func (redisFlushed) Name() string  { return "Redis: flushed" }
func (redisPaused) Name() string   { return "Redis: paused" }

func (brokerKilled) Part() string  { return partBroker }
func (brokerStopped) Part() string { return partBroker }
func (brokerPaused) Part() string  { return partBroker }
func (redisKilled) Part() string   { return partRedis }
func (redisStopped) Part() string  { return partRedis }
func (redisFlushed) Part() string  { return partRedis }
func (redisPaused) Part() string   { return partRedis }

func (brokerKilled) Apply(_ context.Context, r *rig) error {
	r.Kafka.Kill()
	return nil
}
func (brokerKilled) Heal(ctx context.Context, r *rig) error  { return r.Kafka.Start(ctx) } //nolint:wrapcheck // each names its process
func (brokerStopped) Apply(_ context.Context, r *rig) error  { return r.Kafka.Stop() }     //nolint:wrapcheck // as above
func (brokerStopped) Heal(ctx context.Context, r *rig) error { return r.Kafka.Start(ctx) } //nolint:wrapcheck // as above
func (brokerPaused) Apply(_ context.Context, r *rig) error   { return r.Kafka.Pause() }    //nolint:wrapcheck // as above
func (brokerPaused) Heal(_ context.Context, r *rig) error    { return r.Kafka.Resume() }   //nolint:wrapcheck // as above

func (redisKilled) Apply(_ context.Context, r *rig) error {
	r.Redis.Kill()
	return nil
}
func (redisKilled) Heal(ctx context.Context, r *rig) error   { return r.Redis.Start(ctx) } //nolint:wrapcheck // as above
func (redisStopped) Apply(_ context.Context, r *rig) error   { return r.Redis.Stop() }     //nolint:wrapcheck // as above
func (redisStopped) Heal(ctx context.Context, r *rig) error  { return r.Redis.Start(ctx) } //nolint:wrapcheck // as above
func (redisFlushed) Apply(ctx context.Context, r *rig) error { return r.Redis.Flush(ctx) } //nolint:wrapcheck // as above
func (redisFlushed) Heal(context.Context, *rig) error        { return nil }
func (redisPaused) Apply(_ context.Context, r *rig) error    { return r.Redis.Pause() }  //nolint:wrapcheck // as above
func (redisPaused) Heal(_ context.Context, r *rig) error     { return r.Redis.Resume() } //nolint:wrapcheck // as above

func (brokerKilled) Costs() Cost  { return brokerCosts(2 * time.Second) }
func (brokerStopped) Costs() Cost { return brokerCosts(0) }
func (brokerPaused) Costs() Cost  { return brokerCosts(10 * time.Second) }

func brokerCosts(hold time.Duration) Cost {
	return Cost{Hold: hold, Bound: boundReady, FromHealed: true}
}

func (redisKilled) Costs() Cost {
	return Cost{Hold: 5 * time.Second, Bound: boundReady, FromHealed: true}
}
func (redisStopped) Costs() Cost {
	return Cost{Hold: 10 * time.Second, Bound: boundReady, FromHealed: true}
}
func (redisFlushed) Costs() Cost { return Cost{Bound: boundReady} }
func (redisPaused) Costs() Cost {
	return Cost{Hold: 8 * time.Second, Bound: boundReady, FromHealed: true}
}

// answers is a stand-in that answers otherwise than it should for a while.
type answers struct {
	name, part string
	hold       time.Duration
	set        fault.Settings
	silent     bool
	patience   time.Duration
	of         func(*rig) *fault.Injector
	gap, delay time.Duration
}

func (f answers) Name() string { return f.name }
func (f answers) Part() string { return f.part }

func (f answers) Apply(_ context.Context, r *rig) error {
	f.of(r).Set(f.set)
	return nil
}

func (f answers) Heal(_ context.Context, r *rig) error {
	f.of(r).Set(fault.Settings{})
	return nil
}

func (f answers) Costs() Cost {
	return Cost{Hold: f.hold, Gap: f.gap, Delay: f.delay, Silent: f.silent, Patience: f.patience}
}

func salesforce(r *rig) *fault.Injector { return r.Salesforce().Faults() }
func speech(r *rig) *fault.Injector     { return r.Speech().Faults() }
func model(r *rig) *fault.Injector      { return r.Vertex().Faults() }
func hooks(r *rig) *fault.Injector      { return r.Carrier().WebhookFaults() }
func streams(r *rig) *fault.Injector    { return r.Carrier().StreamFaults() }

// refusals are what the clouds do to those that ask them.
func refusals() []Fault {
	const (
		partCRM, partSpeech, partModel = "Salesforce", "speech", "model"
		hold                           = 12 * time.Second
	)
	errors := func(name, part string, of func(*rig) *fault.Injector, shares ...fault.Share) Fault {
		return answers{name: part + ": " + name, part: part, hold: hold, of: of, set: fault.Settings{Errors: shares}}
	}
	bus := func(name string, shares ...fault.Share) Fault {
		return answers{name: "Pub/Sub: " + name, part: partCRM, hold: hold, of: salesforce, set: fault.Settings{Errors: shares}}
	}
	var locked []fault.Share
	for _, object := range []string{"Lead", "Contact", "Case", "Task"} {
		for _, by := range []string{"record.", "trigger."} {
			locked = append(locked, fault.Share{Code: "UNABLE_TO_LOCK_ROW", Share: 0.3, Operation: by + object})
		}
	}
	half := []fault.Share{{Code: "DROP_HALF", Share: 0.5, Operation: "graph"}, {Code: "DROP_HALF", Share: 0.5, Operation: "composite"}, {Code: "DROP_HALF", Share: 0.5, Operation: "collections"}}
	var lost []fault.Share
	for _, op := range []string{"graph", "composite", "collections", "sobject", "event"} {
		lost = append(lost, fault.Share{Code: "DROP_AFTER", Share: 0.5, Operation: op})
	}
	return []Fault{
		answers{name: "Salesforce: outage", part: partCRM, hold: hold, of: salesforce, set: fault.Settings{Outage: true}},
		answers{
			// The writer leaves an org alone for five minutes whose daily allowance is spent.
			name: "Salesforce: requests limited", part: partCRM, hold: hold, patience: 7 * time.Minute, of: salesforce,
			set: fault.Settings{Errors: []fault.Share{{Code: "REQUEST_LIMIT_EXCEEDED", Share: 1}}},
		},
		errors("too many requests at once", partCRM, salesforce, fault.Share{Code: "CONCURRENT_REQUESTS", Share: 0.5}),
		errors("rows locked", partCRM, salesforce, locked...),
		sessionsEnded{},
		errors("half of a request applied", partCRM, salesforce, half...),
		errors("answers lost after the commit", partCRM, salesforce, lost...),
		errors("connections dropped", partCRM, salesforce, fault.Share{Code: "DROP", Share: 0.5}),
		errors("502 in HTML", partCRM, salesforce, fault.Share{Code: "HTML_502", Share: 0.5}),
		errors("unknown exceptions", partCRM, salesforce, fault.Share{Code: "UNKNOWN_EXCEPTION", Share: 0.5}),
		bus("unavailable", fault.Share{Code: "UNAVAILABLE", Share: 1, Operation: "pubsub.publish"}),
		bus("events not committed", fault.Share{Code: "COMMIT", Share: 0.5, Operation: "pubsub.event"}),
		bus("sessions refused", fault.Share{Code: "UNAUTHENTICATED", Share: 0.5, Operation: "pubsub.publish"}),
		bus("acknowledgements lost", fault.Share{Code: "UNAVAILABLE", Share: 0.5, Operation: "pubsub.answer"}),
		errors("streams cut", partSpeech, speech, fault.Share{Code: "UNAVAILABLE", Share: 0.7, Operation: "mid-stream"}),
		errors("quota spent", partSpeech, speech, fault.Share{Code: "RESOURCE_EXHAUSTED", Share: 0.7, Operation: "StreamingRecognize"}),
		answers{name: "speech: outage", part: partSpeech, hold: hold, of: speech, set: fault.Settings{Outage: true}},
		errors("quota spent", partModel, model, fault.Share{Code: "RESOURCE_EXHAUSTED", Share: 0.7}),
		errors("internal errors", partModel, model, fault.Share{Code: "INTERNAL", Share: 0.5}),
		answers{name: "model: outage", part: partModel, hold: hold, of: model, set: fault.Settings{Outage: true}},
	}
}

// sessionsEnded ends every session of Salesforce again and again.
type sessionsEnded struct{}

func (sessionsEnded) Name() string { return "Salesforce: sessions ended" }
func (sessionsEnded) Part() string { return "Salesforce" }
func (sessionsEnded) Costs() Cost  { return Cost{} }

func (sessionsEnded) Apply(ctx context.Context, r *rig) error {
	for range 5 {
		r.Salesforce().EndSessions()
		pause(ctx, time.Second)
	}
	return ctx.Err() //nolint:wrapcheck // the run was stopped
}

func (sessionsEnded) Heal(context.Context, *rig) error { return nil }

// carrierFaults are what happens on the way between the carrier and ingress.
func carrierFaults() []Fault {
	const partHooks, partStreams, hold = "webhooks", "streams", 12 * time.Second
	return []Fault{
		doubledAndShuffled{},
		answers{name: "webhooks: late", part: partHooks, hold: hold, silent: true, of: hooks, delay: 3 * time.Second, set: fault.Settings{Latency: fault.Latency{Median: 500 * time.Millisecond, P99: 3 * time.Second}}},
		answers{name: "webhooks: not delivered", part: partHooks, hold: hold, silent: true, of: hooks, delay: lastRetry, set: fault.Settings{Errors: []fault.Share{{Code: "11205", Share: 0.4}}}},
		answers{name: "webhooks: answers lost", part: partHooks, hold: hold, silent: true, of: hooks, delay: lastRetry, set: fault.Settings{Errors: []fault.Share{{Code: "11200", Share: 0.4}}}},
		answers{
			name: "streams: sockets broken", part: partStreams, hold: hold, of: streams, gap: mostGap,
			set: fault.Settings{Errors: []fault.Share{{Code: "31903", Share: 0.7, Operation: "media"}}},
		},
		answers{
			name: "streams: refused", part: partStreams, hold: hold, silent: true, of: streams, gap: hold + mostGap,
			set: fault.Settings{Errors: []fault.Share{{Code: "31902", Share: 0.4, Operation: "connect"}}},
		},
		answers{name: "streams: bunched up", part: partStreams, hold: hold, of: streams, set: fault.Settings{Latency: fault.Latency{Median: 200 * time.Millisecond, P99: time.Second}}},
	}
}
