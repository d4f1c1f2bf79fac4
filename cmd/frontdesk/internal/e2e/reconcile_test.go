package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/cli"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/reconcile"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

// reconciliation: against the running all-in-one, by its own settings. Nothing is missing at first; of what is deleted then, in each
// pattern and of each object, exactly that is named and made again; and a call of which no webhook came is found and gets its record.
func reconciliation(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	known := sampleCalls(t)
	log := &syncBuffer{}
	s, err := allinone.Start(t.Context(), allinone.Options{
		DataDir: data, Tenants: tenants(t), TenantFiles: os.DirFS(samples + "tenants"), Calls: known, Speed: speed, Reconcile: time.Second,
		Log: slog.New(slog.NewJSONHandler(log, nil)),
	}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}()
	w := &world{stack: s, log: log.String}
	passed(t, w.play(t, known, patience))
	if err := s.Salesforce().Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := &reconciler{t: t, data: data, stack: s}
	if got := r.settled(); len(got.Findings) > 0 || len(got.Unread) > 0 || got.Calls < 14 || r.code != 0 {
		t.Errorf("after the calls: exit code %d, %+v", r.code, got)
	}

	want := r.deleteSeven()
	from := r.changes()
	got := r.run()
	if missing := r.missing(got); !slices.Equal(missing, want) || r.code != cli.ExitMissing {
		t.Errorf("exit code %d; missing are\n%s\nwant\n%s", r.code, strings.Join(missing, "\n"), strings.Join(want, "\n"))
	}
	// The job's calls settle longer: to it, what was only published may be under way still.
	r.metric("unaccounted for", `frontdesk_reconcile_calls_unaccounted_for\{.*tenant="acme".*\} `+strconv.Itoa(got.Tenants["acme"].UnaccountedFor))
	repaired := r.run("--repair")
	if r.code != 0 || repaired.Repaired != got.UnaccountedFor || repaired.UnaccountedFor != 0 {
		t.Errorf("repairing: exit code %d, %+v", r.code, repaired)
	}
	if again := r.run("--repair"); r.code != 0 || again.Repaired != 0 {
		t.Errorf("repairing at once again: exit code %d, %+v", r.code, again)
	}
	r.until("nothing to be missing", func() bool { return len(r.run().Findings) == 0 })
	made := []string{}
	for _, c := range r.changesSince(from) {
		switch {
		case c.Op == "create" && !strings.HasPrefix(c.Object, "ContentDocument"):
			made = append(made, c.Object)
		case c.Op == "update" && len(c.After) > 0:
			t.Errorf("a %s that was there was changed: %v", c.Object, c.After)
		}
	}
	if len(made) != len(want) {
		t.Errorf("%d records were deleted, made were %q", len(want), made)
	}

	s.Carrier().WebhookFaults().Set(fault.Settings{Outage: true})
	sid, err := s.Place(t.Context(), sampleCalls(t, "spam")[0])
	if err != nil || sid == "" {
		t.Fatalf("%q, %v", sid, err)
	}
	s.Carrier().WebhookFaults().Set(fault.Settings{})
	r.until("the call to be missing", func() bool { got = r.run(); return r.code == cli.ExitMissing })
	if len(got.Findings) != 1 || got.Findings[0].Call != sid || got.Findings[0].Missing != reconcile.PartCall || r.code != cli.ExitMissing {
		t.Errorf("exit code %d, %+v", r.code, got)
	}
	if got = r.run("--repair", "--call", sid); got.Repaired != 1 || r.code != 0 {
		t.Errorf("exit code %d, %+v", r.code, got)
	}
	if got = r.run("--repair"); got.Repaired != 0 || r.code != 0 {
		t.Errorf("at once again: exit code %d, %+v", r.code, got)
	}
	r.until("the call to have its record", func() bool {
		n := 0
		for _, org := range s.Salesforce().Orgs() {
			for _, task := range s.Salesforce().Records(org, "Task") {
				if task["Call_Id__c"] == sid+":log" {
					n++
				}
			}
		}
		return n == 1 && len(r.run().Findings) == 0
	})

	s.Salesforce().SetFaults(fault.Settings{Outage: true})
	if got = r.run(); len(got.Unread) != 3 || got.Unread[0].Source != reconcile.SourceCRM || len(got.Findings) > 0 || r.code != cli.ExitFailed {
		t.Errorf("while Salesforce is away: exit code %d, %+v", r.code, got)
	}
	s.Salesforce().SetFaults(fault.Settings{})
}

