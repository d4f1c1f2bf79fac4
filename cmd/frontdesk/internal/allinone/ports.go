package allinone

import (
	"net"
	"strconv"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
)

// Ports on 127.0.0.1; 0 takes a free one.
type Ports struct {
	Webhooks, Kafka, Redis                     int
	Salesforce, PubSub, Speech, Vertex, Twilio int
	// Admin are the services', for probes and metrics: of ingress, stt, inference and crm-writer, and of reconciliation.
	Admin [5]int
}

// FixedPorts are those of `frontdesk up`.
func FixedPorts() Ports {
	return Ports{
		Webhooks: 8080, Kafka: 9092, Redis: 6379, Salesforce: 8181, PubSub: 8182, Speech: 8183, Vertex: 8184, Twilio: 8185,
		Admin: [5]int{9101, 9102, 9103, 9104, 9105},
	}
}

// List are all of them, with what `frontdesk up --port` calls each. The webhooks and the carrier know each other's before either
// listens.
func (p *Ports) List() ports.List {
	return ports.List{
		{Name: "webhooks", Number: &p.Webhooks, Early: true},
		{Name: "kafka", Number: &p.Kafka},
		{Name: "redis", Number: &p.Redis},
		{Name: "salesforce", Number: &p.Salesforce},
		{Name: "pubsub", Number: &p.PubSub},
		{Name: "speech", Number: &p.Speech},
		{Name: "vertex", Number: &p.Vertex},
		{Name: "twilio", Number: &p.Twilio, Early: true},
		{Name: "ingress", Number: &p.Admin[0]},
		{Name: "stt", Number: &p.Admin[1]},
		{Name: "inference", Number: &p.Admin[2]},
		{Name: "crm-writer", Number: &p.Admin[3]},
		{Name: reconciliation, Number: &p.Admin[4]},
	}
}

// standIns are where those of the clouds listen.
func (p Ports) standIns() stage.Addrs {
	return stage.Addrs{
		Salesforce: listen(p.Salesforce), PubSub: listen(p.PubSub), Speech: listen(p.Speech), Vertex: listen(p.Vertex), Twilio: listen(p.Twilio),
	}
}

// listen is the address of a port on loopback: the all-in-one is never open to a network.
func listen(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

const loopback = "127.0.0.1"
