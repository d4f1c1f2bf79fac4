package salesforce_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/bus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/eventbus"
)

// What was answered is there after a kill: the data folder as it stands is opened by a second server.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	s := start(t, func(c *salesforce.Config) { c.DataDir = dir })
	c := login(t, s, integration)
	publish(c, "CA1", writes("CA1", "000001", "+14155550123", "SupportRequest"))
	c.create("ContentVersion", obj{"PathOnClient": "a.txt", "VersionData": "aGk=", "Call_Id__c": "CA1"})
	kase := only(t, s, "Case")

	// Not closed: a kill leaves the bytes that were written, and half of what was being written.
	journal, err := os.ReadFile(filepath.Join(dir, "salesforce.journal"))
	if err != nil {
		t.Fatal(err)
	}
	killed := t.TempDir()
	if err := os.WriteFile(filepath.Join(killed, "salesforce.journal"), append(journal, 0, 0, 1, 0, 9), 0o600); err != nil {
		t.Fatal(err)
	}
	again := start(t, func(c *salesforce.Config) { c.DataDir = killed })
	if got := only(t, again, "Case"); got["Id"] != kase["Id"] || got["CreatedDate"] != kase["CreatedDate"] || got["LastModifiedById"] != kase["LastModifiedById"] {
		t.Errorf("case: %v, was %v", got, kase)
	}
	if got, want := again.ChangeLog(salesforce.Filter{}), s.ChangeLog(salesforce.Filter{}); len(got) != len(want) || got[2].Seq != want[2].Seq || got[2].Request != want[2].Request {
		t.Errorf("%d changes, were %d", len(got), len(want))
	}
	c = login(t, again, integration)
	if a := c.do(http.MethodPatch, "/sobjects/Case/Call_Id__c/CA1", obj{"Subject": "B"}); a.status != http.StatusOK || a.at(t, "id") != kase["Id"] {
		t.Errorf("its external id: %d %s", a.status, a.text)
	}
	// Replay ids are good across the restart.
	w := dial(t, again, integration)
	first := s.Events("", "Call_Completed__e", 0)[0]
	publish(c, "CA2", writes("CA2", "000001", "+14155550123", "SupportRequest"))
	sub := w.subscribe(&eventbus.FetchRequest{ReplayPreset: eventbus.ReplayPreset_CUSTOM, ReplayId: bus.ReplayID(first.Replay), NumRequested: 10})
	if ids, res := fetched(t, sub); len(res.GetEvents()) != 1 || ids == first.ID {
		t.Errorf("after the restart: %s", ids)
	}
}

func TestForeignJournal(t *testing.T) {
	dir := t.TempDir()
	s := start(t, func(c *salesforce.Config) { c.DataDir = dir })
	login(t, s, integration).create("Account", obj{"Name": "A"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other := acme()
	other.Name = "other"
	if _, err := salesforce.Start(t.Context(), salesforce.Config{DataDir: dir, Orgs: []salesforce.Org{other}}); err == nil {
		t.Error("a journal of another org must be refused")
	}
}
