package crmwriter_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	sandbox "github.com/frontdesk/frontdesk/sandbox/salesforce"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

// TestARolloutMakesNoRequestTwice: a request that is under way when its writer is told to stop is finished, whatever the drain
// says, and the next writer, who has the call meanwhile, writes nothing a second time.
func TestARolloutMakesNoRequestTwice(t *testing.T) {
	for what, path := range map[string]string{"records": "/composite/graph", "a file": "/sobjects/ContentVersion"} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			f := w.before("direct")
			arrived, release := make(chan struct{}, 10), make(chan struct{})
			hold := func(p string) {
				if strings.HasSuffix(p, path) {
					arrived <- struct{}{}
					<-release
				}
			}
			f.hold.Store(&hold)
			settings := func(c *crmwriter.Config) {
				c.Consume.Drain, c.Claims.Lease = 100*time.Millisecond, 2*time.Second
			}
			stop := w.start(settings)
			w.publish(origin("direct", 1), insight(1, 1, "SupportRequest", "SupportTicketOpened"))
			<-arrived
			stopped := make(chan struct{})
			go func() { stop(); close(stopped) }()
			w.start(settings)
			w.until("the next writer to be ready", func() bool { return w.probe() == `200 {"status":"ready"}` })
			asked := w.redis.Fake.CommandCount()
			// For longer than the lease, which must be renewed.
			w.until("the next writer to ask for the call", func() bool { return w.redis.Fake.CommandCount() > asked+20 })
			close(release)
			<-stopped
			w.last(callID(1), 1, written)
			w.attached(callID(1))
			w.until("the call to be committed", func() bool { return w.committed() == 1 })
			if n := len(arrived); n > 0 {
				t.Errorf("%d more requests", n)
			}
			for _, object := range []string{"Contact", "Case", "Task", "ContentVersion"} {
				if n := w.changes("direct", object); n != 1 {
					t.Errorf("%d changes of %s", n, object)
				}
			}
			w.nothing(events.DeadLetters.Name, events.Insights.Retry("crm-writer").Name)
		})
	}
}

// TestACrashBetweenAFileAndItsCommit makes no second file, with the claim gone too: what the org refuses as there already is
// done.
func TestACrashBetweenAFileAndItsCommit(t *testing.T) {
	w := newWorld(t)
	f := w.before("direct")
	var away http.HandlerFunc = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	last := func(p string) {
		if strings.HasSuffix(p, "/sobjects/ContentVersion") {
			f.answerless.Store(true)
			f.refuse.Store(&away)
		}
	}
	f.hold.Store(&last)
	stop := w.start()
	w.publish(origin("direct", 1), insight(1, 1, "SupportRequest", "SupportTicketOpened"))
	w.until("the file", func() bool { return len(w.crm.Records("direct", "ContentVersion")) == 1 })
	stop()
	w.redis.Fake.FlushAll()
	f.hold.Store(nil)
	f.refuse.Store(nil)
	w.start()
	w.attached(callID(1))
	if n := w.changes("direct", "ContentVersion"); n != 1 {
		t.Errorf("%d changes of files", n)
	}
	w.nothing(events.DeadLetters.Name)
}

// changes of an object that somebody has asked an org for: what it rolls up by itself is none.
func (w *world) changes(org, object string) int {
	n := 0
	for _, c := range w.crm.ChangeLog(sandbox.Filter{Org: org, Object: object}) {
		if c.Op != "rollup" {
			n++
		}
	}
	return n
}
