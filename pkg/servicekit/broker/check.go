package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// Expected is what a cluster should hold.
type Expected struct {
	// Topics with their settings; partition and replica counts are the cluster's own, but the same for all.
	Topics []TopicSpec
	// Groups that read.
	Groups []ExpectedGroup
	// DeadLetters is the topic of what could not be handled.
	DeadLetters string
}

// ExpectedGroup is a consumer group with the topics that it reads, and those of its parked messages.
type ExpectedGroup struct {
	Name           string
	Topics, Parked []string
}

// Rights are what one service needs to do.
type Rights struct {
	Service string
	// Read and Write name topics, Group the consumer group; "" for a service without.
	Read, Write []string
	Group       string
}

// fresh is how far back dead letters are told of.
const fresh = 24 * time.Hour

// CheckReach finds out whether every seed can be reached with these credentials, speaks a version that is new enough and belongs
// to one cluster.
func (c *Conn) CheckReach(ctx context.Context) []check.Finding {
	var found []check.Finding
	clusters := map[string]string{}
	for _, addr := range c.cfg.Brokers {
		id, f := c.checkBroker(ctx, addr)
		if f != nil {
			found = append(found, *f)
			continue
		}
		clusters[id] = addr
		found = append(found, check.Okay("kafka.reachable", addr, "The broker %s answers.", addr))
	}
	if len(clusters) > 1 {
		found = append(found, fault("clusters_differ", strings.Join(c.cfg.Brokers, ","),
			"The brokers of kafka.brokers belong to different clusters.", "Name brokers of one cluster only."))
	}
	return found
}

