package salesforce_test

import (
	"fmt"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	sandbox "github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// transcripts are the files of n calls, on one Case.
func transcripts(t *testing.T, s *sandbox.Server, n int) []crm.Attachment {
	t.Helper()
	parent := seed(s)(t, "Case", map[string]any{"Subject": "Help"})
	out := make([]crm.Attachment, n)
	for i, p := range many(n) {
		p.File = &crm.File{
			Object: "ContentVersion", KeyField: "Call_Id__c", Key: p.Call.ID + ":x", ParentField: "FirstPublishLocationId",
			Fields: map[string]any{"PathOnClient": "a.txt"}, ContentField: "VersionData", Content: []byte(fmt.Sprint("words ", i)),
		}
		out[i] = crm.Attachment{Plan: p, Parent: parent}
	}
	return out
}

func TestFilesShareARequest(t *testing.T) {
	s := org(t)
	files := transcripts(t, s, 200)
	good(t, driver(t, s).Attach(t.Context(), files))
	if u := s.Usage()[0]; u.Calls != 1 || len(s.Records("acme", "ContentVersion")) != 200 {
		t.Errorf("%+v", u)
	}
}

func TestOnlyFilesThatFailedAreSentAgain(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	s.Faults().Set(fault.Settings{Seed: 3, Errors: []fault.Share{{Operation: "record.ContentVersion", Code: "UNABLE_TO_LOCK_ROW", Share: 0.2}}})
	todo := transcripts(t, s, 60)
	rounds := 0
	for ; len(todo) > 0 && rounds < 20; rounds++ {
		var again []crm.Attachment
		for i, o := range d.Attach(t.Context(), todo) {
			switch {
			case o.Err == nil && o.Records[0].Action == crm.Create:
			case retry.Code(o.Err) == "salesforce.UNABLE_TO_LOCK_ROW" && !retry.IsPermanent(o.Err) && !o.Down:
				again = append(again, todo[i])
			default:
				t.Fatalf("%+v", o)
			}
		}
		todo = again
	}
	if n := len(s.Records("acme", "ContentVersion")); n != 60 || rounds < 2 {
		t.Errorf("%d files after %d rounds", n, rounds)
	}
}

func TestOneFileTakesNoOtherAlong(t *testing.T) {
	s := org(t)
	files := transcripts(t, s, 9)
	files[4].Plan.File.Fields["Nope__c"] = 1
	for i, o := range driver(t, s).Attach(t.Context(), files) {
		if (o.Err != nil) != (i == 4) || i == 4 && (retry.Code(o.Err) != "salesforce.INVALID_FIELD" || !retry.IsPermanent(o.Err) || o.Down) {
			t.Errorf("%d: %+v", i, o)
		}
	}
	if n := len(s.Records("acme", "ContentVersion")); n != 8 {
		t.Errorf("%d files", n)
	}
}

func TestFilesThatAnOrgRefusesAsAWhole(t *testing.T) {
	for code, down := range map[string]bool{"SERVER_UNAVAILABLE": true, "DROP_AFTER": true, "JSON_PARSER_ERROR": false} {
		t.Run(code, func(t *testing.T) {
			s := org(t)
			d := driver(t, s)
			files := transcripts(t, s, 3)
			s.Faults().Set(share("collections", code))
			for i, o := range d.Attach(t.Context(), files) {
				// What is refused for good is taken apart until each file stands for itself, which goes another way.
				if (o.Err != nil) != down || o.Down != down || retry.IsPermanent(o.Err) {
					t.Errorf("%d: %+v", i, o)
				}
			}
			s.Faults().Set(fault.Settings{})
			good(t, d.Attach(t.Context(), files))
			if n := len(s.Records("acme", "ContentVersion")); n != 3 {
				t.Errorf("%d files", n)
			}
		})
	}
}
