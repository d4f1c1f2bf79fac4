package check_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func finds(code string, wait <-chan struct{}) func(context.Context) []check.Finding {
	return func(ctx context.Context) []check.Finding {
		select {
		case <-wait:
		case <-ctx.Done():
		}
		return []check.Finding{check.Okay(code, "", "It is %s.", code)}
	}
}

// TestFindingsComeInTheOrderOfTheChecks, though the first ends last.
func TestFindingsComeInTheOrderOfTheChecks(t *testing.T) {
	first, now := make(chan struct{}), make(chan struct{})
	close(now)
	var begun []string
	found := check.Run(t.Context(), []check.Check{
		{Part: "a", Tenant: "acme", Name: "one", Run: finds("a.1", first)},
		{Part: "b", Name: "two", Run: func(ctx context.Context) []check.Finding {
			defer close(first)
			return finds("b.1", now)(ctx)
		}},
	}, check.Options{Begun: func(c check.Check) { begun = append(begun, c.Name) }})
	if len(found) != 2 || found[0].Code != "a.1" || found[0].Part != "a" || found[0].Tenant != "acme" || found[1].Part != "b" {
		t.Errorf("%+v", found)
	}
	slices.Sort(begun)
	if fmt.Sprint(begun) != "[one two]" {
		t.Errorf("begun: %v", begun)
	}
}

// TestAFindingIsToldOnce: of each tenant, however many of its settings lead to the same dependency.
func TestAFindingIsToldOnce(t *testing.T) {
	away := func(context.Context) []check.Finding {
		f := check.Finding{Code: "speech.unreachable", Level: check.Fault, What: "It can't be reached."}
		return []check.Finding{f, f}
	}
	found := check.Run(t.Context(), []check.Check{{Part: "speech", Tenant: "acme", Run: away}, {Part: "speech", Tenant: "globex", Run: away}}, check.Options{})
	if len(found) != 2 || found[0].Tenant != "acme" || found[1].Tenant != "globex" {
		t.Errorf("%+v", found)
	}
}

func TestACheckThatHangsIsAFinding(t *testing.T) {
	found := check.Run(t.Context(), []check.Check{{Part: "redis", Name: "Redis", Run: finds("redis.ok", nil)}}, check.Options{Timeout: time.Millisecond})
	if check.Worst(found) != check.Fault || found[len(found)-1].Code != "redis.timeout" || found[len(found)-1].Do == "" {
		t.Errorf("%+v", found)
	}
}

func TestWhatHasNotBegunIsLeftOut(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	checks := []check.Check{{Part: "a", Run: func(context.Context) []check.Finding {
		cancel()
		return []check.Finding{{Code: "a.x", Level: check.Note}}
	}}, {Part: "b", Run: finds("b.1", nil)}}
	if found := check.Run(ctx, checks, check.Options{Parallel: 1}); len(found) != 1 || found[0].Code != "a.x" {
		t.Errorf("%+v", found)
	}
}

func TestWorst(t *testing.T) {
	var found []check.Finding
	for _, l := range check.Levels() {
		found = append(found, check.Finding{Level: l})
		if check.Worst(found) != l {
			t.Errorf("%s is not the worst of %v", l, found)
		}
	}
}

func TestReachTellsFaultsApart(t *testing.T) {
	for want, err := range map[string]error{
		"tls_unknown_ca": fmt.Errorf("dialling: %w", x509.UnknownAuthorityError{}),
		"tls_name":       fmt.Errorf("dialling: %w", x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}),
		"tls_expired":    fmt.Errorf("dialling: %w", x509.CertificateInvalidError{Reason: x509.Expired}),
		"not_tls":        tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"},
		"tls_refused":    errors.New("remote error: tls: certificate required"),
		"no_such_host":   &net.DNSError{Err: "no such host", Name: "kafka", IsNotFound: true},
		"hangs_up":       fmt.Errorf("reading: %w", io.EOF),
		"unreachable":    &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
	} {
		if u := check.Reach(err, "kafka.tls"); u.Code != want || u.What == "" || u.Do == "" {
			t.Errorf("%v: %+v, want %s", err, u, want)
		}
	}
	if a, b := check.Reach(context.DeadlineExceeded, "x"), check.Reach(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "x"); a.Do == b.Do {
		t.Error("silence and a refusal are told alike")
	}
	// Neither end says that it is TLS which the other does not speak: Kafka hangs up, Redis waits.
	for _, err := range []error{io.EOF, context.DeadlineExceeded} {
		if u := check.Reach(err, "x"); !strings.Contains(u.Do, "TLS") {
			t.Errorf("%v: nobody is led to TLS: %+v", err, u)
		}
	}
}
