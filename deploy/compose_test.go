package deploy

import (
	"context"
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// root of the repository.
const root = ".."

// loadCompose reads docker-compose.yml as Docker Compose does, with every profile and nothing of this shell's environment.
func loadCompose(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")}, cli.WithProfiles([]string{"*"}), cli.WithInterpolation(true))
	if err != nil {
		t.Fatal(err)
	}
	p, err := options.LoadProject(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// services of a project by name, in the order of their names.
func services(p *types.Project, yield func(t types.ServiceConfig)) {
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		yield(p.Services[name])
	}
}

// TestComposeHasNoLooseEnds: what a service refers to is there, and what it waits for can come.
func TestComposeHasNoLooseEnds(t *testing.T) {
	p := loadCompose(t)
	if len(p.DisabledServices) > 0 {
		t.Errorf("not read: %v", p.DisabledServices)
	}
	used := map[string]bool{}
	services(p, func(s types.ServiceConfig) {
		for name, d := range s.DependsOn {
			on, there := p.Services[name]
			switch {
			case !there:
				t.Errorf("%s depends on %s, which is none", s.Name, name)
			case d.Condition == types.ServiceConditionHealthy && (on.HealthCheck == nil || len(on.HealthCheck.Test) == 0 || on.HealthCheck.Disable):
				t.Errorf("%s waits for %s to be healthy, which has no health check", s.Name, name)
			case d.Condition == types.ServiceConditionCompletedSuccessfully && on.Restart != types.RestartPolicyNo:
				t.Errorf("%s waits for %s to end, which is started again", s.Name, name)
			case d.Condition == types.ServiceConditionStarted:
				t.Errorf("%s waits for %s to be started, which says nothing of whether it works", s.Name, name)
			case len(on.Profiles) > 0 && !slices.Equal(on.Profiles, s.Profiles):
				t.Errorf("%s depends on %s, which only the profiles %v start", s.Name, name, on.Profiles)
			}
		}
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeVolume { // a bind mount would need a file of the repository
				t.Errorf("%s mounts %s, a %s: want a named volume", s.Name, v.Source, v.Type)
				continue
			}
			if _, there := p.Volumes[v.Source]; !there {
				t.Errorf("%s mounts the volume %s, which is none", s.Name, v.Source)
			}
			used[v.Source] = true
		}
		for name := range s.Networks {
			if _, there := p.Networks[name]; !there {
				t.Errorf("%s is in the network %s, which is none", s.Name, name)
			}
		}
		if len(s.Secrets)+len(s.Configs)+len(s.EnvFiles) > 0 {
			t.Errorf("%s has secrets, configs or env_files, which no test here looks at", s.Name)
		}
	})
	for name := range p.Volumes {
		if !used[name] {
			t.Errorf("nobody mounts the volume %s", name)
		}
	}
}

// TestComposeIsClosed: to other machines, and to a process that has been taken over.
func TestComposeIsClosed(t *testing.T) {
	p := loadCompose(t)
	owner := map[string]string{}
	services(p, func(s types.ServiceConfig) {
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s on %q, not on 127.0.0.1", s.Name, port.Published, port.HostIP)
			}
			if other, taken := owner[port.Published]; taken {
				t.Errorf("%s and %s publish %s", other, s.Name, port.Published)
			}
			owner[port.Published] = s.Name
		}
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.CapAdd) > 0 || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) || s.Privileged {
			t.Errorf("%s keeps rights: %v dropped, %v added, %v", s.Name, s.CapDrop, s.CapAdd, s.SecurityOpt)
		}
		// Kafka's image writes its settings at the start.
		if !s.ReadOnly && s.Name != "kafka" {
			t.Errorf("%s may write to its own files", s.Name)
		}
		if user, _, _ := strings.Cut(s.User, ":"); user == "root" || user == "0" {
			t.Errorf("%s runs as root", s.Name)
		}
		// The images of Kafka and of ours name a user themselves, which TestDockerfiles holds.
		if s.Build == nil && s.User == "" && s.Name != "kafka" {
			t.Errorf("%s runs as whoever its image begins as", s.Name)
		}
		if s.NetworkMode != "" || s.Pid != "" || s.Ipc != "" || s.UserNSMode != "" || len(s.Devices) > 0 {
			t.Errorf("%s shares the host's network, processes or devices", s.Name)
		}
		if s.Restart != types.RestartPolicyNo && s.Restart != types.RestartPolicyUnlessStopped {
			t.Errorf("%s: restart %q; want no, for what ends by itself, or unless-stopped", s.Name, s.Restart)
		}
		if s.StopGracePeriod == nil && s.Restart != types.RestartPolicyNo {
			t.Errorf("%s has no stop_grace_period", s.Name)
		}
		for name, value := range s.Environment {
			secret := regexp.MustCompile(`TOKEN|PASSWORD|SECRET`).MatchString(name) && !strings.HasSuffix(name, "_FILE")
			if secret && !strings.HasPrefix(*value, "sandbox-only-") {
				t.Errorf("%s: %s is no secret of the sandbox's", s.Name, name)
			}
		}
	})
}

