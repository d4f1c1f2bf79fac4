package broker_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
)

// expected is a small contract.
func expected() broker.Expected {
	const day = 24 * time.Hour
	return broker.Expected{
		Topics: []broker.TopicSpec{
			{Name: "events", Partitions: 3, Replicas: 1, Retention: day, MaxMessageBytes: 1 << 20},
			{Name: "state", Partitions: 3, Replicas: 1, Retention: 30 * day, Compacted: true, CompactionLag: day},
			{Name: "events.reader.retry", Partitions: 3, Replicas: 1, Retention: day},
			{Name: "dead", Partitions: 3, Replicas: 1, Retention: 30 * day},
		},
		Groups:      []broker.ExpectedGroup{{Name: "reader", Topics: []string{"events"}, Parked: []string{"events.reader.retry"}}},
		DeadLetters: "dead",
	}
}

func find(found []check.Finding, code, subject string) *check.Finding {
	i := slices.IndexFunc(found, func(f check.Finding) bool { return f.Code == code && (subject == "" || f.Subject == subject) })
	if i < 0 {
		return nil
	}
	return &found[i]
}

func isTold(t *testing.T, found []check.Finding, code, subject string, level check.Level, do string) {
	t.Helper()
	f := find(found, code, subject)
	if f == nil || f.Level != level || !strings.Contains(f.Do, do) || f.What == "" {
		t.Errorf("no %s of %q, a %s with %q, in %+v", code, subject, level, do, found)
	}
}

func TestAHealthyClusterHasNothingWrong(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{})
	if _, err := c.Conn.EnsureTopics(t.Context(), expected().Topics); err != nil {
		t.Fatal(err)
	}
	found := append(c.Conn.CheckReach(t.Context()), c.Conn.CheckCluster(t.Context(), expected())...)
	found = append(found, c.Conn.CheckRights(t.Context(), broker.Rights{Service: "reader", Read: []string{"events"}, Write: []string{"dead"}, Group: "reader"})...)
	if check.Worst(found).Worse(check.Note) || find(found, "kafka.topics", "") == nil || find(found, "kafka.permitted", "reader") == nil {
		t.Errorf("%+v", found)
	}
	if id, err := c.Conn.ClusterID(t.Context()); err != nil || id == "" {
		t.Errorf("the cluster is called %q: %v", id, err)
	}
}

func TestFaultsOfTopicsAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		change        func([]broker.TopicSpec) []broker.TopicSpec
		code, subject string
		level         check.Level
		do            string
	}{
		"one is missing": {func(s []broker.TopicSpec) []broker.TopicSpec { return s[1:] }, "topic_missing", "events", check.Fault, "frontdesk topics"},
		"one has more partitions": {func(s []broker.TopicSpec) []broker.TopicSpec {
			s[1].Partitions = 5
			return s
		}, "topic_partitions", "state", check.Fault, "never add partitions"},
		"one forgets too early": {func(s []broker.TopicSpec) []broker.TopicSpec {
			s[0].Retention = time.Hour
			return s
		}, "topic_setting", "events retention.ms", check.Fault, "retention.ms=[86400000]"},
		"one keeps too long": {func(s []broker.TopicSpec) []broker.TopicSpec {
			s[0].Retention = 48 * time.Hour
			return s
		}, "topic_setting", "events retention.ms", check.Warning, "retention.ms=[86400000]"},
		"one is not compacted": {func(s []broker.TopicSpec) []broker.TopicSpec {
			s[1].Compacted = false
			return s
		}, "topic_setting", "state cleanup.policy", check.Fault, "cleanup.policy=[compact,delete]"},
		"one takes small messages only": {func(s []broker.TopicSpec) []broker.TopicSpec {
			s[0].MaxMessageBytes = 1000
			return s
		}, "topic_setting", "events max.message.bytes", check.Fault, "max.message.bytes=[1048576]"},
	} {
		t.Run(name, func(t *testing.T) {
			k := kafkatest.Start(t, embedded.KafkaConfig{})
			if _, err := k.Conn.EnsureTopics(t.Context(), c.change(expected().Topics)); err != nil {
				t.Fatal(err)
			}
			isTold(t, k.Conn.CheckCluster(t.Context(), expected()), "kafka."+c.code, c.subject, c.level, c.do)
		})
	}
}