// ClusterID is the name that the cluster has given itself, as the first seed that answers tells it.
func (c *Conn) ClusterID(ctx context.Context) (string, error) {
	var errs []error
	for _, addr := range c.cfg.Brokers {
		m, err := c.ask(ctx, addr, []string{})
		if err == nil {
			return m.ClusterID, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

func fault(code, subject, what, do string) check.Finding {
	return check.Finding{Code: "kafka." + code, Level: check.Fault, Subject: subject, What: what, Do: do}
}

// needed are the requests, with the version that brought what we use: headers on messages, reads by time, and group members.
func needed() map[protocol.ApiKey]int16 {
	return map[protocol.ApiKey]int16{
		protocol.Produce: 3, protocol.Fetch: 4, protocol.ListOffsets: 1, protocol.Metadata: metadataVersion, protocol.OffsetCommit: 2,
		protocol.OffsetFetch: 1, protocol.JoinGroup: 1, protocol.Heartbeat: 0, protocol.SyncGroup: 0, protocol.DescribeConfigs: 0,
	}
}

func (c *Conn) checkBroker(ctx context.Context, addr string) (cluster string, f *check.Finding) {
	refused := func(err error) *check.Finding {
		f := unreached(addr, err)
		return &f
	}
	l, err := c.line(ctx, addr)
	if err != nil {
		return "", refused(err)
	}
	defer l.close()
	for key, least := range needed() {
		if have, ok := l.latest[key]; !ok || have < least {
			old := fault("version", addr, fmt.Sprintf("The broker %s is too old: it lacks version %d of %s.", addr, least, key),
				"Upgrade Kafka to 2.3 or later; Frontdesk is tested with 4.")
			return "", &old
		}
	}
	m, err := l.cluster([]string{})
	if err != nil {
		return "", refused(err)
	}
	return m.ClusterID, nil
}

// unreached tells the faults of the login from those of the connection.
func unreached(addr string, err error) check.Finding {
	switch {
	case errors.Is(err, kafka.SASLAuthenticationFailed), strings.Contains(err.Error(), "SASL authentication process has failed"):
		return fault("wrong_password", addr, "The broker "+addr+" refuses user name or password.",
			"Correct kafka.sasl.username and kafka.sasl.password; a SCRAM user must have been made for this very mechanism.")
	case errors.Is(err, kafka.UnsupportedSASLMechanism):
		return fault("sasl_mechanism", addr, "The broker "+addr+" does not take this SASL mechanism.",
			"Set kafka.sasl.mechanism to one that sasl.enabled.mechanisms of its listener lists.")
	case errors.Is(err, kafka.IllegalSASLState), errors.Is(err, kafka.UnsupportedVersion):
		return fault("needless_sasl", addr, "The broker "+addr+" takes no login on this port.",
			"Take the port of its SASL listener, or take kafka.sasl away.")
	}
	u := check.Reach(err, "kafka.tls")
	if u.Code == "hangs_up" {
		u.Do = "See whether this port wants TLS (kafka.tls.enabled) or none, or a login (kafka.sasl)."
	}
	return fault(u.Code, addr, "The broker "+addr+" can't be reached: "+strings.ToLower(u.What[:1])+u.What[1:], u.Do)
}

// ask asks one broker for topics by name.
func (c *Conn) ask(ctx context.Context, addr string, topics []string) (*metadata.Response, error) {
	l, err := c.line(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer l.close()
	return l.cluster(topics)
}

// any asks the seeds in turn, until one answers.
func (c *Conn) any(ctx context.Context, topics []string) (m *metadata.Response, err error) {
	for _, addr := range c.cfg.Brokers {
		if m, err = c.ask(ctx, addr, topics); err == nil {
			return m, nil
		}
		err = fmt.Errorf("asking %s for topics: %w", addr, err)
	}
	return nil, err
}

// CheckCluster finds out whether the cluster holds what is expected, how far its readers are behind and whether anything was
// given up. It is for a cluster that can be reached.
func (c *Conn) CheckCluster(ctx context.Context, want Expected) []check.Finding {
	names := make([]string, len(want.Topics))
	for i, t := range want.Topics {
		names[i] = t.Name
	}
	m, err := c.any(ctx, names)
	if err != nil {
		return []check.Finding{unasked("topics", "The topics can't be asked for.")}
	}
	found, there := c.checkTopics(ctx, want.Topics, m)
	found = append(found, c.checkBrokerSettings(ctx, m)...)
	return append(found, c.checkFlow(ctx, want, there)...)
}

func unasked(subject, what string) check.Finding {
	return check.Finding{Code: "kafka.not_asked", Level: check.Unknown, Subject: subject, What: what, Do: "See the brokers' logs, then check again."}
}

// topic is one that stands on the cluster.
type topic struct {
	partitions, replicas, insync int
	leaderless                   bool
}

func read(t metadata.ResponseTopic) topic {
	out := topic{partitions: len(t.Partitions)}
	for i, p := range t.Partitions {
		if i == 0 {
			out.replicas, out.insync = len(p.ReplicaNodes), len(p.IsrNodes)
		}
		out.replicas, out.insync = min(out.replicas, len(p.ReplicaNodes)), min(out.insync, len(p.IsrNodes))
		out.leaderless = out.leaderless || p.LeaderID < 0
	}
	return out
}

func (c *Conn) checkTopics(ctx context.Context, want []TopicSpec, m *metadata.Response) ([]check.Finding, map[string]topic) {
	var (
		found   []check.Finding
		missing []string
	)
	// A broker answers in an order of its own.
	place := func(name string) int { return slices.IndexFunc(want, func(s TopicSpec) bool { return s.Name == name }) }
	slices.SortFunc(m.Topics, func(a, b metadata.ResponseTopic) int { return cmp.Compare(place(a.Name), place(b.Name)) })
	there, counts := map[string]topic{}, map[int]int{}
	for _, t := range m.Topics {
		switch code := kafka.Error(t.ErrorCode); {
		case t.ErrorCode == 0:
			there[t.Name] = read(t)
			counts[len(t.Partitions)]++
		case errors.Is(code, kafka.UnknownTopicOrPartition):
			missing = append(missing, t.Name)
		case errors.Is(code, kafka.TopicAuthorizationFailed):
			found = append(found, check.Finding{
				Code: "kafka.topic_forbidden", Level: check.Unknown, Subject: t.Name, What: "The topic " + t.Name + " may not be looked at with these credentials.",
				Do: "Run the check with a user that has the ACL operation Describe on it. What a service lacks itself is told as not permitted.",
			})
		default:
			found = append(found, fault("topic_unavailable", t.Name, fmt.Sprintf("The topic %s can't be used: %s.", t.Name, code.Title()),
				"See the brokers' logs."))
		}
	}
	if len(want) > 1 && len(missing) == len(want) {
		found = append(found, fault("topic_missing", "", fmt.Sprintf("None of the %d topics of the contract is there.", len(want)),
			"Run `frontdesk topics --brokers … --partitions N --replicas R`, or name the cluster that has them."))
	} else {
		for _, name := range missing {
			found = append(found, fault("topic_missing", name, "There is no topic "+name+".",
				"Run `frontdesk topics --brokers … --partitions N` with the partition count of the others; it makes what is missing."))
		}
	}
	usual := mostOf(counts)
	for _, s := range want {
		t, ok := there[s.Name]
		if !ok {
			continue
		}
		if t.partitions != usual {
			found = append(found, fault("topic_partitions", s.Name,
				fmt.Sprintf("The topic %s has %d partitions, most others %d: a call would be in different places of each, and lose its order.", s.Name, t.partitions, usual),
				"Make a new set of topics with one count; never add partitions to these."))
		}
		found = append(found, checkCopies(s.Name, t, len(m.Brokers))...)
	}
	found = append(found, c.checkSettings(ctx, want, there)...)
	if !check.Worst(found).Worse(check.Note) {
		found = append([]check.Finding{check.Okay("kafka.topics", "", "All %d topics of the contract are there as they should be, with %d partitions each.", len(want), usual)}, found...)
	}
	if len(m.Brokers) == 1 {
		found = append(found, check.Finding{
			Code: "kafka.one_broker", Level: check.Note, What: "The cluster has a single broker: what is lost with it is lost for good.",
		})
	}
	return found, there
}

// mostOf is the most frequent key; the larger of two as frequent.
func mostOf(counts map[int]int) int {
	best := 0
	for n, times := range counts {
		if times > counts[best] || times == counts[best] && n > best {
			best = n
		}
	}
	return best
}

func checkCopies(name string, t topic, brokers int) []check.Finding {
	switch {
	case t.leaderless:
		return []check.Finding{fault("topic_leaderless", name, "A partition of "+name+" has no leader: its calls stand still.", "Bring its brokers back.")}
	case t.replicas == 1 && brokers > 1:
		return []check.Finding{{
			Code: "kafka.topic_replicas", Level: check.Warning, Subject: name, What: "The topic " + name + " has one copy, on a cluster of several brokers.",
			Do: "Raise its replicas to three (kafka-reassign-partitions.sh), and min.insync.replicas to two.",
		}}
	case t.insync < t.replicas:
		return []check.Finding{{
			Code: "kafka.topic_out_of_sync", Level: check.Warning, Subject: name,
			What: fmt.Sprintf("Of %d copies of the topic %s only %d are up to date.", t.replicas, name, t.insync),
			Do:   "See which broker is away or slow.",
		}}
	}
	return nil
}

func (c *Conn) checkSettings(ctx context.Context, want []TopicSpec, there map[string]topic) []check.Finding {
	var specs []TopicSpec
	for _, s := range want {
		if t, ok := there[s.Name]; ok {
			s.Partitions, s.Replicas = t.partitions, t.replicas
			specs = append(specs, s)
		}
	}
	have, refused, err := c.settings(ctx, specs)
	if err != nil {
		return []check.Finding{unasked("topics", "The settings of the topics can't be asked for.")}
	}
	var (
		found  []check.Finding
		hidden []string
	)
	for _, s := range specs {
		if refused[s.Name] != nil {
			hidden = append(hidden, s.Name)
			continue
		}
		for _, w := range s.settings() {
			if f, wrong := judge(s.Name, w, have[s.Name][w.name], there[s.Name].replicas); wrong {
				found = append(found, f)
			}
		}
	}
	if len(hidden) > 0 {
		found = append(found, check.Finding{
			Code: "kafka.settings_hidden", Level: check.Unknown, Subject: strings.Join(hidden, ","),
			What: fmt.Sprintf("The settings of %d topics may not be looked at.", len(hidden)),
			Do:   "Run the check with a user that has the ACL operation DescribeConfigs on the topics; the services themselves don't need it.",
		})
	}
	return found
}

// judge compares one setting of a topic.
func judge(name string, want setting, have string, replicas int) (f check.Finding, wrong bool) {
	if normal(have) == normal(want.value) {
		return f, false
	}
	h, w := number(have), number(want.value)
	f = check.Finding{
		Code: "kafka.topic_setting", Level: check.Warning, Subject: name + " " + want.name,
		Do: fmt.Sprintf("kafka-configs.sh --bootstrap-server … --alter --entity-type topics --entity-name %s --add-config '%s=[%s]'", name, want.name, want.value),
	}
	var why string
	switch want.name {
	case "cleanup.policy":
		f.Level, why = check.Fault, "old messages stay for good, or the last one of a call goes"
	case "retention.ms":
		why = "messages stay longer than the contract says, and callers' words with them"
		if h >= 0 && (w < 0 || h < w) {
			f.Level, why = check.Fault, "messages go before a reader that was away has read them"
		}
	case "max.message.bytes":
		if h > w {
			return f, false
		}
		f.Level, why = check.Fault, "large messages are refused"
	case "min.insync.replicas":
		why = "an acknowledged message may be on one broker only"
		switch {
		case h > replicas:
			f.Level, why = check.Fault, "nothing can be written, there are not so many copies"
		case h > w:
			why = "nothing can be written while a broker is away"
		}
	case "segment.ms", "segment.bytes", "max.compaction.lag.ms":
		if h >= 0 && h < w {
			return f, false
		}
		why = "messages stay longer than the retention says"
	default:
		why = "reads by time go astray"
	}
	f.What = fmt.Sprintf("The topic %s has %s %s, where the contract says %s: %s.", name, want.name, cmp.Or(have, "unset"), want.value, why)
	return f, true
}

func number(v string) int {
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0
	}
	return n
}

func (c *Conn) checkBrokerSettings(ctx context.Context, m *metadata.Response) []check.Finding {
	if len(m.Brokers) == 0 {
		return nil
	}
	id := strconv.Itoa(int(m.Brokers[0].NodeID))
	res, err := c.Client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{{
		ResourceType: kafka.ResourceTypeBroker, ResourceName: id, ConfigNames: []string{"auto.create.topics.enable", "offsets.retention.minutes"},
	}}})
	if err == nil && len(res.Resources) == 1 {
		err = res.Resources[0].Error
	}
	if err != nil || len(res.Resources) != 1 {
		return []check.Finding{{
			Code: "kafka.broker_settings_hidden", Level: check.Unknown, Subject: "broker " + id, What: "The brokers' own settings may not be looked at.",
			Do: "See to it by hand that auto.create.topics.enable is false, and that offsets.retention.minutes is at least a week.",
		}}
	}
	var found []check.Finding
	for _, e := range res.Resources[0].ConfigEntries {
		switch {
		case e.ConfigName == "auto.create.topics.enable" && e.ConfigValue == "true":
			found = append(found, check.Finding{
				Code: "kafka.auto_create", Level: check.Warning, Subject: "broker " + id,
				What: "The brokers make topics on demand (auto.create.topics.enable): one that was deleted comes back with other settings and another partition count.",
				Do:   "Set auto.create.topics.enable=false.",
			})
		case e.ConfigName == "offsets.retention.minutes" && number(e.ConfigValue) > 0 && number(e.ConfigValue) < 7*24*60:
			found = append(found, check.Finding{
				Code: "kafka.offsets_retention", Level: check.Warning, Subject: "broker " + id,
				What: fmt.Sprintf("A group that is away for %s loses its place (offsets.retention.minutes), and reads everything that is kept again.",
					time.Duration(number(e.ConfigValue))*time.Minute),
				Do: "Set offsets.retention.minutes to a week or more.",
			})
		}
	}
	return found
}

// checkFlow tells how far each group is behind, what it has parked, and what was given up.
func (c *Conn) checkFlow(ctx context.Context, want Expected, there map[string]topic) []check.Finding {
	var found []check.Finding
	for _, g := range want.Groups {
		found = append(found, c.checkGroup(ctx, g, there)...)
	}
	t, ok := there[want.DeadLetters]
	if !ok {
		return found
	}
	ends, err := c.offsets(ctx, want.DeadLetters, t.partitions, kafka.LastOffset)
	if err != nil {
		return append(found, unasked(want.DeadLetters, "How many messages were given up can't be asked for."))
	}
	since, err := c.offsets(ctx, want.DeadLetters, t.partitions, time.Now().Add(-fresh).UnixMilli())
	if err != nil {
		return append(found, unasked(want.DeadLetters, "How many messages were given up can't be asked for."))
	}
	n, exactly := c.givenUp(ctx, want.DeadLetters, since, ends)
	if n == 0 {
		return append(found, check.Okay("kafka.dead_letters", want.DeadLetters, "Nothing was given up in the last 24 hours."))
	}
	what := fmt.Sprintf("%d messages were given up in the last 24 hours.", n)
	if !exactly {
		what = fmt.Sprintf("Up to %d messages were given up in the last 24 hours.", n)
	}
	return append(found, check.Finding{
		Code: "kafka.dead_letters", Level: check.Warning, Subject: want.DeadLetters, What: what,
		Do: "See why, and what to do about it: frontdesk dlq list --brokers " + strings.Join(c.cfg.Brokers, ",") + " --since 24h.",
	})
}

// mostLetters is how many records are read to tell dead letters from the marks that stand among them.
const mostLetters = 10_000

// givenUp counts the dead letters between offsets. Where the records are too many, or may not be read, it counts what people
// have noted about dead letters, too, and says that it isn't exact.
func (c *Conn) givenUp(ctx context.Context, topic string, since, ends map[int]int64) (n int64, exactly bool) {
	most, letters := int64(0), int64(0)
	for p, end := range ends {
		if from, ok := since[p]; ok && from >= 0 {
			most += max(0, end-from)
		}
	}
	if most > mostLetters {
		return most, false
	}
	for p, end := range ends {
		from, ok := since[p]
		if !ok || from < 0 || from >= end {
			continue
		}
		err := c.ReadRange(ctx, topic, p, from, end, func(r Record) error {
			if !deadletter.IsMark(r.Headers) {
				letters++
			}
			return nil
		})
		if err != nil {
			return most, false
		}
	}
	return letters, true
}

func (c *Conn) checkGroup(ctx context.Context, g ExpectedGroup, there map[string]topic) []check.Finding {
	topics := map[string][]int{}
	for _, name := range slices.Concat(g.Topics, g.Parked) {
		if t, ok := there[name]; ok {
			for p := range t.partitions {
				topics[name] = append(topics[name], p)
			}
		}
	}
	if len(topics) == 0 {
		return nil // it has nothing to read, which is told already
	}
	res, err := c.Client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: g.Name, Topics: topics})
	if err == nil {
		err = res.Error
	}
	if errors.Is(err, kafka.GroupIdNotFound) {
		return []check.Finding{isNew(g.Name)}
	}
	if err != nil {
		return []check.Finding{{
			Code: "kafka.group_hidden", Level: check.Unknown, Subject: g.Name, What: "How far the group " + g.Name + " has read can't be asked for.",
			Do: "Run the check with a user that has the ACL operation Describe on the group.",
		}}
	}
	behind, parked, known := int64(0), int64(0), false
	for name, parts := range res.Topics {
		ends, err := c.offsets(ctx, name, len(topics[name]), kafka.LastOffset)
		if err != nil {
			return []check.Finding{unasked(g.Name, "How far the group "+g.Name+" is behind can't be asked for.")}
		}
		for _, p := range parts {
			if p.CommittedOffset < 0 {
				continue
			}
			known = true
			left := max(0, ends[p.Partition]-p.CommittedOffset)
			if slices.Contains(g.Parked, name) {
				parked += left
			} else {
				behind += left
			}
		}
	}
	switch {
	case !known:
		return []check.Finding{isNew(g.Name)}
	case parked > 0:
		return []check.Finding{{
			Code: "kafka.group_parked", Level: check.Note, Subject: g.Name,
			What: fmt.Sprintf("The group %s is %d messages behind, and up to %d are parked: a dependency failed, and they are tried again.", g.Name, behind, parked),
		}}
	}
	return []check.Finding{check.Okay("kafka.group", g.Name, "The group %s is %d messages behind.", g.Name, behind)}
}

