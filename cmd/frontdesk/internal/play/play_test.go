package play

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// stage plays calls in no time; what stands in its CRM is up to the test.
type stage struct {
	place func(ctx context.Context, c *calls.Call) (string, error)
	crm   func(object string) []report.Record
	rest  func() (string, error)
}

func (s stage) Place(ctx context.Context, c *calls.Call) (string, error) {
	if s.place == nil {
		return c.Name, nil
	}
	return s.place(ctx, c)
}

func (s stage) Prepare(context.Context, *calls.Call) error { return nil }
func (s stage) CRM(*calls.Call) report.CRM                 { return crm{s.crm} }
func (s stage) Rest(string) func(context.Context, time.Time) (string, error) {
	return func(context.Context, time.Time) (string, error) { return s.rest() }
}

type crm struct{ records func(string) []report.Record }

func (c crm) Changes() []report.Change { return nil }
func (c crm) Records(object string) []report.Record {
	if c.records == nil {
		return nil
	}
	return c.records(object)
}

// logged is the logged call.
func logged(sid string) func(string) []report.Record {
	return func(object string) []report.Record {
		if object != "Task" {
			return nil
		}
		return []report.Record{{Object: "Task", ID: "00T", Fields: map[string]any{"Call_Id__c": sid + ":log"}}}
	}
}

const patience = 15 * time.Second

func TestWhatStandsAsExpectedIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := stage{crm: logged("one"), rest: func() (string, error) { return "stt", nil }}
		played := All(t.Context(), s, []*calls.Call{{Name: "one"}}, patience, func(Progress) {})
		if len(played) != 1 || len(played[0].Unmet) != 0 || time.Since(began) > 0 {
			t.Errorf("%+v after %v", played, time.Since(began))
		}
	})
}

func TestWhatCantComeAnyMoreIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		waits := []string{"stt", "inference", "crm-writer", ""}
		s := stage{rest: func() (string, error) {
			now := waits[0]
			waits = waits[1:]
			return now, nil
		}}
		told := map[string]bool{}
		played := All(t.Context(), s, []*calls.Call{{Name: "one"}}, patience, func(p Progress) {
			for _, w := range p.Waiting {
				told[w.Call+" "+w.For] = true
			}
		})
		if took := time.Since(began); took > time.Second || len(played[0].Unmet) != 1 || played[0].Stopped {
			t.Errorf("%+v after %v", played, took)
		}
		if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, []string{"one crm-writer", "one inference", "one stt"}) {
			t.Errorf("told of %q", got)
		}
	})
}

func TestPatienceEnds(t *testing.T) {
	for name, rest := range map[string]func() (string, error){
		"with a service that never gets through": func() (string, error) { return "crm-writer", nil },
		"with a broker that is away":             func() (string, error) { return "", errors.New("away") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				played := All(t.Context(), stage{rest: rest}, []*calls.Call{{Name: "one"}}, patience, func(Progress) {})
				if took := time.Since(began); took != patience || len(played[0].Unmet) != 1 || played[0].Stopped {
					t.Errorf("%+v after %v", played, took)
				}
			})
		})
	}
}

// TestThatNothingComesIsKnownAtTheEndOnly: a call that must leave nothing looks right until its record comes.
func TestThatNothingComesIsKnownAtTheEndOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		no, looks := false, 0
		s := stage{}
		s.rest = func() (string, error) {
			if looks++; looks < 3 {
				return "inference", nil
			}
			return "", nil
		}
		s.crm = func(object string) []report.Record {
			if looks < 3 {
				return nil
			}
			return logged("one")(object)
		}
		played := All(t.Context(), s, []*calls.Call{{Name: "one", Expect: calls.Expect{Recorded: &no}}}, patience, func(Progress) {})
		if len(played[0].Unmet) != 1 {
			t.Errorf("%+v", played)
		}
	})
}

func TestAStoppedRunSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := stage{crm: logged("done"), rest: func() (string, error) { return "stt", nil }}
		s.place = func(ctx context.Context, c *calls.Call) (string, error) {
			if c.Name == "done" {
				return c.Name, nil
			}
			<-ctx.Done()
			return c.Name, ctx.Err()
		}
		time.AfterFunc(time.Second, cancel)
		played := All(ctx, s, []*calls.Call{{Name: "done"}, {Name: "long"}, {Name: "later", After: "long"}}, patience, func(Progress) {})
		if played[0].Stopped || !played[1].Stopped || !played[2].Stopped || played[2].SID != "" {
			t.Errorf("%+v", played)
		}
	})
}

// TestWhatWasCutIsNotJudged: a call that must leave nothing has left nothing yet.
func TestWhatWasCutIsNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		no := false
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		s := stage{rest: func() (string, error) { return "inference", nil }}
		played := All(ctx, s, []*calls.Call{{Name: "one", Expect: calls.Expect{Recorded: &no}}, {Name: "two"}}, patience, func(Progress) {})
		if !played[0].Stopped || !played[1].Stopped {
			t.Errorf("%+v", played)
		}
	})
}

func TestANumberThatNobodyOwnsIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		no := false
		s := stage{place: func(context.Context, *calls.Call) (string, error) { return "", errors.New("no such number") }}
		s.rest = func() (string, error) { return "", nil }
		played := All(t.Context(), s, []*calls.Call{
			{Name: "expected", Expect: calls.Expect{Recorded: &no}}, {Name: "unexpected"},
		}, patience, func(Progress) {})
		if !played[0].Refused || len(played[0].Unmet) != 0 || len(played[1].Unmet) != 1 {
			t.Errorf("%+v", played)
		}
	})
}