// TestAnEmptyClusterIsOneFault: what follows from it is not told.
func TestAnEmptyClusterIsOneFault(t *testing.T) {
	k := kafkatest.Start(t, embedded.KafkaConfig{})
	found := k.Conn.CheckCluster(t.Context(), expected())
	isTold(t, found, "kafka.topic_missing", "", check.Fault, "frontdesk topics")
	for _, f := range found {
		if f.Level == check.Unknown || f.Code == "kafka.topic_missing" && f.Subject != "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestWhatBrokersDoByThemselvesIsTold(t *testing.T) {
	k := kafkatest.Start(t, embedded.KafkaConfig{Options: []kfake.Opt{kfake.BrokerConfigs(map[string]string{"offsets.retention.minutes": "1440"})}})
	// kfake tells nothing of topics that are made on demand.
	k.Kafka.Fake.ControlKey(int16(kmsg.DescribeConfigs), func(r kmsg.Request) (kmsg.Response, error, bool) {
		k.Kafka.Fake.KeepControl()
		req := r.(*kmsg.DescribeConfigsRequest)
		if len(req.Resources) != 1 || req.Resources[0].ResourceType != kmsg.ConfigResourceTypeBroker {
			return nil, nil, false
		}
		res := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
		of := kmsg.NewDescribeConfigsResponseResource()
		of.ResourceType, of.ResourceName = req.Resources[0].ResourceType, req.Resources[0].ResourceName
		for name, value := range map[string]string{"auto.create.topics.enable": "true", "offsets.retention.minutes": "1440"} {
			e := kmsg.NewDescribeConfigsResponseResourceConfig()
			e.Name, e.Value = name, kmsg.StringPtr(value)
			of.Configs = append(of.Configs, e)
		}
		res.Resources = append(res.Resources, of)
		return res, nil, true
	})
	found := k.Conn.CheckCluster(t.Context(), expected())
	isTold(t, found, "kafka.auto_create", "", check.Warning, "auto.create.topics.enable=false")
	isTold(t, found, "kafka.offsets_retention", "", check.Warning, "a week")
}

// TestReadersThatAreBehindAreTold, as are parked messages and dead letters.
func TestReadersThatAreBehindAreTold(t *testing.T) {
	k := kafkatest.Start(t, embedded.KafkaConfig{})
	if _, err := k.Conn.EnsureTopics(t.Context(), expected().Topics); err != nil {
		t.Fatal(err)
	}
	isTold(t, k.Conn.CheckCluster(t.Context(), expected()), "kafka.group_new", "reader", check.Note, "")
	for topic, n := range map[string]int{"events": 5, "events.reader.retry": 2, "dead": 3} {
		for range n {
			write(t, k.Conn, topic, []string{"k=v"})
		}
	}
	// What somebody has noted about a dead letter is none.
	if _, err := k.Conn.Client.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: "dead", RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Headers: deadletter.Mark{What: deadletter.Dropped, About: "0-0"}.Headers()}),
	}); err != nil {
		t.Fatal(err)
	}
	res, err := k.Conn.Client.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
		GroupID: "reader", GenerationID: -1,
		Topics: map[string][]kafka.OffsetCommit{"events": {{Partition: 0, Offset: 1}}, "events.reader.retry": {{Partition: 0, Offset: 0}}},
	})
	if err != nil || len(res.Topics) != 2 {
		t.Fatal(res, err)
	}
	found := k.Conn.CheckCluster(t.Context(), expected())
	if f := find(found, "kafka.group_parked", "reader"); f == nil || !strings.Contains(f.What, "4 messages behind, and up to 2 are parked") {
		t.Errorf("%+v", found)
	}
	if f := find(found, "kafka.dead_letters", "dead"); f == nil || f.Level != check.Warning || !strings.HasPrefix(f.What, "3 messages") || !strings.Contains(f.Do, "frontdesk dlq list --brokers "+k.Kafka.Addr()) {
		t.Errorf("%+v", found)
	}
}

