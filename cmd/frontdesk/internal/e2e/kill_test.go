package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// The test binary is its own `frontdesk up`: started with these it serves until it is killed.
const (
	childPorts = "FRONTDESK_E2E_PORTS"
	childData  = "FRONTDESK_E2E_DATA"
	ready      = "ready"
)

// child is the process that gets killed.
func child() int {
	var ports allinone.Ports
	set, err := tenant.Load(samples + "tenants")
	if err == nil {
		err = json.Unmarshal([]byte(os.Getenv(childPorts)), &ports)
	}
	var known []*calls.Call
	if err == nil {
		known, err = calls.Load(samples + "calls")
	}
	if err == nil {
		_, err = allinone.Start(context.Background(), allinone.Options{
			DataDir: os.Getenv(childData), Ports: ports, Tenants: set.All(), Calls: known, Speed: speed, Log: slog.New(slog.DiscardHandler),
		}, func(string) {})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stdout, ready)
	select {}
}

// killedInTheMiddle: kill -9 at three moments of a replay, started again at once; each call that the carrier could tell of
// stands in the CRM once. A webhook whose tries were over before the child was back is for the reconciliation to find.
func killedInTheMiddle(t *testing.T) {
	dir, ports := t.TempDir(), freePorts(t)
	known := sampleCalls(t)
	kill := serve(t, dir, ports)

	carrier, err := twilio.Start(t.Context(), twilio.Config{
		Accounts: stage.Accounts(tenants(t), "http://127.0.0.1:"+strconv.Itoa(ports.Webhooks)), Speed: speed, Seed: rand.Uint64(),
		RetryPause: 2 * time.Second, // outlasts the child's start, at 14 s together, on all but the busiest machine
	})
	if err != nil {
		t.Fatal(err)
	}
	defer carrier.Close()
	sent, done := newLoad(t), make(chan error, 1)
	go func() { done <- sent.place(t.Context(), carrier, 40) }()
	for _, pause := range []time.Duration{700 * time.Millisecond, 1300 * time.Millisecond, 2 * time.Second} {
		select {
		case <-time.After(pause):
		case err := <-done:
			t.Fatalf("the load was over before the kill: %v", err)
		}
		kill()
		kill = serve(t, dir, ports)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	kill() // once more, with the last calls on their way

	w := startEmbedded(t, dir, known)
	defer w.close(t)
	sent.allRecorded(t, w)
	nothingWentWrong(t, w)
}

// serve starts a child on dir and returns when it is ready.
func serve(t *testing.T, dir string, ports allinone.Ports) (kill func()) {
	t.Helper()
	text, err := json.Marshal(ports)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this very binary
	cmd.Env = append(os.Environ(), childPorts+"="+string(text), childData+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	kill = func() {
		once.Do(func() {
			_ = cmd.Process.Kill() // it may be gone
			_ = cmd.Wait()         // "signal: killed"
		})
	}
	t.Cleanup(kill)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != ready+"\n" {
		t.Fatalf("the child said %q: %v", line, err)
	}
	return kill
}

// freePorts are the same for every child of a test, as those of `frontdesk up` are. Nobody who asks the system for any port is given
// one of them while no child runs.
func freePorts(t *testing.T) allinone.Ports {
	t.Helper()
	var p allinone.Ports
	for _, port := range []*int{&p.Webhooks, &p.Kafka, &p.Redis, &p.Salesforce, &p.PubSub, &p.Speech, &p.Vertex, &p.Twilio} {
		addr, err := ports.Free(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, number, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		if *port, err = strconv.Atoi(number); err != nil {
			t.Fatal(err)
		}
	}
	return p
}
