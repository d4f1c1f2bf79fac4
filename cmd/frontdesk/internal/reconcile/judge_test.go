package reconcile

import (
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
	"github.com/frontdesk/frontdesk/services/ingress"
)

const (
	pendingStatus   = events.CrmStatus_CRM_STATUS_PENDING
	publishedStatus = events.CrmStatus_CRM_STATUS_PUBLISHED
	writtenStatus   = events.CrmStatus_CRM_STATUS_WRITTEN
	failedStatus    = events.CrmStatus_CRM_STATUS_FAILED
)

// at is a trail that has come so far; rest is how long ago its last message came.
func at(stage string, rest time.Duration) *Trail {
	t := &Trail{Tenant: "acme", Touched: ago(rest)}
	switch stage {
	case "nothing":
		return &Trail{}
	case "started":
		t.Started, t.Begun = true, ago(time.Hour)
	case "ended":
		t.Started, t.Begun, t.Ended = true, ago(time.Hour), ago(rest)
	case "decided":
		t.Started, t.Begun, t.Ended, t.Revision, t.InsightID = true, ago(time.Hour), ago(rest), 2, "insight"
	}
	return t
}

func TestWhatACallLacks(t *testing.T) {
	set := newWorld(t).tenants
	task := crmwriter.Absence{Role: "log", Object: "Task", KeyField: "Call_Id__c", Key: "CA1:log"}
	file := crmwriter.Absence{Role: events.RoleFile, Object: "ContentVersion", KeyField: "Call_Id__c", Key: "CA1:f00"}
	told := func(rest time.Duration, r Told) *Trail {
		trail := at("decided", rest)
		if r.Revision == 0 {
			r.Revision = 2
		}
		r.At, trail.Record = ago(rest), &r
		return trail
	}
	with := func(trail *Trail, change func(*Trail)) *Trail { change(trail); return trail }
	dead := func(group, kind, id string) func(*Trail) {
		return func(t *Trail) { t.Dead = append(t.Dead, Buried{Group: group, Kind: kind, EventID: id, Code: "x.code"}) }
	}
	done := func(what string) func(*Trail) {
		return func(t *Trail) {
			d := Buried{Group: "crm-writer", Kind: "call_insight", EventID: "insight", Code: "x.code"}
			d.Done = deadletter.Mark{What: what, By: "ops@host", At: ago(0), Why: "a test"}
			t.Dead = append(t.Dead, d)
		}
	}
	parked := func(group, code, repair string) func(*Trail) {
		return func(t *Trail) {
			t.Parked = append(t.Parked, Waits{Group: group, Repair: repair, Parked: consume.Parked{Code: code, Since: ago(time.Hour)}})
		}
	}
	lived, rung, over := listed("CA1", "acme", 0), listed("CA1", "acme", time.Minute), listed("CA1", "acme", 30*time.Minute)
	for name, tt := range map[string]struct {
		listed  *ingress.ListedCall
		trail   *Trail
		pattern tenant.Pattern
		unread  bool
		crm     []crmwriter.Absence
		// want is status, part and repair; empty for a call that is all there.
		want string
		why  string
	}{
		"lives":                             {listed: &lived, trail: at("started", time.Hour), want: "under way, its end"},
		"lives, unheard of":                 {listed: &lived, trail: at("nothing", 0), want: "under way, its end"},
		"unheard of, just ended":            {listed: &rung, trail: at("nothing", 0), want: "under way, the whole call"},
		"unheard of":                        {listed: &over, trail: at("nothing", 0), want: "missing, the whole call, repairEnd"},
		"a stray message, no call":          {trail: &Trail{Touched: ago(time.Hour)}},
		"started, just ended":               {listed: &rung, trail: at("started", 30*time.Minute), want: "under way, its end"},
		"started, ended, moves still":       {listed: &over, trail: at("started", time.Minute), want: "under way, its end"},
		"started, and its end is lost":      {listed: &over, trail: at("started", 40*time.Minute), want: "missing, its end, repairEnd"},
		"decided without an end":            {listed: &over, trail: with(at("decided", 40*time.Minute), func(t *Trail) { t.Ended = time.Time{} }), want: "missing, its end, repairEnd"},
		"started, the carrier is silent":    {trail: at("started", 40*time.Minute), want: "under way, its insight", why: "no end of it is known"},
		"started long ago, never closed":    {trail: with(at("started", 9*time.Hour), func(t *Trail) { t.Begun = ago(9 * time.Hour) }), want: "missing, its insight"},
		"ended, inference is behind":        {listed: &over, trail: at("ended", 40*time.Minute), unread: true, want: "under way, its insight", why: "inference has not come to it yet"},
		"ended just now":                    {listed: &rung, trail: at("ended", time.Minute), want: "under way, its insight"},
		"ended, no insight":                 {listed: &over, trail: at("ended", 40*time.Minute), want: "missing, its insight, repairInsight"},
		"ended, a dead letter":              {trail: with(at("ended", 40*time.Minute), dead("inference", "call_ended", "e")), want: "dead letter, its insight", why: "inference gave it up: x.code"},
		"ended, a disposition's dead":       {trail: with(at("ended", 40*time.Minute), dead("inference", "disposition_set", "e")), want: "missing, its insight, repairInsight"},
		"ended, parked":                     {trail: with(at("ended", 40*time.Minute), parked("inference", "y.code", "")), want: "parked, its insight", why: "inference tries it again: y.code since 2026-03-02 14:00:00"},
		"ended, a repair is on its way":     {trail: with(at("ended", 40*time.Minute), parked("inference", "", "r")), want: "under way, its insight"},
		"decided, the writer is behind":     {trail: at("decided", 40*time.Minute), unread: true, want: "under way, its records"},
		"decided just now":                  {trail: at("decided", time.Minute), want: "under way, its records"},
		"decided, never written":            {trail: at("decided", 40*time.Minute), want: "missing, its records, repairRecords"},
		"an older revision is written":      {trail: told(40*time.Minute, Told{Revision: 1, Status: writtenStatus}), want: "missing, its records, repairRecords"},
		"pending":                           {trail: told(40*time.Minute, Told{Status: pendingStatus}), want: "missing, its records, repairRecords"},
		"pending, and that is all":          {trail: told(40*time.Minute, Told{Status: pendingStatus}), pattern: tenant.PatternAnalytics},
		"decided, parked":                   {trail: with(at("decided", 40*time.Minute), parked("crm-writer", "z.code", "")), want: "parked, its records", why: "crm-writer tries it again: z.code since 2026-03-02 14:00:00"},
		"parked behind another":             {trail: with(at("decided", 40*time.Minute), parked("crm-writer", "", "")), want: "parked, its records"},
		"a repair fails, too":               {trail: with(at("decided", 40*time.Minute), parked("crm-writer", "z.code", "r")), want: "parked, its records"},
		"decided, a dead letter":            {trail: with(at("decided", 40*time.Minute), dead("crm-writer", "call_insight", "insight")), want: "dead letter, its records"},
		"decided, its dead letter dropped":  {trail: with(at("decided", 40*time.Minute), done(deadletter.Dropped)), want: "dropped, its records", why: "crm-writer gave it up: x.code; ops@host dropped it at 2026-03-02 15:00:00 (a test)"},
		"refused for good, and dropped":     {trail: with(told(40*time.Minute, Told{Status: failedStatus, Code: "x.code"}), done(deadletter.Dropped)), want: "dropped, its records"},
		"redriven, and lost":                {trail: with(at("decided", 40*time.Minute), done(deadletter.Redriven)), want: "missing, its records, repairRecords"},
		"the file was refused, and dropped": {trail: with(told(40*time.Minute, Told{Status: writtenStatus, Code: "f.code"}), done(deadletter.Dropped)), crm: []crmwriter.Absence{file}, want: "dropped, records", why: "crm-writer gave the file up: f.code; ops@host"},
		"only an older revision is dead":    {trail: with(at("decided", 40*time.Minute), dead("crm-writer", "call_insight", "older")), want: "missing, its records, repairRecords"},
		"refused for good":                  {trail: told(40*time.Minute, Told{Status: failedStatus, Code: "sf.code"}), want: "dead letter, its records", why: "crm-writer gave it up: sf.code"},
		"the mapping fails":                 {trail: with(at("decided", 40*time.Minute), func(t *Trail) { t.Unplanned = "m.code" }), want: "dead letter, its records"},
		"all there":                         {listed: &over, trail: told(40*time.Minute, Told{Status: writtenStatus})},
		"all there, though just written":    {listed: &over, trail: told(time.Second, Told{Status: writtenStatus})},
		"dead once, redriven since":         {trail: with(told(40*time.Minute, Told{Status: writtenStatus}), dead("crm-writer", "call_insight", "insight"))},
		"a record is deleted":               {trail: told(40*time.Minute, Told{Status: writtenStatus}), crm: []crmwriter.Absence{task}, want: "missing, records, repairRecords"},
		"a record is deleted, just written": {trail: told(time.Second, Told{Status: writtenStatus}), crm: []crmwriter.Absence{task}, want: "missing, records, repairRecords"},
		"deleted, a repair is on its way":   {trail: with(told(40*time.Minute, Told{Status: writtenStatus}), parked("crm-writer", "", "r")), crm: []crmwriter.Absence{task}, want: "under way, records"},
		"published just now":                {trail: told(time.Second, Told{Status: publishedStatus}), crm: []crmwriter.Absence{task}, want: "under way, records"},
		"published, never applied":          {trail: told(40*time.Minute, Told{Status: publishedStatus}), crm: []crmwriter.Absence{task}, want: "missing, records, repairRecords"},
		"the file is to come":               {trail: told(time.Second, Told{Status: writtenStatus}), crm: []crmwriter.Absence{file}, want: "under way, records"},
		"the file never came":               {trail: told(40*time.Minute, Told{Status: writtenStatus}), crm: []crmwriter.Absence{file}, want: "missing, records, repairRecords"},
		"the file was told, and is deleted": {
			trail: told(time.Second, Told{Status: writtenStatus, Records: []*events.CrmRecord{{Role: events.RoleFile, Id: "068"}}}),
			crm:   []crmwriter.Absence{file}, want: "missing, records, repairRecords",
		},
		"the file was refused":             {trail: told(40*time.Minute, Told{Status: writtenStatus, Code: "f.code"}), crm: []crmwriter.Absence{file}, want: "dead letter, records", why: "f.code"},
		"the file was refused, and a loss": {trail: told(40*time.Minute, Told{Status: writtenStatus, Code: "f.code"}), crm: []crmwriter.Absence{file, task}, want: "missing, records, repairRecords"},
	} {
		t.Run(name, func(t *testing.T) {
			acme := *set.ByID("acme")
			if tt.pattern != "" {
				acme.Salesforce.Pattern = tt.pattern
			}
			v := judge(&call{id: "CA1", tenant: &acme, listed: tt.listed, trail: tt.trail, endUnread: tt.unread, insightUnread: tt.unread, crm: tt.crm}, now, 5*time.Minute)
			got, why := "", ""
			if v != nil {
				got, why = strings.Join([]string{string(v.status), v.part}, ", "), v.why
				if name := map[repair]string{repairEnd: "repairEnd", repairInsight: "repairInsight", repairRecords: "repairRecords"}[v.repair]; name != "" {
					got += ", " + name
				}
				if v.why == "" || v.seen == "" {
					t.Errorf("told without a reason: %+v", v)
				}
			}
			if got != tt.want || !strings.Contains(why, tt.why) {
				t.Errorf("%q for %q, want %q for %q", got, why, tt.want, tt.why)
			}
		})
	}
}

func TestWhomTheCRMIsAskedAbout(t *testing.T) {
	set := newWorld(t).tenants
	for name, tt := range map[string]struct {
		trail *Trail
		apply string
		asked bool
	}{
		"written":              {published("acme", writtenStatus), "package", true},
		"with a person's edit": {published("acme", events.CrmStatus_CRM_STATUS_CONFLICT), "package", true},
		"published":            {published("acme", publishedStatus), "package", true},
		"published to others":  {published("acme", publishedStatus), "none", false},
		"pending":              {published("acme", pendingStatus), "package", false},
		"refused":              {published("acme", failedStatus), "package", false},
		"undecided":            {at("ended", time.Hour), "package", false},
	} {
		acme := *set.ByID("acme")
		acme.Salesforce.Apply = tt.apply
		if c := (&call{tenant: &acme, trail: tt.trail}); c.asksCRM() != tt.asked {
			t.Errorf("%s: asked is %t", name, !tt.asked)
		}
	}
}
