package salesforce_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"sync"
	"testing"

	"go.uber.org/goleak"

	sandbox "github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/rules"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/drivertest"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/salesforce"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// key is made once: generating RSA keys is the slowest thing here.
var key = sync.OnceValue(func() string {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}))
})

const integrationUser = "bot@acme.example"

// org starts an org of the sandbox.
func org(t *testing.T, change ...func(*sandbox.Org)) *sandbox.Server {
	t.Helper()
	o := sandbox.Org{
		Name: "acme", ClientID: "client", PublicKey: key(),
		Users: sandbox.StandardUsers("acme.example", integrationUser, "password"),
	}
	for _, f := range change {
		f(&o)
	}
	s, err := sandbox.Start(t.Context(), sandbox.Config{Orgs: []sandbox.Org{o}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func driver(t *testing.T, s *sandbox.Server, change ...func(*salesforce.Config)) *salesforce.Driver {
	t.Helper()
	cfg := salesforce.Config{
		Client: sf.Config{
			Org: "acme", LoginURL: "http://" + s.Addr(), ClientID: "client", Username: integrationUser,
			PrivateKey: key(), APIVersion: "67.0",
		},
		PubSub: pubsub.Config{Endpoint: s.PubSubAddr(), Insecure: true},
		Event:  "Call_Completed__e",
	}
	for _, f := range change {
		f(&cfg)
	}
	d, err := salesforce.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func seed(s *sandbox.Server) func(*testing.T, string, map[string]any) string {
	return func(t *testing.T, object string, fields map[string]any) string {
		t.Helper()
		ids, err := s.Seed("acme", []sandbox.Record{{Object: object, Fields: fields}})
		if err != nil {
			t.Fatal(err)
		}
		return ids[0]
	}
}

func harness(t *testing.T) *drivertest.Harness {
	t.Helper()
	s := org(t)
	return &drivertest.Harness{
		Driver: driver(t, s), Seed: seed(s),
		Records: func(_ *testing.T, object string) []map[string]any { return s.Records("acme", object) },
		Applied: func(t *testing.T) {
			t.Helper()
			if err := s.Settled(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func TestConformance(t *testing.T) { drivertest.Run(t, harness) }

// TestDirectAndEventsComeToTheSame runs the vectors that the package's trigger passes.
func TestDirectAndEventsComeToTheSame(t *testing.T) { drivertest.Plans(t, rules.Plans, harness) }
