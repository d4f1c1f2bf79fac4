package salesforce_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

func TestNewNamesEveryFault(t *testing.T) {
	_, err := salesforce.New(salesforce.Config{Org: "acme", APIVersion: "sixty", PrivateKey: "x"})
	if err == nil {
		t.Fatal("accepted")
	}
	contains(t, err.Error(), "login_url", "client_id", "username", "api_version", "private_key", "acme")
}

func TestSignsInOnceForManyAndKeepsTheOrgsIdentity(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, _ *http.Request, _ string) { writeJSON(w, http.StatusOK, map[string]any{}) })
	c := client(t, s)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Limits(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.signIns.Load(); n != 1 {
		t.Errorf("signed in %d times", n)
	}
	got, err := c.Session(t.Context())
	if err != nil || got.OrgID != orgID || got.UserID != userID || got.InstanceURL != s.URL {
		t.Errorf("session %+v, %v", got, err)
	}
	if u := c.Usage(); u != (salesforce.Usage{Used: 18, Max: 5000}) {
		t.Errorf("usage %+v", u)
	}
}

func TestAnExpiredSessionIsRenewedOnceAndTheRequestRepeated(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, _ *http.Request, _ string) { writeJSON(w, http.StatusOK, map[string]any{}) })
	c := client(t, s)
	if _, err := c.Limits(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.sessions.Add(10) // the server forgets the session
	s.sessions.Add(-10 + 1)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Limits(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.signIns.Load(); n != 2 {
		t.Errorf("signed in %d times", n)
	}
}

func TestRefusedCredentialsWaitForSomebodyToMendThem(t *testing.T) {
	s := start(t, nil)
	c := client(t, s, func(cfg *salesforce.Config) { cfg.ClientID = "stranger" })
	_, err := c.Limits(t.Context())
	var e *retry.Error
	if !errors.As(err, &e) || e.Class != retry.Retryable || e.Code != "salesforce.invalid_grant" ||
		e.Dependency != "salesforce:acme" || e.After < time.Second {
		t.Errorf("%v: %+v", err, e)
	}
}

func TestAWaitingCallerMayLeaveASignIn(t *testing.T) {
	s := start(t, nil)
	c := client(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Limits(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	// The sign-in that was begun runs to its end and serves the next one.
	if _, err := c.Session(t.Context()); err != nil || s.signIns.Load() != 1 {
		t.Errorf("%d sign-ins, %v", s.signIns.Load(), err)
	}
}

func TestErrorsAreClassifiedByCode(t *testing.T) {
	const retryable, permanent = retry.Retryable, retry.Permanent
	for _, tt := range []struct {
		code    string
		status  int
		message string
		class   retry.Class
		pause   bool
	}{
		{"REQUEST_LIMIT_EXCEEDED", 403, "TotalRequests Limit exceeded.", retryable, true},
		{"REQUEST_LIMIT_EXCEEDED", 403, "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", retryable, true},
		{"UNABLE_TO_LOCK_ROW", 400, "unable to obtain exclusive access to this record or 1 records: 001", retryable, false},
		{"SERVER_UNAVAILABLE", 503, "", retryable, false},
		{"UNKNOWN_EXCEPTION", 500, "", retryable, false},
		{"SOMETHING_NEW", 500, "", retryable, false},
		{"SOMETHING_NEW", 400, "", permanent, false},
		{"DUPLICATE_VALUE", 400, "duplicate value found: Call_Id__c", retryable, false},
		{"CANNOT_UPDATE_CONVERTED_LEAD", 400, "", retryable, false},
		{"DUPLICATES_DETECTED", 400, "", permanent, false},
		{"STRING_TOO_LONG", 400, "Last Name: data value too large: secret (max length=80)", permanent, false},
		{"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", 400, "bad value for restricted picklist field: X", permanent, false},
		{"REQUIRED_FIELD_MISSING", 400, "Required fields are missing: [LastName]", permanent, false},
		{"JSON_PARSER_ERROR", 400, "Cannot deserialize instance of double", permanent, false},
		{"FIELD_CUSTOM_VALIDATION_EXCEPTION", 400, "", permanent, false},
		{"INVALID_FIELD", 400, "", permanent, false},
		{"NOT_FOUND", 404, "", permanent, false},
		{"INVALID_CROSS_REFERENCE_KEY", 404, "", permanent, false},
		{"LIMIT_EXCEEDED", 400, "", retryable, true},
		{"PLATFORM_EVENT_PUBLISHING_UNAVAILABLE", 503, "", retryable, false},
	} {
		t.Run(tt.code+" "+fmt.Sprint(tt.status), func(t *testing.T) {
			s := start(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
				refuse(w, tt.status, tt.code, tt.message, "Some__c")
			})
			err := client(t, s).Update(t.Context(), "Lead", "00Q1", salesforce.Fields{"A": "b"})
			var e *retry.Error
			if !errors.As(err, &e) || e.Class != tt.class || e.Code != "salesforce."+tt.code || e.Field != "Some__c" {
				t.Fatalf("%v: %+v", err, e)
			}
			if (e.After > 0) != tt.pause {
				t.Errorf("pause of %v", e.After)
			}
			if (e.Dependency != "") != (tt.class == retryable) {
				t.Errorf("dependency %q", e.Dependency)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error quotes the message: %v", err)
			}
		})
	}
}

// TestAnAnswerThatIsNotSalesforces says nothing of what was asked; only what is too large for a proxy goes in parts.
func TestAnAnswerThatIsNotSalesforces(t *testing.T) {
	const page = "<html><body>Blocked by the proxy</body></html>"
	for _, tt := range []struct {
		status    int
		body      string
		permanent bool
	}{
		{200, page, false},
		{400, page, false},
		{401, page, false},
		{403, page, false},
		{403, "", false},
		{404, page, false},
		{405, `{"error":"an object"}`, false},
		{407, page, false},
		{408, "", false},
		{413, page, true},
		{414, page, true},
		{429, "", false},
		{431, page, true},
		{502, page, false},
		{503, "", false},
	} {
		t.Run(fmt.Sprint(tt.status, " ", len(tt.body)), func(t *testing.T) {
			s := start(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			})
			_, err := client(t, s).Limits(t.Context())
			if err == nil || retry.IsPermanent(err) != tt.permanent || (retry.Dependency(err) == "salesforce:acme") == tt.permanent {
				t.Errorf("err = %v, dependency %q", err, retry.Dependency(err))
			}
		})
	}
}

func TestNoAnswerIsRetryableAndAnEndedContextIsItself(t *testing.T) {
	s := start(t, func(http.ResponseWriter, *http.Request, string) { panic(http.ErrAbortHandler) })
	c := client(t, s)
	err := c.Update(t.Context(), "Lead", "00Q1", salesforce.Fields{})
	if retry.Code(err) != "salesforce.transport" || retry.IsPermanent(err) {
		t.Errorf("err = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Update(ctx, "Lead", "00Q1", salesforce.Fields{}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestRetryAfterIsTaken(t *testing.T) {
	for _, tt := range []struct {
		status      int
		code        string
		after       string
		least, most time.Duration
	}{
		{503, "", "7", 7 * time.Second, 7 * time.Second},
		{503, "SERVER_UNAVAILABLE", "7", 7 * time.Second, 7 * time.Second},
		{429, "", "30", 30 * time.Second, 30 * time.Second},
		{403, "REQUEST_LIMIT_EXCEEDED", "3600", time.Hour, time.Hour},
		{403, "REQUEST_LIMIT_EXCEEDED", "", time.Minute, time.Hour},
		{503, "", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), 50 * time.Minute, time.Hour},
		{503, "", "soon", 0, 0},
	} {
		t.Run(fmt.Sprint(tt.status, tt.code, " ", tt.after), func(t *testing.T) {
			s := start(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
				w.Header().Set("Retry-After", tt.after)
				if tt.code == "" {
					w.WriteHeader(tt.status)
					return
				}
				refuse(w, tt.status, tt.code, "")
			})
			if _, err := client(t, s).Limits(t.Context()); retry.After(err) < tt.least || retry.After(err) > tt.most {
				t.Errorf("after %v: %v", retry.After(err), err)
			}
		})
	}
}

// TestARequestThatNetHTTPSendsAgainIsCounted, for the org may have counted it.
func TestARequestThatNetHTTPSendsAgainIsCounted(t *testing.T) {
	var n atomic.Int64
	s := start(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		if n.Add(1) == 2 {
			panic(http.ErrAbortHandler) // the kept connection is dead
		}
		fmt.Fprint(w, "{}")
	})
	var mu sync.Mutex
	var codes []string
	c := client(t, s, func(cfg *salesforce.Config) {
		cfg.Observe = func(_ context.Context, r salesforce.Request) {
			mu.Lock()
			defer mu.Unlock()
			codes = append(codes, r.Operation+r.Code)
		}
	})
	for range 2 {
		if _, err := c.Limits(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(codes) != "[limits limits limitstransport]" || n.Load() != 3 {
		t.Errorf("%d requests, told of %v", n.Load(), codes)
	}
}

func TestLargeBodiesAreCompressed(t *testing.T) {
	long := strings.Repeat("word ", 4000)
	s := start(t, func(w http.ResponseWriter, r *http.Request, body string) {
		if r.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(body, long) {
			t.Errorf("encoding %q, %d bytes", r.Header.Get("Content-Encoding"), len(body))
		}
		w.WriteHeader(http.StatusNoContent)
	})
	if err := client(t, s).Update(t.Context(), "Case", "5001", salesforce.Fields{"Description": long}); err != nil {
		t.Error(err)
	}
}

func TestEveryRequestIsObserved(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		if r.Method == http.MethodPatch {
			refuse(w, http.StatusBadRequest, "STRING_TOO_LONG", "")
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{})
	})
	var seen []string
	c := client(t, s, func(cfg *salesforce.Config) {
		cfg.Observe = func(_ context.Context, r salesforce.Request) {
			seen = append(seen, fmt.Sprint(r.Operation, " ", r.Status, " ", r.Code))
		}
	})
	if _, err := c.Limits(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Update(t.Context(), "Lead", "00Q1", salesforce.Fields{}); err == nil {
		t.Error("accepted")
	}
	if fmt.Sprint(seen) != "[limits 200  update 400 STRING_TOO_LONG]" {
		t.Errorf("seen %q", seen)
	}
}

func TestParseLimitInfo(t *testing.T) {
	for header, want := range map[string]salesforce.Usage{
		"api-usage=10018/100000":                                 {Used: 10018, Max: 100000},
		"per-app-api-usage=17/250(appName=x); api-usage=18/5000": {Used: 18, Max: 5000},
		"api-usage=18":                     {},
		"":                                 {},
		"api-usage=a/b":                    {},
		" api-usage=1/2; something-else=3": {Used: 1, Max: 2},
	} {
		if got, _ := salesforce.ParseLimitInfo(header); got != want {
			t.Errorf("%q: %+v", header, got)
		}
	}
}

func TestRequestsUnderWayAreBounded(t *testing.T) {
	entered, leave := make(chan struct{}, 3), make(chan struct{})
	s := start(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		entered <- struct{}{}
		<-leave
		writeJSON(w, http.StatusOK, map[string]any{})
	})
	observed := make(chan salesforce.Request, 3)
	c := client(t, s, func(c *salesforce.Config) {
		c.InFlight, c.Observe = 2, func(_ context.Context, r salesforce.Request) { observed <- r }
	})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := c.Limits(t.Context()); err != nil {
				t.Error(err)
			}
		})
		<-entered
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Limits(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a third request: %v", err)
	}
	close(leave)
	wg.Wait()
	if _, err := c.Limits(t.Context()); err != nil {
		t.Error(err)
	}
	if len(observed) != 3 || len(entered) != 1 {
		t.Errorf("%d requests were told of, %d more were made", len(observed), len(entered))
	}
}

// TestARefusedSignIn waits for somebody to mend the credentials, or as long as it is told, or just for a proxy to come to
// itself; a call is never given up for it.
func TestARefusedSignIn(t *testing.T) {
	for _, tt := range []struct {
		status      int
		body, after string
		code        string
		pause       time.Duration
	}{
		{400, `{"error":"invalid_grant","error_description":"authentication failure"}`, "", "salesforce.invalid_grant", time.Minute},
		{403, `{"error":"login_rate_exceeded"}`, "20", "salesforce.login_rate_exceeded", 20 * time.Second},
		{403, "<html></html>", "", "salesforce.HTTP_403", 0},
		{503, "", "5", "salesforce.HTTP_503", 5 * time.Second},
	} {
		t.Run(fmt.Sprint(tt.code, tt.after), func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.after != "" {
					w.Header().Set("Retry-After", tt.after)
				}
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			}))
			t.Cleanup(s.Close)
			c, err := salesforce.New(settings(s.URL))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			_, err = c.Limits(t.Context())
			if retry.IsPermanent(err) || retry.Code(err) != tt.code || retry.After(err) != tt.pause || retry.Dependency(err) != "salesforce:acme" {
				t.Errorf("%v, after %v", err, retry.After(err))
			}
		})
	}
}
