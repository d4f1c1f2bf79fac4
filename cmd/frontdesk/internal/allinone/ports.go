package allinone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
)

// Ports on 127.0.0.1; 0 takes a free one.
type Ports struct {
	Webhooks, Kafka, Redis                     int
	Salesforce, PubSub, Speech, Vertex, Twilio int
	// Admin are the services', for probes and metrics: of ingress, stt, inference and crm-writer.
	Admin [4]int
}

// FixedPorts are those of `frontdesk up`.
func FixedPorts() Ports {
	return Ports{
		Webhooks: 8080, Kafka: 9092, Redis: 6379, Salesforce: 8181, PubSub: 8182, Speech: 8183, Vertex: 8184, Twilio: 8185,
		Admin: [4]int{9101, 9102, 9103, 9104},
	}
}

// namedPort is a port and what `frontdesk up --port` calls it.
type namedPort struct {
	name string
	port *int
}

func (p *Ports) named() []namedPort {
	return []namedPort{
		{"webhooks", &p.Webhooks},
		{"kafka", &p.Kafka},
		{"redis", &p.Redis},
		{"salesforce", &p.Salesforce},
		{"pubsub", &p.PubSub},
		{"speech", &p.Speech},
		{"vertex", &p.Vertex},
		{"twilio", &p.Twilio},
		{"ingress", &p.Admin[0]},
		{"stt", &p.Admin[1]},
		{"inference", &p.Admin[2]},
		{"crm-writer", &p.Admin[3]},
	}
}

// PortNames are the names that Set knows.
func PortNames() []string {
	var names []string
	for _, n := range new(Ports).named() {
		names = append(names, n.name)
	}
	return names
}

// Set sets the port that has a name.
func (p *Ports) Set(name string, port int) error {
	for _, n := range p.named() {
		if n.name != name {
			continue
		}
		if port < 0 || port > 65535 {
			return fmt.Errorf("%s=%d: want a port from 1 to 65535, or 0 for a free one", name, port)
		}
		*n.port = port
		return nil
	}
	return fmt.Errorf("there is no port %q: want one of %s", name, strings.Join(PortNames(), ", "))
}

// Validate tells which ports are one and the same.
func (p Ports) Validate() error {
	var faults []error
	owner := map[int]string{}
	for _, n := range p.named() {
		if other, taken := owner[*n.port]; taken && *n.port != 0 {
			faults = append(faults, fmt.Errorf("%s=%d: %s has that port already", n.name, *n.port, other))
			continue
		}
		owner[*n.port] = n.name
	}
	return errors.Join(faults...)
}

// standIns are where those of the clouds listen.
func (p Ports) standIns() stage.Addrs {
	return stage.Addrs{
		Salesforce: listen(p.Salesforce), PubSub: listen(p.PubSub), Speech: listen(p.Speech), Vertex: listen(p.Vertex), Twilio: listen(p.Twilio),
	}
}

// listen is the address of a port on loopback: the all-in-one is never open to a network.
func listen(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// reserve finds a free port for webhooks and carrier, if they have none, and tells of every other whether it is taken before
// anything is started. A port is free again until its owner listens; on loopback nobody is likely to take it meanwhile, and whoever
// does makes the start fail in words.
func (p *Ports) reserve(ctx context.Context) error {
	var faults []error
	for _, n := range p.named() {
		if *n.port == 0 && n.port != &p.Webhooks && n.port != &p.Twilio {
			continue
		}
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen(*n.port))
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			faults = append(faults, fmt.Errorf("%s (%s) is taken: stop what listens there, or choose another port with --port %[2]s=PORT, 0 for a free one",
				listen(*n.port), n.name))
			continue
		case err != nil:
			faults = append(faults, fmt.Errorf("opening %s for %s; choose another port with --port %[2]s=PORT: %[3]w", listen(*n.port), n.name, err))
			continue
		}
		defer ln.Close()
		if addr, ok := ln.Addr().(*net.TCPAddr); ok {
			*n.port = addr.Port
		}
	}
	return errors.Join(faults...)
}

func isReady(ctx context.Context, admin string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
