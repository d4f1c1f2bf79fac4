package consume

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
)

const (
	// topicPatience is how long Run waits for topics that do not exist: they may be being made.
	topicPatience = 30 * time.Second
	// calm is for how long the errors of a cluster that is just starting are not worth a line.
	calm = 5 * time.Second
	// repeatEvery is the pause between two lines about one lasting trouble.
	repeatEvery = 30 * time.Second
)

// Run consumes until ctx ends, then drains, commits and leaves the group, and waits for detached work. It
// returns nil after an orderly stop, and an error only for what restarting can't mend (a bad topic, refused
// credentials). It may be called once.
func (c *Consumer) Run(ctx context.Context) error {
	if c.ran.Swap(true) {
		return errors.New("consume: Run was called before; make a new consumer")
	}
	unregister := c.metrics.observe(c)
	defer unregister()
	defer c.release()
	defer c.crew.dismiss()
	defer c.ready.Store(false)
	if err := c.checkTopics(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	topics := make([]string, 0, 2*len(c.cfg.Topics))
	topics = append(topics, c.cfg.Topics...)
	for _, t := range c.cfg.Topics {
		topics = append(topics, RetryTopic(t, c.cfg.Group))
	}
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: c.cfg.Group, Brokers: c.conn.Brokers(), Dialer: c.conn.Dialer, Topics: topics,
		GroupBalancers: []kafka.GroupBalancer{c.balancer},
		SessionTimeout: c.cfg.Session, HeartbeatInterval: c.cfg.Heartbeat,
		RebalanceTimeout: c.cfg.Rebalance, JoinGroupBackoff: c.cfg.JoinBackoff,
		// Generations are resolved by us, partition by partition: one that the group has never committed
		// comes as FirstOffset.
		StartOffset: kafka.FirstOffset,
	})
	if err != nil {
		return fmt.Errorf("preparing the consumer group %s: %w", c.cfg.Group, err)
	}
	// Close ends the generation, which drains and commits, and leaves the group.
	stop := context.AfterFunc(ctx, func() { _ = group.Close() })
	err = c.generations(context.WithoutCancel(ctx), group, ctx.Done())
	stop()
	_ = group.Close() // waits for one under way, too
	c.outstay()
	return err
}

// generations runs one generation after the other until the group is closed, which stop announces.
func (c *Consumer) generations(ctx context.Context, group *kafka.ConsumerGroup, stop <-chan struct{}) error {
	t := trouble{log: c.tel.Log, since: time.Now()}
	for {
		gen, err := group.Next(ctx)
		switch {
		case err == nil:
			t.over()
			ended := make(chan struct{})
			gen.Start(func(gctx context.Context) {
				defer close(ended)
				c.generation(ctx, gctx, gen)
				c.awaitCoordinator(ctx, stop)
			})
			<-ended
		case errors.Is(err, kafka.ErrGroupClosed):
			return nil
		case errors.Is(err, kafka.RebalanceInProgress):
			// Somebody else came or went while we joined: the next attempt follows at once.
		case hopeless(err) && !c.ready.Load():
			return fmt.Errorf("joining the consumer group %s: %w", c.cfg.Group, err)
		default:
			t.happened("the consumer group was not joined; it is tried again", "group", c.cfg.Group, err)
		}
	}
}

const (
	// coordinatorPause and coordinatorPatience are between and in two questions to a coordinator.
	coordinatorPause    = 50 * time.Millisecond
	coordinatorPatience = time.Second
)

// awaitCoordinator holds the end of a generation until the group's coordinator answers, fails for good, or stop closes. A member
// that is told to join while nobody answers gives up its id (kafka-go's ConsumerGroup does), and the broker that comes back waits
// a whole session for the one it remembers before it gives anybody partitions. With the old ids all are back within a second.
func (c *Consumer) awaitCoordinator(ctx context.Context, stop <-chan struct{}) {
	t := trouble{log: c.tel.Log, since: time.Now()}
	for {
		err := c.askCoordinator(ctx)
		if err == nil || !broker.Transient(err) && !starting(err) {
			return
		}
		t.happened("the group's coordinator does not answer; joining again waits for it", "group", c.cfg.Group, err)
		if !pause(stop, coordinatorPause) {
			return
		}
	}
}

// askCoordinator asks who it is, which the client would remember by itself, and then for an offset, which none tells before it knows
// its groups again.
func (c *Consumer) askCoordinator(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, coordinatorPatience)
	defer cancel()
	found, err := c.conn.Client.FindCoordinator(ctx, &kafka.FindCoordinatorRequest{Key: c.cfg.Group, KeyType: kafka.CoordinatorKeyTypeConsumer})
	if err == nil {
		err = found.Error
	}
	if err != nil {
		return err //nolint:wrapcheck // it is told by whoever asks
	}
	res, err := c.conn.Client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: c.cfg.Group, Topics: map[string][]int{c.cfg.Topics[0]: {0}}})
	if err == nil {
		err = res.Error
	}
	return err //nolint:wrapcheck // as above
}

