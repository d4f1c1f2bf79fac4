package realparts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
)

// Kafka is one node of Apache Kafka, broker and controller in one. Its address and data stay the same over restarts.
type Kafka struct {
	dir, libs, addr string
	security        *security
	proc            *child
}

const (
	// A cold start on a busy machine; otherwise it takes 3 s.
	kafkaStarts = time.Minute
	kafkaStops  = 30 * time.Second
)

// clusterID may be any; no two clusters ever meet.
const clusterID = "RnJvbnRkZXNrLXRlc3RzIQ"

// kafkaSettings are server.properties, but for the listeners. Sessions and times are short, so that a killed node comes back soon.
const kafkaSettings = `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[2]s
controller.listener.names=CONTROLLER
listeners=%[4]s://%[1]s,CONTROLLER://%[2]s
advertised.listeners=%[4]s://%[1]s
inter.broker.listener.name=%[4]s
listener.security.protocol.map=%[4]s:%[4]s,CONTROLLER:PLAINTEXT
log.dirs=%[3]s
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
`

// kafkaSecured are added for TLS and SCRAM. PLAIN, inside of TLS, is for foreign clients: librdkafka before 2.6.1, and so Debian's
// kcat, answers SCRAM with a nonce that Kafka has refused since it looks at it (confluentinc/librdkafka#4895).
const kafkaSecured = `
ssl.keystore.type=PEM
ssl.keystore.location=%[1]s
ssl.truststore.type=PEM
ssl.truststore.location=%[2]s
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="%[3]s" password="%[4]s";
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_%[3]s="%[4]s";
`

// kafkaLogging writes to standard output, which is the process's log.
const kafkaLogging = `
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss.SSS} %-5p %c{1} - %m%n%ex
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
`

// startKafka formats a new node in dir and starts it. libs is the folder of its jars.
func startKafka(ctx context.Context, dir, libs string, sec *security, settings []string) (*Kafka, error) {
	if jars, _ := filepath.Glob(filepath.Join(libs, "kafka_*.jar")); len(jars) == 0 {
		return nil, fmt.Errorf("no jars of Kafka in %s: make integration-parts fetches them", libs)
	}
	if _, err := exec.LookPath("java"); err != nil {
		return nil, errors.New("no java: as root, make integration-parts installs it; otherwise install a JRE of version 17 or later")
	}
	libs, err := filepath.Abs(libs)
	if err != nil {
		return nil, fmt.Errorf("naming the folder of Kafka's jars: %w", err)
	}
	k := &Kafka{dir: filepath.Join(dir, "kafka"), libs: libs, security: sec}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, fmt.Errorf("making Kafka's folder: %w", err)
	}
	if err := k.configure(ctx, settings); err != nil {
		return nil, err
	}
	args := []string{"kafka.tools.StorageTool", "format", "-t", clusterID, "-c", "server.properties"}
	if sec != nil {
		args = append(args, "--add-scram", fmt.Sprintf("SCRAM-SHA-512=[name=%s,password=%s]", sec.user, sec.password))
	}
	format, err := k.java("format", args...)
	if err != nil {
		return nil, err
	}
	select {
	case <-format.done:
	case <-ctx.Done():
		format.kill()
		return nil, fmt.Errorf("formatting Kafka's storage: %w", ctx.Err())
	}
	if format.err != nil {
		return nil, fmt.Errorf("formatting Kafka's storage: %w; it said:\n%s", format.err, tail(format.log))
	}
	return k, k.Start(ctx)
}