func TestFaultsOfTheConnectionAreTold(t *testing.T) {
	ca, pair := certificate(t)
	other, _ := certificate(t)
	secured := func(opts ...kfake.Opt) embedded.KafkaConfig {
		return embedded.KafkaConfig{Options: append(opts, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))}
	}
	login := []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "s", "right")}
	for name, c := range map[string]struct {
		server embedded.KafkaConfig
		client func(*broker.Config)
		code   string
		do     string
	}{
		"nobody there":         {embedded.KafkaConfig{}, func(c *broker.Config) { c.Brokers = []string{"127.0.0.1:1"} }, "unreachable", "host and port"},
		"an unknown authority": {secured(), func(c *broker.Config) { c.TLS = broker.TLS{Enabled: true, CAFile: other} }, "tls_unknown_ca", "ca_file"},
		"another name": {secured(), func(c *broker.Config) {
			_, port, _ := net.SplitHostPort(c.Brokers[0])
			c.TLS, c.Brokers = broker.TLS{Enabled: true, CAFile: ca}, []string{"localhost:" + port}
		}, "tls_name", "name"},
		// As Kafka does, which takes a handshake for a request of an impossible size; kfake waits for the rest of it.
		"TLS where there is none": {embedded.KafkaConfig{}, func(c *broker.Config) {
			c.TLS, c.Brokers = broker.TLS{Enabled: true, CAFile: ca}, []string{hangsUp(t)}
		}, "hangs_up", "TLS"},
		"no TLS where there is one": {secured(), func(*broker.Config) {}, "hangs_up", "kafka.tls.enabled"},
		"a wrong password": {embedded.KafkaConfig{Options: login}, func(c *broker.Config) {
			c.SASL = broker.SASL{Mechanism: "scram-sha-256", Username: "s", Password: "wrong"}
		}, "wrong_password", "kafka.sasl.password"},
		"an unknown user": {embedded.KafkaConfig{Options: login}, func(c *broker.Config) {
			c.SASL = broker.SASL{Mechanism: "scram-sha-256", Username: "x", Password: "right"}
		}, "wrong_password", "kafka.sasl.username"},
		"no login": {embedded.KafkaConfig{Options: login}, func(*broker.Config) {}, "hangs_up", "kafka.sasl"},
		"an old broker": {embedded.KafkaConfig{Options: []kfake.Opt{kfake.MaxVersions(kversion.V1_0_0())}}, func(*broker.Config) {},
			"version", "Upgrade Kafka"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := embedded.StartKafka(t.Context(), c.server)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = k.Close() })
			cfg := broker.Config{Brokers: []string{k.Addr()}}
			c.client(&cfg)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			found := kafkatest.Dial(t, cfg).CheckReach(ctx)
			isTold(t, found, "kafka."+c.code, cfg.Brokers[0], check.Fault, c.do)
			if text := fmt.Sprint(found); strings.Contains(text, "wrong ") || strings.Contains(text, "right") {
				t.Errorf("a password is told: %s", text)
			}
		})
	}
}

// hangsUp is a server that closes every connection once it has heard something.
func hangsUp(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1<<12))
			_ = c.Close()
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}

func TestSeedsOfTwoClustersAreTold(t *testing.T) {
	a, b := kafkatest.Start(t, embedded.KafkaConfig{Options: []kfake.Opt{kfake.ClusterID("a")}}), kafkatest.Start(t, embedded.KafkaConfig{Options: []kfake.Opt{kfake.ClusterID("b")}})
	conn := kafkatest.Dial(t, broker.Config{Brokers: slices.Concat(a.Conn.Brokers(), b.Conn.Brokers())})
	isTold(t, conn.CheckReach(t.Context()), "kafka.clusters_differ", "", check.Fault, "one cluster")
}

// TestMissingRightsAreTold, without a message being written.
func TestMissingRightsAreTold(t *testing.T) {
	may := func(kind kmsg.ACLResourceType, name string, op kmsg.ACLOperation) kfake.ACL {
		return kfake.ACL{Resource: kind, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: op, Allow: true}
	}
	k, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Options: []kfake.Opt{
		kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "admin", "pw"),
		kfake.User("PLAIN", "reader", "pw", may(kmsg.ACLResourceTypeTopic, "events", kmsg.ACLOperationRead), may(kmsg.ACLResourceTypeTopic, "dead", kmsg.ACLOperationDescribe)),
		kfake.User("PLAIN", "whole", "pw", may(kmsg.ACLResourceTypeTopic, "events", kmsg.ACLOperationRead), may(kmsg.ACLResourceTypeTopic, "dead", kmsg.ACLOperationWrite),
			may(kmsg.ACLResourceTypeGroup, "reader", kmsg.ACLOperationRead)),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	as := func(user string) *broker.Conn {
		return kafkatest.Dial(t, broker.Config{Brokers: []string{k.Addr()}, SASL: broker.SASL{Mechanism: "plain", Username: user, Password: "pw"}})
	}
	if _, err := as("admin").EnsureTopics(t.Context(), expected().Topics); err != nil {
		t.Fatal(err)
	}
	rights := broker.Rights{Service: "reader", Read: []string{"events"}, Write: []string{"dead"}, Group: "reader"}
	found := as("reader").CheckRights(t.Context(), rights)
	isTold(t, found, "kafka.not_permitted", "reader dead", check.Fault, "--operation Write --topic dead")
	isTold(t, found, "kafka.not_permitted", "reader group reader", check.Fault, "--operation Read --group reader")
	if find(found, "kafka.not_permitted", "reader events") != nil {
		t.Errorf("%+v", found)
	}
	if found := as("whole").CheckRights(t.Context(), rights); check.Worst(found) != check.OK {
		t.Errorf("%+v", found)
	}
	found = as("whole").CheckCluster(t.Context(), expected())
	isTold(t, found, "kafka.topic_forbidden", "state", check.Unknown, "Describe")
	isTold(t, found, "kafka.settings_hidden", "", check.Unknown, "DescribeConfigs")
	isTold(t, found, "kafka.broker_settings_hidden", "", check.Unknown, "by hand")
}