// outstay waits for handlers that outlived the drain, and for what they started with Go.
func (c *Consumer) outstay() {
	t := time.NewTimer(c.cfg.Detached)
	defer t.Stop()
	select {
	case <-c.lingers.running.zero():
		return
	case <-t.C:
	}
	c.tel.Log.Warn("detached work did not end in time and is cut off", "group", c.cfg.Group, "after", c.cfg.Detached)
	c.release()
	t.Reset(time.Second)
	select {
	case <-c.lingers.running.zero():
	case <-t.C:
	}
}

// checkTopics waits for the cluster and its topics, and refuses counts under which a call would be torn apart.
func (c *Consumer) checkTopics(ctx context.Context) error {
	t := trouble{log: c.tel.Log, since: time.Now()}
	want := make([]string, 0, 1+2*len(c.cfg.Topics))
	want = append(want, c.cfg.DeadLetters)
	for _, topic := range c.cfg.Topics {
		want = append(want, topic, RetryTopic(topic, c.cfg.Group))
	}
	var reached time.Time
	for {
		counts, err := c.conn.Partitions(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // an orderly stop while waiting
		case err == nil:
			if reached.IsZero() {
				reached = time.Now()
			}
			missing := without(want, counts)
			if len(missing) == 0 {
				return c.checkCounts(counts)
			}
			if time.Since(reached) > topicPatience {
				return fmt.Errorf("consumer group %s: these topics do not exist, or may not be described: %s; create them first",
					c.cfg.Group, strings.Join(missing, ", "))
			}
			t.happened("waiting for topics to be made", "missing", strings.Join(missing, ", "), nil)
		case hopeless(err):
			return fmt.Errorf("consumer group %s: %w", c.cfg.Group, err)
		default:
			t.happened("Kafka is out of reach; it is tried again", "group", c.cfg.Group, err)
		}
		pause(ctx.Done(), 250*time.Millisecond)
	}
}

func without(want []string, have map[string]int) []string {
	var out []string
	for _, t := range want {
		if have[t] == 0 {
			out = append(out, t)
		}
	}
	return out
}

func (c *Consumer) checkCounts(counts map[string]int) error {
	n := counts[c.cfg.Topics[0]]
	var errs []error
	for _, t := range c.cfg.Topics {
		for _, topic := range []string{t, RetryTopic(t, c.cfg.Group)} {
			if counts[topic] != n {
				errs = append(errs, fmt.Errorf("topic %s has %d partitions and %s has %d: a key would be in two places; "+
					"all topics of consumer group %s need one count", topic, counts[topic], c.cfg.Topics[0], n, c.cfg.Group))
			}
		}
	}
	return errors.Join(errs...)
}

// hopeless are errors that neither waiting nor restarting mends: somebody must change credentials, rights or
// settings.
func hopeless(err error) bool {
	for _, code := range []kafka.Error{
		kafka.SASLAuthenticationFailed, kafka.UnsupportedSASLMechanism, kafka.IllegalSASLState,
		kafka.GroupAuthorizationFailed, kafka.TopicAuthorizationFailed, kafka.ClusterAuthorizationFailed,
		kafka.InvalidGroupId, kafka.InvalidSessionTimeout, kafka.InconsistentGroupProtocol, kafka.InvalidTopic,
		kafka.UnsupportedVersion,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// starting are errors of a cluster that is still finding itself: the topic of the groups' offsets is being
// made, or has moved.
func starting(err error) bool {
	return errors.Is(err, kafka.GroupCoordinatorNotAvailable) || errors.Is(err, kafka.NotCoordinatorForGroup) ||
		errors.Is(err, kafka.GroupLoadInProgress)
}

// trouble logs the first of a run of errors, and then one in a while. It belongs to one goroutine.
type trouble struct {
	log   logger
	since time.Time
	last  time.Time
	times int
}

type logger interface{ Warn(msg string, args ...any) }

func (t *trouble) happened(msg, key, value string, err error) {
	t.times++
	now := time.Now()
	if err != nil && starting(err) && now.Sub(t.since) < calm {
		return
	}
	if !t.last.IsZero() && now.Sub(t.last) < repeatEvery {
		return
	}
	t.last = now
	args := []any{key, value, "times", t.times}
	if err != nil {
		args = append(args, "error", err, "transient", broker.Transient(err))
	}
	t.log.Warn(msg, args...)
}

// over ends the run: the next error is a first one again.
func (t *trouble) over() {
	t.since, t.last, t.times = time.Now(), time.Time{}, 0
}

// pause waits for d or until stop closes, and tells which it was.
func pause(stop <-chan struct{}, d time.Duration) (whole bool) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-stop:
		return false
	}
}