// reconciler runs `frontdesk reconcile` by the settings of a data folder.
type reconciler struct {
	t     *testing.T
	data  string
	stack *allinone.Stack
	// code is what the last run would have exited with.
	code int
}

func (r *reconciler) run(args ...string) *reconcile.Report {
	r.t.Helper()
	var out, notes bytes.Buffer
	root := cli.Root(&out, &notes)
	root.SetArgs(append([]string{"reconcile", "--data", r.data, "--json", "--settle", "2s"}, args...))
	err := root.ExecuteContext(r.t.Context())
	if r.code = cli.ExitCode(err); err != nil && !errors.Is(err, cli.ErrReported) {
		r.t.Fatalf("%v\n%s", err, notes.String())
	}
	report := &reconcile.Report{}
	if err := json.Unmarshal(out.Bytes(), report); err != nil {
		r.t.Fatalf("%v\n%s", err, out.String())
	}
	return report
}

// settled looks until nothing is under way: a file, or a revision with the recording, comes after the record that play waits for.
func (r *reconciler) settled() (got *reconcile.Report) {
	r.t.Helper()
	r.until("nothing to be under way", func() bool {
		got = r.run()
		return !slices.ContainsFunc(got.Findings, func(f reconcile.Finding) bool { return f.Status == reconcile.UnderWay })
	})
	return got
}

// missing are the records that a report names, each as "org call object key or id", in order.
func (r *reconciler) missing(report *reconcile.Report) []string {
	var all []string
	for _, f := range report.Findings {
		for _, x := range f.Records {
			name := x.Key
			if name == "" {
				name = x.ID
			}
			all = append(all, fmt.Sprintf("%s %s %s", r.stack.Tenants().ByID(f.Tenant).Salesforce.Org, x.Object, name))
		}
	}
	slices.Sort(all)
	return all
}

// deleteSeven deletes seven records as an admin would, of every object and in every org, and returns how they are named. What hangs on
// a Lead or a Case goes with it, and is among the seven.
func (r *reconciler) deleteSeven() []string {
	r.t.Helper()
	crm := r.stack.Salesforce()
	var all []string
	remove := func(org, object string, ok func(map[string]any) bool, also ...string) {
		for _, row := range crm.Records(org, object) {
			if !ok(row) {
				continue
			}
			id, _ := row["Id"].(string)
			key, _ := row["Call_Id__c"].(string)
			name, gone := key, id
			switch object {
			case "Lead":
				name = id
			case "ContentVersion":
				gone, _ = row["ContentDocumentId"].(string)
			}
			all = append(all, fmt.Sprintf("%s %s %s", org, object, name))
			for _, of := range also {
				for _, task := range crm.Records(org, "Task") {
					if task[of] == id {
						all = append(all, fmt.Sprintf("%s Task %s", org, task["Call_Id__c"]))
					}
				}
			}
			if err := crm.Delete(org, gone); err != nil {
				r.t.Fatal(err)
			}
			return
		}
		r.t.Fatalf("org %s has no such %s", org, object)
	}
	whichever := func(map[string]any) bool { return true }
	role := func(suffix string) func(map[string]any) bool {
		return func(row map[string]any) bool {
			key, _ := row["Call_Id__c"].(string)
			return strings.HasSuffix(key, suffix)
		}
	}
	orgs := crm.Orgs()
	for _, org := range orgs {
		remove(org, "Task", role(":log"))
	}
	remove(orgs[0], "Task", role(":next"))
	remove(orgs[0], "ContentVersion", whichever)
	slices.Sort(all)
	return all
}

func (r *reconciler) changes() int { return len(r.stack.Salesforce().ChangeLog(salesforce.Filter{})) }

func (r *reconciler) changesSince(n int) []salesforce.Change {
	return r.stack.Salesforce().ChangeLog(salesforce.Filter{})[n:]
}

// metric waits until a line of the job's metrics is as told.
func (r *reconciler) metric(what, line string) {
	r.t.Helper()
	addr := ""
	for _, e := range r.stack.Endpoints() {
		if strings.HasPrefix(e.Part, "reconcile,") {
			addr = e.Address
		}
	}
	is := regexp.MustCompile("(?m)^" + line + "$")
	r.until("the metric "+what, func() bool {
		res, err := http.Get(addr + "/metrics") //nolint:noctx // on loopback
		if err != nil {
			r.t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		return err == nil && is.Match(text)
	})
}

// until asks again and again; nothing else tells.
func (r *reconciler) until(what string, ok func() bool) {
	r.t.Helper()
	end := time.Now().Add(patience)
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain for %s: %+v", what, r.run())
		}
		<-look.C
	}
}
