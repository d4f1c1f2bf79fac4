package retry_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

func TestDo(t *testing.T) {
	transient := &retry.Error{Class: retry.Retryable, Code: "busy"}
	permanent := retry.Permanently("bad", errors.New("cause with a value"))
	patient := &retry.Error{Code: "limit", After: time.Hour}
	for name, tc := range map[string]struct {
		errs  []error
		tries int
		want  error
	}{
		"first try":             {[]error{nil}, 1, nil},
		"third try":             {[]error{transient, errors.New("unclassified"), nil}, 3, nil},
		"permanent at once":     {[]error{permanent}, 1, permanent},
		"asked for too long":    {[]error{patient}, 1, patient},
		"budget ends with last": {nil, 7, transient},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				err := retry.Do(t.Context(), retry.Policy{Initial: time.Second, Max: 4 * time.Second, Budget: 20 * time.Second},
					func(context.Context) error {
						tries++
						if tries <= len(tc.errs) {
							return tc.errs[tries-1]
						}
						return transient
					})
				if !errors.Is(err, tc.want) {
					t.Errorf("err = %v, want %v", err, tc.want)
				}
				// Jitter moves the number of tries that fit a budget, not the others.
				if tc.errs != nil && tries != tc.tries || tries < 1 {
					t.Errorf("%d tries, want %d", tries, tc.tries)
				}
			})
		})
	}
}

func TestAfterHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for value, want := range map[string]time.Duration{
			"": 0, "7": 7 * time.Second, "0": 0, "-3": 0, "soon": 0, "99999999999999999999": 0, "9999999999": 7 * 24 * time.Hour,
			time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat): 90 * time.Second,
			time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat):       0,
		} {
			if got := retry.AfterHeader(http.Header{"Retry-After": {value}}); got != want {
				t.Errorf("%q: %v, want %v", value, got, want)
			}
		}
	})
}

func TestErrorNamesCodeAndFieldButNeverTheCause(t *testing.T) {
	err := &retry.Error{Code: "salesforce.STRING_TOO_LONG", Field: "LastName", Err: errors.New("data value too large: secret")}
	if got, want := err.Error(), "salesforce.STRING_TOO_LONG (field LastName)"; got != want {
		t.Errorf("error = %q, want %q", got, want)
	}
	if retry.Code(context.Canceled) != "shutdown" || retry.Code(errors.New("x")) != "unclassified" {
		t.Error("codes of unclassified errors")
	}
}
