package broker_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write puts messages into partition 0 of a topic, each request a batch.
func write(t testing.TB, conn *broker.Conn, topic string, batches ...[]string) {
	t.Helper()
	for _, batch := range batches {
		records := make([]kafka.Record, 0, len(batch))
		for _, kv := range batch {
			k, v, _ := strings.Cut(kv, "=")
			r := kafka.Record{Key: kafka.NewBytes([]byte(k)), Headers: []kafka.Header{{Key: "h", Value: []byte(k)}}}
			if v != "" {
				r.Value = kafka.NewBytes([]byte(v))
			}
			records = append(records, r)
		}
		res, err := conn.Client.Produce(t.Context(), &kafka.ProduceRequest{
			Topic: topic, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
		})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEnsureTopics(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{})
	day := 24 * time.Hour
	specs := []broker.TopicSpec{
		{Name: "events", Partitions: 3, Replicas: 1, Retention: day, MaxMessageBytes: 1 << 20},
		{Name: "state", Partitions: 3, Replicas: 1, Retention: 30 * day, Compacted: true, CompactionLag: day},
	}
	actions := func() string {
		t.Helper()
		res, err := c.EnsureTopics(t.Context(), specs)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(res)
	}
	if got := actions(); got != "[{events created []} {state created []}]" {
		t.Errorf("first: %s", got)
	}
	if got := actions(); got != "[{events unchanged []} {state unchanged []}]" {
		t.Errorf("again: %s", got)
	}
	specs[0].Retention = 2 * day
	if got := actions(); !strings.Contains(got, "{events differs [retention.ms: have 86400000, want 172800000") {
		t.Errorf("changed: %s", got)
	}
	specs[1].Partitions = 4
	res, err := c.EnsureTopics(t.Context(), specs)
	if err == nil || !strings.Contains(err.Error(), "state has 3 partitions, not 4") || len(res) != 2 || res[1].Action != "differs" {
		t.Errorf("wrong count: %v %v", res, err)
	}
	specs[0].Partitions = 4
	if _, err := c.EnsureTopics(t.Context(), specs); err == nil || !strings.Contains(err.Error(), "2 topics (events, state) have 3 partitions, not 4") {
		t.Errorf("two of a wrong count are not told together: %v", err)
	}
	specs[0].Partitions = 3
	c.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.InvalidReplicationFactor})
	res, err = c.EnsureTopics(t.Context(), append(specs[:1:1], broker.TopicSpec{Name: "more", Partitions: 1}, broker.TopicSpec{Name: "most", Partitions: 1}))
	if !errors.Is(err, kafka.InvalidReplicationFactor) || len(res) != 1 || res[0].Name != "events" {
		t.Errorf("a refused topic: %v %v", res, err)
	}
	if text := fmt.Sprint(err); !strings.Contains(text, "give --replicas 1") || strings.Contains(text, "most") {
		t.Errorf("too few brokers are not told once, with what to do: %v", err)
	}
	counts, err := c.Partitions(t.Context())
	if err != nil || counts["events"] != 3 || counts["more"] != 0 {
		t.Errorf("%v %v", counts, err)
	}
}

func TestReadRange(t *testing.T) {
	c := kafkatest.Broker(t, "a:1")
	write(t, c, "a", []string{"0=v", "1=v", "2=v"}, []string{"3=v", "4="}, []string{"5=v"})
	boom := errors.New("boom")
	for _, tc := range []struct {
		from, to int64
		want     string
	}{{-1, -1, "012345"}, {0, 6, "012345"}, {2, 5, "234"}, {4, -1, "45"}, {3, 3, ""}, {6, -1, ""}, {99, -1, ""}, {0, 99, "012345"}} {
		got := ""
		err := c.ReadRange(t.Context(), "a", 0, tc.from, tc.to, func(r broker.Record) error {
			got += string(r.Key)
			if string(r.Headers[0].Value) != string(r.Key) || (r.Value == nil) != (r.Offset == 4) || r.Topic != "a" {
				t.Errorf("record %+v", r)
			}
			return nil
		})
		if err != nil || got != tc.want {
			t.Errorf("%d to %d: got %q, want %q (%v)", tc.from, tc.to, got, tc.want, err)
		}
	}
	if err := c.ReadRange(t.Context(), "a", 0, 0, -1, func(broker.Record) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

// TestALongRangeIsReadInPieces: each batch of a fetch takes a page of 64 KiB in memory, so a fetch must not hold many.
func TestALongRangeIsReadInPieces(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{}, "a:1")
	batches := make([][]string, 600) // of one message each, 600 KB together
	for i := range batches {
		batches[i] = []string{fmt.Sprintf("%d=%s", i, strings.Repeat("v", 1000))}
	}
	write(t, c.Conn, "a", batches...)
	var fetches atomic.Int32
	c.Kafka.Fake.ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.Kafka.Fake.KeepControl()
		fetches.Add(1)
		if f, ok := r.(*kmsg.FetchRequest); ok && f.Topics[0].Partitions[0].PartitionMaxBytes > 128<<10 {
			t.Errorf("a fetch takes up to %d bytes", f.Topics[0].Partitions[0].PartitionMaxBytes)
		}
		return nil, nil, false
	})
	n := 0
	err := c.ReadRange(t.Context(), "a", 0, 0, -1, func(r broker.Record) error {
		if string(r.Key) != fmt.Sprint(n) {
			t.Errorf("message %d is %s", n, r.Key)
		}
		n++
		return nil
	})
	if err != nil || n != len(batches) || fetches.Load() < 4 {
		t.Errorf("%d of %d messages by %d fetches: %v", n, len(batches), fetches.Load(), err)
	}
}