// pinned is an image with a version, or one that is built here.
var pinned = regexp.MustCompile(`^[a-z0-9/.-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?$`)

// TestComposeImages: those of others are pinned, ours are built from the repository's root.
func TestComposeImages(t *testing.T) {
	p := loadCompose(t)
	built := map[string]string{}
	services(p, func(s types.ServiceConfig) {
		if s.Build == nil {
			if !pinned.MatchString(s.Image) {
				t.Errorf("%s: %s is not pinned to a version", s.Name, s.Image)
			}
			return
		}
		if !strings.HasPrefix(s.Image, "frontdesk/") || !strings.HasSuffix(s.Image, ":dev") {
			t.Errorf("%s: the image that is built is called %q", s.Name, s.Image)
		}
		here, err := filepath.Abs(root)
		if err != nil {
			t.Fatal(err)
		}
		if s.Build.Context != here {
			t.Errorf("%s is built in %s, not in the repository's root", s.Name, s.Build.Context)
		}
		if _, err := os.Stat(filepath.Join(here, s.Build.Dockerfile)); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if other, known := built[s.Image]; known && other != s.Build.Dockerfile {
			t.Errorf("%s is built from %s and from %s", s.Image, other, s.Build.Dockerfile)
		}
		built[s.Image] = s.Build.Dockerfile
	})
	for _, path := range dockerfiles(t) {
		if !slices.Contains(slices.Collect(maps.Values(built)), path) {
			t.Errorf("nobody runs the image of %s", path)
		}
	}
}

// TestComposeHealthChecks: each asks by the one binary that its image has. TestComposeRuns runs them.
func TestComposeHealthChecks(t *testing.T) {
	services(loadCompose(t), func(s types.ServiceConfig) {
		if s.Build == nil || s.HealthCheck == nil {
			return
		}
		binary := readImage(t, s.Build.Dockerfile).entrypoint[0]
		if s.HealthCheck.Test[0] != "CMD" || healthWords(s)[0] != binary {
			t.Errorf("%s: %q; want CMD, since there is no shell, and %s", s.Name, s.HealthCheck.Test, binary)
		}
	})
}

// reference is a host:port in a setting or in a word of a command line.
var reference = regexp.MustCompile(`(?:^|[/=,@])([a-z0-9.-]+):(\d+)`)

// healthWords are the command line of a service's health check; none if it has no check.
func healthWords(s types.ServiceConfig) []string {
	if s.HealthCheck == nil || len(s.HealthCheck.Test) == 0 {
		return nil
	}
	return s.HealthCheck.Test[1:]
}

