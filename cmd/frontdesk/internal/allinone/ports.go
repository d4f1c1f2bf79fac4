package allinone

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// Ports on 127.0.0.1; 0 takes a free one.
type Ports struct {
	Webhooks, Kafka, Redis                     int
	Salesforce, PubSub, Speech, Vertex, Twilio int
	// Admin is the first of four, for ingress, stt, inference and crm-writer.
	Admin int
}

// FixedPorts are those of `frontdesk up`.
func FixedPorts() Ports {
	return Ports{
		Webhooks: 8080, Kafka: 9092, Redis: 6379, Salesforce: 8181, PubSub: 8182, Speech: 8183, Vertex: 8184, Twilio: 8185,
		Admin: 9101,
	}
}

// listen is the address of a port on loopback: the all-in-one is never open to a network.
func listen(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// reserve finds a free port for each that is 0. The port is free again until its owner listens; on loopback
// nobody is likely to take it meanwhile, and whoever does makes the start fail in words.
func reserve(ctx context.Context, ports ...*int) error {
	for _, p := range ports {
		if *p != 0 {
			continue
		}
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen(0))
		if err != nil {
			return fmt.Errorf("looking for a free port: %w", err)
		}
		if addr, ok := ln.Addr().(*net.TCPAddr); ok {
			*p = addr.Port
		}
		defer ln.Close()
	}
	return nil
}

// admin is the n-th service's.
func (p Ports) admin(n int) string {
	if p.Admin == 0 {
		return listen(0)
	}
	return listen(p.Admin + n)
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