func TestReadAtSkipsWhatIsGone(t *testing.T) {
	c := kafkatest.Broker(t, "a:1")
	for i := range 300 {
		write(t, c, "a", []string{fmt.Sprintf("%d=%s", i, strings.Repeat("x", 500))})
	}
	for _, tc := range []struct{ ask, want []int64 }{
		{[]int64{0, 1, 150, 299}, []int64{0, 1, 150, 299}},
		{[]int64{-5, 7, 300, 1000}, []int64{7}},
		{nil, nil},
	} {
		var got []int64
		err := c.ReadAt(t.Context(), "a", 0, tc.ask, func(r broker.Record) error { got = append(got, r.Offset); return nil })
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%v: got %v, want %v (%v)", tc.ask, got, tc.want, err)
		}
	}
}

// What compaction took from the end of a batch must not make a reader ask for it for ever.
func TestReadingACompactedTopicMakesProgress(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{})
	if _, err := c.EnsureTopics(t.Context(), []broker.TopicSpec{{Name: "a", Partitions: 1, Replicas: 1, Compacted: true}}); err != nil {
		t.Fatal(err)
	}
	batches := make([][]string, 0, 50)
	for round := range 50 {
		// The last two of each batch are overwritten by the next.
		batches = append(batches, []string{fmt.Sprintf("keep%d=v", round), "x=v", "y=v"})
	}
	write(t, c.Conn, "a", batches...)
	c.Kafka.Fake.Compact()
	var all []int64
	read := func(from int64) (out []int64) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		err := c.ReadRange(ctx, "a", 0, from, -1, func(r broker.Record) error { out = append(out, r.Offset); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if all = read(-1); len(all) >= 150 || len(all) < 50 {
		t.Fatalf("compaction left %d of 150 messages", len(all))
	}
	for from := range int64(150) {
		i, _ := slices.BinarySearch(all, from)
		if got := read(from); !slices.Equal(got, all[i:]) {
			t.Errorf("from %d: got %v, want %v", from, got, all[i:])
		}
	}
	// One batch at a time, so that each stands alone in its answer.
	var got []int64
	for at := int64(0); at < 150; {
		f, err := c.Fetch(t.Context(), "a", 0, at, 1, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if f.Next <= at {
			t.Fatalf("stuck at %d", at)
		}
		for _, r := range f.Records {
			got = append(got, r.Offset)
		}
		at = f.Next
	}
	if !slices.Equal(got, all) {
		t.Errorf("batch by batch: got %v, want %v", got, all)
	}
}

func TestOffsetAt(t *testing.T) {
	c := kafkatest.Broker(t, "a:1")
	write(t, c, "a", []string{"0=v"}, []string{"1=v"})
	for _, tc := range []struct {
		at   time.Time
		want int64
	}{{time.Now().Add(-time.Hour), 0}, {time.Now().Add(time.Hour), 2}} {
		got, err := c.OffsetAt(t.Context(), "a", 0, tc.at)
		if err != nil || got != tc.want {
			t.Errorf("%s: got %d, want %d (%v)", tc.at, got, tc.want, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := c.Offsets(ctx, "nowhere", 0); err == nil {
		t.Error("a topic that does not exist has offsets")
	}
}

func TestReadsOutlastABrokersHiccups(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{}, "a:1")
	write(t, c.Conn, "a", []string{"0=v"})
	c.Kafka.Fake.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Topic: "a", Err: kerr.NotLeaderForPartition, Count: 2},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "a", Err: kerr.LeaderNotAvailable, Count: 2},
	)
	n := 0
	if err := c.ReadRange(t.Context(), "a", 0, 0, -1, func(broker.Record) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("%d records, %v", n, err)
	}
	c.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "a", Err: kerr.TopicAuthorizationFailed})
	if err := c.ReadRange(t.Context(), "a", 0, 0, -1, func(broker.Record) error { return nil }); !errors.Is(err, kafka.TopicAuthorizationFailed) {
		t.Errorf("got %v", err)
	}
}

