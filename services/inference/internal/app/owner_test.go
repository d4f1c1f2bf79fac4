package app

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// newSharedWorld has two tenants, each with an account of its own.
func newSharedWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	other := acme(t)
	other.ID, other.Twilio.AccountSID = "initech", "AC00000000000000000000000000000099"
	for i := range other.Numbers {
		other.Numbers[i].Number = "+1206555010" + string(rune('0'+i))
	}
	set, err := tenant.NewSet(acme(t), other)
	if err != nil {
		t.Fatal(err)
	}
	w.lose()
	w.desk.Disown(partition)
	w.boot(set)
	w.own(w.start.Add(-24 * time.Hour))
	return w
}

// by is the same call by another tenant.
func (m made) by(tenant, account string) made {
	m.call.Tenant, m.call.Account = tenant, account
	return m
}

func (w *world) refused(list ...*events.CallEvent) {
	w.t.Helper()
	for _, e := range list {
		if err, waits := w.in(e); waits || !retry.IsPermanent(err) || retry.Code(err) != "foreign_tenant" {
			w.t.Errorf("%s of a foreign tenant: %v, waits %t", e.Kind(), err, waits)
		}
	}
}

// TestForeignTenant: whoever knows a call's id can neither learn of the call nor change it.
func TestForeignTenant(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newSharedWorld(t)
		m := call("CA1", w.start)
		list := m.demoCall()
		w.must(list[:len(list)-1]...)
		for _, foreign := range []made{m.by("initech", "AC9"), m.by("acme", "AC9"), m.by("initech", "AC1")} {
			w.refused(foreign.started(), foreign.consent(events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN, time.Minute),
				foreign.disposed("DemoBooked", "a", time.Minute), foreign.stream("MZ9"), foreign.ended(time.Second), foreign.recorded(),
				foreign.says(events.Party_PARTY_CALLER, 50000, "Nobody has said this."))
		}
		// The end has the same id whoever tells it.
		w.must(list[len(list)-1])
		i, _ := w.last()
		if e := w.out.insights()[0]; e.GetTenant() != "acme" || e.GetAccount() != "AC1" {
			t.Errorf("told to %s", e.GetTenant())
		}
		if i.GetFacts().GetConsent() != granted || i.GetFacts().GetDuration().AsDuration() != time.Minute || len(i.GetTranscript()) != 3 ||
			i.GetDispositionSource() != events.DispositionSource_DISPOSITION_SOURCE_AI {
			t.Errorf("the call isn't told as it was: %v", i.GetDispositionSource())
		}
		w.crash()
		w.refused(m.by("initech", "AC9").started(), m.by("initech", "AC9").recorded())
		w.pass(2 * time.Hour) // it leaves memory
		w.refused(m.by("initech", "AC9").started())
		w.must(m.recorded())
		for _, e := range w.out.insights() {
			if e.GetTenant() != "acme" {
				t.Errorf("told to %s", e.GetTenant())
			}
		}
	})
}

// TestForeignTenantFirst: of two who open a call the first has it, and it is the first event that opens it which decides.
func TestForeignTenantFirst(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newSharedWorld(t)
		m := call("CA1", w.start)
		foreign := m.by("initech", "AC9")
		// Held, since nobody has opened the call yet.
		done := make(chan error, 1)
		w.turn.Lock()
		w.desk.Take(w.ctx, partition, foreign.disposed("DemoBooked", "a", time.Minute), -1, func(err error) { done <- err })
		w.turn.Unlock()
		synctest.Wait()
		w.must(m.started())
		if err := <-done; retry.Code(err) != "foreign_tenant" {
			t.Errorf("held before the call began: %v", err)
		}
		// Folded, since nobody opened the call in time.
		m = call("CA2", w.start)
		foreign = m.by("initech", "AC9")
		if err, waits := w.in(foreign.consent(events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN, time.Second)); err != nil || !waits {
			t.Fatal(err, waits)
		}
		w.pass(6 * time.Second)
		w.refused(m.stream("MZ1")) // nobody knows yet whose the call is
		w.must(m.demoCall()...)
		if i, _ := w.last(); i.GetFacts().GetConsent() != granted || i.GetIntent().GetValue() != "BookDemo" {
			t.Errorf("consent %s, intent %s", i.GetFacts().GetConsent(), i.GetIntent().GetValue())
		}
		// Opened first.
		m = call("CA3", w.start)
		w.must(m.by("initech", "AC9").started())
		w.refused(m.started(), m.ended(time.Minute))
	})
}
