package salesforce

import (
	"context"
	"maps"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// Attach inserts files, several in one request; one with its key is there already when an attempt before has come
// through.
func (d *Driver) Attach(ctx context.Context, files []crm.Attachment) []crm.Outcome {
	outcomes := make([]crm.Outcome, len(files))
	all := make([]*upload, len(files))
	for i, a := range files {
		all[i] = &upload{Attachment: a, outcome: &outcomes[i]}
	}
	d.upload(ctx, all)
	return outcomes
}

// upload is one file on its way.
type upload struct {
	crm.Attachment

	outcome *crm.Outcome
}

func (u *upload) tenant() string { return u.Plan.Call.Tenant }

func (u *upload) file() sf.NewFile {
	f := u.Plan.File
	fields := make(sf.Fields, len(f.Fields)+2)
	maps.Copy(fields, f.Fields)
	fields[f.KeyField], fields[f.ParentField] = f.Key, u.Parent
	return sf.NewFile{Fields: fields, Content: f.Content}
}

// done takes what became of the file.
func (u *upload) done(r sf.CreatedFile) {
	if r.Err != nil {
		*u.outcome = crm.Outcome{Err: r.Err}
		return
	}
	f := u.Plan.File
	out := crm.Record{Role: crm.RoleFile, Object: f.Object, ID: r.ID, KeyField: f.KeyField, Key: f.Key, Action: crm.Create}
	if r.There {
		out.Action = crm.Leave
	}
	*u.outcome = crm.Outcome{Records: []crm.Record{out}}
}

// upload sends files in one request: a lone one, however large, by itself.
func (d *Driver) upload(ctx context.Context, all []*upload) {
	plans := make([]*crm.Plan, len(all))
	for i, u := range all {
		plans[i] = u.Plan
	}
	ctx = crm.For(ctx, plans)
	if len(all) == 1 {
		r := d.client.CreateFile(ctx, all[0].file())
		all[0].done(r)
		all[0].outcome.Down = down(r.Err)
		return
	}
	files := make([]sf.NewFile, len(all))
	for i, u := range all {
		files[i] = u.file()
	}
	results, err := d.client.CreateFiles(ctx, files)
	if err != nil {
		d.uploadFailed(ctx, all, err)
		return
	}
	for i, r := range results {
		all[i].done(r)
	}
}

// uploadFailed ends uploads whose request failed as a whole; where it was refused for good, the innocent are tried
// without the guilty.
func (d *Driver) uploadFailed(ctx context.Context, all []*upload, err error) {
	if retry.IsPermanent(err) {
		if parts := suspects(all, (*upload).tenant, err); len(parts) > 1 {
			for _, part := range parts {
				d.upload(ctx, part)
			}
			return
		}
	}
	for _, u := range all {
		*u.outcome = crm.Outcome{Err: err, Down: down(err)}
	}
}