func TestPingSaysWhyKafkaIsOutOfReach(t *testing.T) {
	k, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{})
	if err != nil {
		t.Fatal(err)
	}
	conn := kafkatest.Dial(t, broker.Config{Brokers: []string{k.Addr()}})
	if err := conn.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = k.Close()
	if err := conn.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), k.Addr()) {
		t.Errorf("with the broker away: %v", err)
	}
	if _, err := conn.Partitions(t.Context()); err == nil {
		t.Error("a broker that is away has topics")
	}
}

func TestConfigReportsEveryFault(t *testing.T) {
	dir := t.TempDir()
	notPEM := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(notPEM, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		cfg  broker.Config
		want []string
	}{
		{broker.Config{}, []string{"at least one"}},
		{broker.Config{Brokers: []string{"here", ":1", "a:70000", "b:x"}}, []string{`"here"`, `":1"`, `"a:70000"`, `"b:x"`}},
		{broker.Config{TLS: broker.TLS{CAFile: "x"}, SASL: broker.SASL{Username: "u"}}, []string{"at least one", "tls.enabled is false", "mechanism is empty"}},
		{broker.Config{TLS: broker.TLS{Enabled: true, CAFile: filepath.Join(dir, "none")}, SASL: broker.SASL{Mechanism: "plain"}}, []string{"ca_file", "username and password"}},
		{broker.Config{TLS: broker.TLS{Enabled: true, CAFile: notPEM}, SASL: broker.SASL{Mechanism: "md5", Username: "u", Password: "p"}}, []string{"no PEM", `"md5"`}},
		{broker.Config{TLS: broker.TLS{Enabled: true, CertFile: notPEM}}, []string{"go together"}},
		{broker.Config{TLS: broker.TLS{Enabled: true, CertFile: notPEM, KeyFile: notPEM}}, []string{"cert_file"}},
	} {
		_, err := broker.Dial(tc.cfg)
		if err == nil {
			t.Errorf("%v: accepted", tc.want)
			continue
		}
		for _, want := range tc.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in %q", want, err)
			}
		}
	}
}

func TestSASLAndTLS(t *testing.T) {
	ca, pair := certificate(t)
	const secret = "a secret of the test" //nolint:gosec // not one of anybody's
	k, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Options: []kfake.Opt{
		kfake.EnableSASL(), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}),
		kfake.Superuser("PLAIN", "p", secret), kfake.Superuser("SCRAM-SHA-256", "s2", secret), kfake.Superuser("SCRAM-SHA-512", "s5", secret),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	for _, tc := range []struct {
		mechanism, user string
		password        config.Secret
		ok              bool
	}{
		{"plain", "p", secret, true}, {"scram-sha-256", "s2", secret, true}, {"scram-sha-512", "s5", secret, true},
		{"plain", "p", "wrong", false}, {"scram-sha-256", "s2", "wrong", false}, {"", "", "", false},
	} {
		conn := kafkatest.Dial(t, broker.Config{
			Brokers: []string{k.Addr()}, TLS: broker.TLS{Enabled: true, CAFile: ca},
			SASL: broker.SASL{Mechanism: tc.mechanism, Username: tc.user, Password: tc.password},
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := conn.Ping(ctx)
		if err == nil {
			_, err = conn.EnsureTopics(ctx, []broker.TopicSpec{{Name: "t" + tc.user, Partitions: 1, Replicas: 1}})
		}
		cancel()
		if (err == nil) != tc.ok {
			t.Errorf("%s as %q: %v", tc.mechanism, tc.user, err)
		}
		if err != nil && strings.Contains(err.Error(), "wrong") {
			t.Errorf("the error quotes the password: %v", err)
		}
	}
	conn := kafkatest.Dial(t, broker.Config{
		Brokers: []string{k.Addr()}, TLS: broker.TLS{Enabled: true},
		SASL: broker.SASL{Mechanism: "plain", Username: "p", Password: secret},
	})
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a certificate of nobody's was accepted")
	}
}

// certificate makes an authority's file and a server's key pair for 127.0.0.1.
func certificate(t *testing.T) (caFile string, pair tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return caFile, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