func isNew(group string) check.Finding {
	return check.Finding{Code: "kafka.group_new", Level: check.Note, Subject: group, What: "The group " + group + " has not committed anything yet."}
}

// offsets are those of a topic's partitions at a time in milliseconds, or at kafka.LastOffset. A partition without a message after
// the time has -1.
func (c *Conn) offsets(ctx context.Context, name string, partitions int, at int64) (map[int]int64, error) {
	req := make([]kafka.OffsetRequest, partitions)
	for p := range req {
		req[p] = kafka.OffsetRequest{Partition: p, Timestamp: at}
	}
	res, err := c.Client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{name: req}})
	if err != nil {
		return nil, fmt.Errorf("asking for the offsets of %s: %w", name, err)
	}
	out := map[int]int64{}
	for _, p := range res.Topics[name] {
		switch {
		case p.Error != nil:
			return nil, fmt.Errorf("asking for the offsets of %s: %w", name, p.Error)
		case at == kafka.LastOffset:
			out[p.Partition] = p.LastOffset
		default:
			out[p.Partition] = -1
			for offset := range p.Offsets {
				out[p.Partition] = offset
			}
		}
	}
	return out, nil
}

// Operations of ACLs, as bits of what a cluster tells of a topic.
const (
	opRead  = 1 << 3
	opWrite = 1 << 4
)

