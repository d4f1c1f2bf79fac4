package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
)

// composed runs docker-compose.yml without Docker: each service is a process of the binary that its image would hold, with the
// environment, command and health check of the file. What is a host there is an address of its own on this machine's loopback, so
// that ports stay what they are; what is a volume there is a folder. Kafka and Redis are the embedded ones.
type composed struct {
	*testing.T
	project *types.Project
	addrs   map[string]string // of services
	volumes string
	running []*process // in the order of their start
}

// process is one service.
type process struct {
	types.ServiceConfig
	cmd  *exec.Cmd
	log  logged
	done chan error
}

// logged is what a process has said.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func compose(t *testing.T) *composed {
	c := &composed{T: t, project: loadCompose(t), addrs: map[string]string{}, volumes: t.TempDir()}
	// Linux has all of 127/8 on loopback; a net by chance, beside whatever else runs here.
	subnet := fmt.Sprintf("127.%d.%d.", 16+rand.IntN(200), rand.IntN(250))
	services(c.project, func(s types.ServiceConfig) {
		c.addrs[s.Name] = fmt.Sprintf("%s%d", subnet, 10+len(c.addrs))
	})
	return c
}

// here translates a word of the file, as a service is given it, to this machine.
func (c *composed) here(s types.ServiceConfig, word string) string {
	own := c.addrs[s.Name]
	if strings.HasPrefix(word, ":") { // everywhere
		word = own + word
	}
	for _, itself := range []string{"0.0.0.0", "127.0.0.1", "localhost"} {
		word = strings.ReplaceAll(word, itself, own)
	}
	for name, addr := range c.addrs {
		word = regexp.MustCompile(`(^|[/=,])`+name+`(:\d)`).ReplaceAllString(word, "${1}"+addr+"${2}")
		word = regexp.MustCompile(`=`+name+`$`).ReplaceAllString(word, "="+addr)
	}
	for _, v := range s.Volumes {
		word = regexp.MustCompile(`(^|=)`+v.Target+`($|/)`).ReplaceAllString(word, "${1}"+filepath.Join(c.volumes, v.Source)+"${2}")
	}
	return word
}

// command is a process of a service's image with the environment that it has there. It ends by itself, or by stop.
func (c *composed) command(s types.ServiceConfig, words ...string) *exec.Cmd {
	c.Helper()
	im := readImage(c.T, s.Build.Dockerfile)
	for i, w := range words {
		words[i] = c.here(s, w)
	}
	cmd := exec.Command(built(c.T, s.Build.Dockerfile), words...)
	cmd.Dir = c.TempDir()
	for k, v := range s.Environment {
		cmd.Env = append(cmd.Env, k+"="+c.here(s, *v))
	}
	if len(im.runEnv) != 1 { // ZONEINFO, which this machine has anyway
		c.Errorf("%s: what stands for %v here?", s.Name, im.runEnv)
	}
	if len(s.Tmpfs) > 0 {
		cmd.Env = append(cmd.Env, "TMPDIR="+c.TempDir())
	}
	return cmd
}

// start starts a service once what it depends on is as it wants it.
func (c *composed) start(s types.ServiceConfig) *process {
	c.Helper()
	p := &process{ServiceConfig: s, done: make(chan error, 1)}
	p.cmd = c.command(s, slices.Clone(s.Command)...)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		c.Fatalf("%s: %v", s.Name, err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	c.running = append(c.running, p)
	return p
}

// ended waits for a process that is to end by itself.
func (c *composed) ended(p *process, limit time.Duration) {
	c.Helper()
	select {
	case err := <-p.done:
		p.done <- err
		if err != nil {
			c.Fatalf("%s: %v\n%s", p.Name, err, &p.log)
		}
	case <-time.After(limit):
		c.Fatalf("%s has not ended after %s\n%s", p.Name, limit, &p.log)
	}
}

// healthy waits until a service's own health check says so.
func (c *composed) healthy(p *process) {
	c.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Duration(*p.HealthCheck.StartPeriod))
	for {
		out, err := c.command(p.ServiceConfig, slices.Clone(healthWords(p.ServiceConfig)[1:])...).CombinedOutput()
		if err == nil {
			return
		}
		select {
		case err := <-p.done:
			p.done <- err
			c.Fatalf("%s ended: %v\n%s", p.Name, err, &p.log)
		case <-limit:
			c.Fatalf("%s is not healthy after its start_period: %s\n%s", p.Name, out, &p.log)
		case <-tick.C:
		}
	}
}