func (k *Kafka) configure(ctx context.Context, more []string) error {
	var err error
	if k.addr, err = ports.Free(ctx); err != nil {
		return err
	}
	controller, err := ports.Free(ctx)
	if err != nil {
		return err
	}
	protocol, secured := "PLAINTEXT", ""
	if s := k.security; s != nil {
		protocol, secured = "SASL_SSL", fmt.Sprintf(kafkaSecured, s.pairFile, s.caFile, s.user, s.password)
	}
	settings := fmt.Sprintf(kafkaSettings, k.addr, controller, filepath.Join(k.dir, "data"), protocol) + secured + strings.Join(more, "\n") + "\n"
	if err := errors.Join(
		os.WriteFile(filepath.Join(k.dir, "server.properties"), []byte(settings), 0o600),
		os.WriteFile(filepath.Join(k.dir, "log4j2.properties"), []byte(kafkaLogging), 0o600),
	); err != nil {
		return fmt.Errorf("writing Kafka's settings: %w", err)
	}
	return nil
}

// java runs a class of Kafka's. It starts fast rather than running at its fastest.
func (k *Kafka) java(name string, class ...string) (*child, error) {
	args := append([]string{
		"-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.configurationFile=log4j2.properties",
		"-cp", filepath.Join(k.libs, "*"),
	}, class...)
	return launch(k.dir, name, nil, "java", args...)
}

// Start starts the node on the data that it left, and returns when it answers.
func (k *Kafka) Start(ctx context.Context) (err error) {
	if k.proc, err = k.java("kafka", "kafka.Kafka", "server.properties"); err != nil {
		return err
	}
	conn, err := broker.Dial(k.Config("frontdesk-integration"))
	if err != nil {
		return fmt.Errorf("preparing the way to Kafka: %w", err)
	}
	defer conn.Close() //nolint:errcheck // it asked, and was answered
	return k.proc.until(ctx, kafkaStarts, func(ctx context.Context) error {
		_, err := conn.Partitions(ctx)
		return err //nolint:wrapcheck // until says what it waited for
	})
}

// Stop ends the node in order.
func (k *Kafka) Stop() error { return k.proc.stop(kafkaStops) }

// Kill is kill -9.
func (k *Kafka) Kill() { k.proc.kill() }

// Pause is SIGSTOP: what has a connection waits on it.
func (k *Kafka) Pause() error { return k.proc.pause() }

// Resume lets it go on after a Pause, as if no time had passed.
func (k *Kafka) Resume() error { return k.proc.resume() }

// Pid is the process id; 0 while it does not run.
func (k *Kafka) Pid() int { return k.proc.pid() }

// Addr is its host:port.
func (k *Kafka) Addr() string { return k.addr }

// Config is how our clients reach it.
func (k *Kafka) Config(client string) broker.Config {
	cfg := broker.Config{Brokers: []string{k.addr}, ClientID: client}
	if s := k.security; s != nil {
		cfg.TLS = broker.TLS{Enabled: true, CAFile: s.caFile}
		cfg.SASL = broker.SASL{Mechanism: "scram-sha-512", Username: s.user, Password: config.Secret(s.password)}
	}
	return cfg
}

// env is the same for a process whose variables have a prefix.
func (k *Kafka) env(prefix string) []string {
	vars := []string{prefix + "_KAFKA__BROKERS=" + k.addr}
	if s := k.security; s != nil {
		vars = append(vars,
			prefix+"_KAFKA__TLS__ENABLED=true", prefix+"_KAFKA__TLS__CA_FILE="+s.caFile,
			prefix+"_KAFKA__SASL__MECHANISM=scram-sha-512", prefix+"_KAFKA__SASL__USERNAME="+s.user, prefix+"_KAFKA__SASL__PASSWORD="+s.password)
	}
	return vars
}

// Kcat are the arguments by which kcat reaches it.
func (k *Kafka) Kcat() []string {
	args := []string{"-b", k.addr}
	if s := k.security; s != nil {
		for _, x := range []string{
			"security.protocol=SASL_SSL", "sasl.mechanisms=PLAIN", "sasl.username=" + s.user, "sasl.password=" + s.password, "ssl.ca.location=" + s.caFile,
		} {
			args = append(args, "-X", x)
		}
	}
	return args
}