// TestComposeReferences: a name and a port in a setting lead to a service that listens there.
func TestComposeReferences(t *testing.T) {
	p := loadCompose(t)
	listens := map[string][]string{
		"kafka": {"9092", "9093", "9094"}, "redis": {"6379"}, "sandbox": {"8181", "8182", "8183", "8184", "8185", "8186"}, "replay": {"8187"},
	}
	// The services say themselves where they listen.
	services(p, func(s types.ServiceConfig) {
		for name, value := range s.Environment {
			if strings.HasSuffix(name, "_LISTEN") || strings.HasSuffix(name, "_ADMIN") {
				listens[s.Name] = append(listens[s.Name], strings.TrimPrefix(*value, ":"))
			}
		}
	})
	services(p, func(s types.ServiceConfig) {
		words := slices.Concat(s.Command, healthWords(s))
		for _, value := range s.Environment {
			words = append(words, *value)
		}
		for _, port := range s.Ports {
			words = append(words, "localhost:"+port.Published)
			if !slices.Contains(listens[s.Name], port.Published) || port.Published != strconv.FormatUint(uint64(port.Target), 10) {
				t.Errorf("%s publishes %s for %d, where nobody listens, or which addresses given to the host don't name", s.Name, port.Published, port.Target)
			}
		}
		for _, w := range words {
			for _, m := range reference.FindAllStringSubmatch(w, -1) {
				host, port := m[1], m[2]
				if host == "localhost" || host == "127.0.0.1" {
					host = s.Name
				}
				if !slices.Contains(listens[host], port) {
					t.Errorf("%s: in %q nobody listens at %s:%s", s.Name, w, m[1], port)
				}
			}
		}
	})
}

// TestComposeOfOthers: what no test here runs, word by word, since a change of it would be seen by Docker only.
func TestComposeOfOthers(t *testing.T) {
	p := loadCompose(t)
	for _, c := range []struct {
		name, data            string
		command, health, like []string
	}{
		{"redis", "/data", []string{"redis-server", "--appendonly", "yes", "--save", ""}, []string{"redis-cli", "-e", "ping"}, []string{"inference", "crm-writer"}},
		{"kafka", "/var/lib/kafka/data", nil, []string{"/opt/kafka/bin/kafka-broker-api-versions.sh", "--bootstrap-server", "localhost:9092"}, []string{"ingress", "stt", "inference", "crm-writer", "topics"}},
	} {
		s := p.Services[c.name]
		if !slices.Equal(s.Command, c.command) || !slices.Equal(healthWords(s), c.health) {
			t.Errorf("%s: command %q, health check %q", c.name, s.Command, healthWords(s))
		}
		if len(s.Volumes) != 1 || s.Volumes[0].Target != c.data {
			t.Errorf("%s does not keep %s", c.name, c.data)
		}
		for _, name := range c.like {
			if p.Services[name].DependsOn[c.name].Condition != types.ServiceConditionHealthy {
				t.Errorf("%s does not wait for %s", name, c.name)
			}
		}
	}
	if dirs := p.Services["kafka"].Environment["KAFKA_LOG_DIRS"]; dirs == nil || *dirs != "/var/lib/kafka/data" {
		t.Errorf("kafka writes elsewhere than to its volume")
	}
}

// TestComposeKafka: what a broker would refuse at its start.
func TestComposeKafka(t *testing.T) {
	env := loadCompose(t).Services["kafka"].Environment
	get := func(name string) string {
		if env[name] == nil {
			t.Fatalf("no %s", name)
		}
		return *env[name]
	}
	if id, err := base64.RawURLEncoding.DecodeString(get("CLUSTER_ID")); err != nil || len(id) != 16 {
		t.Errorf("CLUSTER_ID is no UUID in base 64: %v", err)
	}
	names := func(list string) (all []string) {
		for _, entry := range strings.Split(list, ",") {
			name, _, _ := strings.Cut(entry, ":")
			all = append(all, name)
		}
		slices.Sort(all)
		return all
	}
	listeners := names(get("KAFKA_LISTENERS"))
	if !slices.Equal(listeners, names(get("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"))) {
		t.Errorf("listeners %v, protocols of others", listeners)
	}
	advertised := append(names(get("KAFKA_ADVERTISED_LISTENERS")), get("KAFKA_CONTROLLER_LISTENER_NAMES"))
	slices.Sort(advertised)
	if !slices.Equal(listeners, advertised) {
		t.Errorf("listeners %v, advertised beside the controller's %v", listeners, advertised)
	}
	if !slices.Contains(listeners, get("KAFKA_INTER_BROKER_LISTENER_NAME")) {
		t.Errorf("brokers speak to each other on a listener that is none")
	}
}