// CheckRights finds out, without writing, whether a service may do what it must, by its own credentials.
func (c *Conn) CheckRights(ctx context.Context, r Rights) []check.Finding {
	m, err := c.any(ctx, slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.Read, r.Write)))))
	if err != nil {
		return nil // told by CheckReach
	}
	var (
		read, write []string
		found       []check.Finding
	)
	for _, t := range m.Topics {
		if errors.Is(kafka.Error(t.ErrorCode), kafka.UnknownTopicOrPartition) {
			continue // told by CheckCluster
		}
		may := t.TopicAuthorizedOperations
		if t.ErrorCode == 0 && may < 0 {
			continue // a broker without an authorizer tells nothing
		}
		if slices.Contains(r.Read, t.Name) && may&opRead == 0 {
			read = append(read, t.Name)
		}
		if slices.Contains(r.Write, t.Name) && may&opWrite == 0 {
			write = append(write, t.Name)
		}
	}
	for _, missing := range []struct {
		operation string
		topics    []string
	}{{"Read", read}, {"Write", write}} {
		for _, name := range missing.topics {
			found = append(found, fault("not_permitted", r.Service+" "+name,
				fmt.Sprintf("%s may not %s the topic %s.", r.Service, strings.ToLower(missing.operation), name),
				fmt.Sprintf("kafka-acls.sh --bootstrap-server … --add --allow-principal User:… --operation %s --topic %s", missing.operation, name)))
		}
	}
	if r.Group != "" {
		res, err := c.Client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: r.Group, Topics: map[string][]int{}})
		if err == nil {
			err = res.Error
		}
		if errors.Is(err, kafka.GroupAuthorizationFailed) {
			found = append(found, fault("not_permitted", r.Service+" group "+r.Group,
				fmt.Sprintf("%s may not read as the group %s.", r.Service, r.Group),
				fmt.Sprintf("kafka-acls.sh --bootstrap-server … --add --allow-principal User:… --operation Read --group %s", r.Group)))
		}
	}
	if len(found) == 0 {
		found = append(found, check.Okay("kafka.permitted", r.Service, "%s may read and write what it must.", r.Service))
	}
	return found
}
