package ports_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
)

func TestPortsAreSetByName(t *testing.T) {
	p := allinone.FixedPorts()
	names := p.List().Names()
	for i, name := range names {
		if err := p.List().Set(name, 20000+i); err != nil {
			t.Error(err)
		}
	}
	if p.Webhooks != 20000 || p.Twilio != 20007 || p.Admin != [5]int{20008, 20009, 20010, 20011, 20012} || p.List().Validate() != nil {
		t.Errorf("%+v: %v", p, p.List().Validate())
	}
	for name, c := range map[string]struct {
		name string
		port int
		says string
	}{
		"an unknown name":      {"sip", 5060, `there is no port "sip": want one of webhooks, kafka, redis, `},
		"no port":              {"kafka", -1, "kafka=-1: want a port from 1 to 65535, or 0"},
		"beyond the last port": {"kafka", 65536, "kafka=65536: want a port from 1 to 65535, or 0"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := p.List().Set(c.name, c.port); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %s", err, c.says)
			}
		})
	}
}

func TestTwoPartsHaveNoPortInCommon(t *testing.T) {
	p := allinone.FixedPorts()
	p.Kafka, p.Redis, p.Speech = 9101, 0, 0
	if err := p.List().Validate(); err == nil || err.Error() != "ingress=9101: kafka has that port already" {
		t.Error(err)
	}
}

// TestTakenPortsAreToldAtOnce: with the flag that chooses another, before anything is started.
func TestTakenPortsAreToldAtOnce(t *testing.T) {
	var p allinone.Ports
	var want []string
	for _, name := range []string{"kafka", "stt"} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		n, err := strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.List().Set(name, n); err != nil {
			t.Fatal(err)
		}
		want = append(want, ln.Addr().String()+" ("+name+") is taken: stop what listens there, or choose another port with --port "+name+"=PORT, 0 for a free one")
	}
	err := p.List().Reserve(t.Context(), "127.0.0.1")
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got %v\nwant %s", err, strings.Join(want, "\n"))
	}
	if p.Webhooks == 0 || p.Twilio == 0 || p.Webhooks == p.Twilio || p.Redis != 0 {
		t.Errorf("reserved %+v", p)
	}
}