// ordered are the services in an order in which each comes after what it depends on.
func (c *composed) ordered() (all []types.ServiceConfig) {
	placed := map[string]bool{}
	for len(all) < len(c.project.Services) {
		before := len(all)
		services(c.project, func(s types.ServiceConfig) {
			for name := range s.DependsOn {
				if !placed[name] {
					return
				}
			}
			if !placed[s.Name] {
				placed[s.Name] = true
				all = append(all, s)
			}
		})
		if len(all) == before {
			c.Fatalf("services wait for each other: only %v can start", placed)
		}
	}
	return all
}

// stop ends a service as Docker does, and holds it to the time that it has.
func (c *composed) stop(p *process) {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.Errorf("%s: %v", p.Name, err)
	}
	grace := 10 * time.Second // Docker's own
	if p.StopGracePeriod != nil {
		grace = time.Duration(*p.StopGracePeriod)
	}
	select {
	case err := <-p.done:
		if err != nil && !c.Failed() {
			c.Errorf("%s ended with %v\n%s", p.Name, err, &p.log)
		}
	case <-time.After(grace):
		c.Errorf("%s has not ended %s after SIGTERM", p.Name, grace)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// TestComposeRuns: the whole of the file, from the first start to a replay that is taken in and written, and to an orderly stop.
func TestComposeRuns(t *testing.T) {
	c := compose(t)
	kafka, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Listen: net.JoinHostPort(c.addrs["kafka"], "9092")})
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	redis, err := embedded.StartRedis(t.Context(), embedded.RedisConfig{Listen: net.JoinHostPort(c.addrs["redis"], "6379")})
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	// Kafka and Redis outlive the services: what these have under way when the last call is logged is still told there.
	defer func() {
		for _, p := range slices.Backward(c.running) {
			c.stop(p)
		}
	}()
	for _, s := range c.ordered() {
		if s.Build == nil {
			continue // Kafka and Redis are there
		}
		if s.Command == nil { // a service: what it is set to is right, and leaves it time to stop
			c.checkSettings(s)
		}
		p := c.start(s)
		switch s.Restart {
		case types.RestartPolicyNo:
			c.ended(p, 2*time.Minute)
		default:
			c.healthy(p)
		}
		if s.Name == "replay" {
			c.written(p)
		}
	}
	if len(c.running) != 8 {
		t.Errorf("%d services ran, want topics, the sandbox, four services, reconcile and replay", len(c.running))
	}
}

// checkSettings asks a service's -check and -print.
func (c *composed) checkSettings(s types.ServiceConfig) {
	c.Helper()
	if out, err := c.command(s, "-check").CombinedOutput(); err != nil || string(out) != "ok\n" {
		c.Errorf("%s -check: %v: %s", s.Name, err, out)
	}
	out, err := c.command(s, "-print").Output()
	if err != nil {
		c.Errorf("%s -print: %v", s.Name, err)
	}
	m := regexp.MustCompile(`(?m)^grace: (.+)$`).FindSubmatch(out)
	if m == nil {
		c.Fatalf("%s -print: no grace in\n%s", s.Name, out)
	}
	grace, err := time.ParseDuration(string(m[1]))
	if err != nil || time.Duration(*s.StopGracePeriod) <= grace {
		c.Errorf("%s is killed after %s, and may take %s to stop", s.Name, *s.StopGracePeriod, m[1])
	}
}

// rung is how many calls replay has placed, by its report.
var rung = regexp.MustCompile(`calls\s+│ placed\s+│ (\d+)`)

// written waits until Salesforce has a log of each call that replay has placed.
func (c *composed) written(p *process) {
	c.Helper()
	m := rung.FindStringSubmatch(p.log.String())
	if m == nil {
		c.Fatalf("replay does not tell how many calls it has placed:\n%s", &p.log)
	}
	ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		logs, err := c.logs(ctx)
		if err == nil && strconv.Itoa(logs) == m[1] {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			c.Fatalf("Salesforce has a log of %d calls of %s (%v)", logs, m[1], err)
		}
	}
}

// logs counts the calls whose log stands in Salesforce, as whoever has published its port would.
func (c *composed) logs(ctx context.Context) (int, error) {
	url := "http://" + net.JoinHostPort(c.addrs["sandbox"], "8181") + "/sandbox/changes?object=Task&op=create"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var answer struct {
		Changes []struct {
			After struct {
				ID string `json:"Call_Id__c"`
			} `json:"after"`
		} `json:"changes"`
	}
	err = json.NewDecoder(resp.Body).Decode(&answer)
	calls := 0
	for _, ch := range answer.Changes {
		if strings.HasSuffix(ch.After.ID, ":log") {
			calls++
		}
	}
	return calls, err
}
