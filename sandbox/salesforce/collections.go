package salesforce

import (
	"maps"
	"net/http"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// Limits of a collection (REST API Developer Guide, "sObject Collections").
const (
	mostRecords = 200
	mostChunks  = 10
	mostRead    = 2000
)

// collected is one record's outcome: errors say statusCode here.
type collected struct {
	ID      string          `json:"id,omitempty"`
	Success bool            `json:"success"`
	Errors  []collectedFail `json:"errors"`
	Created *bool           `json:"created,omitempty"`
}

type collectedFail struct {
	Code    string   `json:"statusCode"`
	Message string   `json:"message"`
	Fields  []string `json:"fields"`
}

func collectedError(e *org.Error) collected {
	return collected{Errors: []collectedFail{{e.Code, e.Message, nonNil(e.Fields)}}}
}

// collections is /composite/sobjects: many records in one call.
func (c *call) collections(tx *org.Tx, r *request) reply {
	switch p := r.path[2:]; {
	case len(p) == 0 && r.method == http.MethodPost:
		return c.saveMany(tx, r, c.createOne)
	case len(p) == 0 && r.method == http.MethodPatch:
		return c.saveMany(tx, r, c.updateOne)
	case len(p) == 0 && r.method == http.MethodDelete:
		return c.deleteMany(tx, r)
	case len(p) == 1 && (r.method == http.MethodGet || r.method == http.MethodPost):
		return c.readMany(tx, r, p[0])
	case len(p) == 2 && r.method == http.MethodPatch:
		return c.upsertMany(tx, r, p[0], p[1])
	case len(p) > 2:
		return failed(notFound())
	default:
		return failed(org.Refuse(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "HTTP Method '%s' not allowed. Allowed are POST,PATCH,DELETE", r.method))
	}
}

type saveOne func(tx *org.Tx, obj *schema.Object, fields map[string]any) (collected, *org.Error)

func (c *call) createOne(tx *org.Tx, obj *schema.Object, fields map[string]any) (collected, *org.Error) {
	if obj.Event {
		uuid, err := tx.PublishJSON(obj, fields)
		return collected{
			ID: schema.MakeID(obj.Prefix, "xx0", 0), Success: true,
			Errors: []collectedFail{{"OPERATION_ENQUEUED", uuid, []string{}}},
		}, err
	}
	id, err := tx.Create(obj, fields)
	return collected{ID: id, Success: true, Errors: []collectedFail{}}, err
}

func (c *call) updateOne(tx *org.Tx, obj *schema.Object, fields map[string]any) (collected, *org.Error) {
	id := ""
	rest := maps.Clone(fields)
	for k, v := range fields {
		if strings.EqualFold(k, "Id") {
			id, _ = v.(string)
			delete(rest, k)
		}
	}
	if id == "" {
		return collected{}, &org.Error{Code: "MISSING_ARGUMENT", Message: "Id not specified in an update call", Fields: []string{"Id"}}
	}
	if obj.Event {
		return collected{}, &org.Error{Code: "INVALID_TYPE", Message: "a platform event can't be updated"}
	}
	return collected{ID: id, Success: true, Errors: []collectedFail{}}, tx.Update(obj, id, rest)
}

// saveMany saves records of up to ten runs of one type each, and keeps what can be saved unless all or none are wanted.
func (c *call) saveMany(tx *org.Tx, r *request, save saveOne) reply {
	records, allOrNone, err := c.records(r)
	if err != nil {
		return failed(err)
	}
	return c.each(tx, allOrNone, records, save)
}

type typed struct {
	obj    *schema.Object
	fields map[string]any
	fault  *org.Error
}

func (c *call) records(r *request) ([]typed, bool, *org.Error) {
	var in struct {
		AllOrNone bool             `json:"allOrNone"`
		Records   []map[string]any `json:"records"`
	}
	if err := r.into(&in); err != nil {
		return nil, false, err
	}
	if len(in.Records) == 0 {
		return nil, false, org.Refuse(http.StatusBadRequest, "INVALID_INPUT", "records must hold at least one record")
	}
	if len(in.Records) > mostRecords {
		return nil, false, org.Refuse(http.StatusBadRequest, "EXCEEDED_ID_LIMIT",
			"record limit reached. cannot submit more than %d records into this call", mostRecords)
	}
	out := make([]typed, len(in.Records))
	chunks := 0
	for i, rec := range in.Records {
		a, _ := rec["attributes"].(map[string]any)
		name, _ := a["type"].(string)
		out[i] = typed{obj: c.t.Schema.Object(name), fields: rec}
		delete(rec, "attributes")
		if out[i].obj == nil {
			out[i].fault = &org.Error{Code: "INVALID_TYPE", Message: "sObject type '" + name + "' is not supported."}
		}
		if i == 0 || out[i].obj != out[i-1].obj {
			chunks++
		}
	}
	if chunks > mostChunks {
		return nil, false, org.Refuse(http.StatusBadRequest, "INVALID_INPUT",
			"The request has %d chunks of records by type. The most is %d: put records of one type together.", chunks, mostChunks)
	}
	if !in.AllOrNone {
		out = out[:c.share(len(out))]
	}
	return out, in.AllOrNone, nil
}

func (c *call) each(tx *org.Tx, allOrNone bool, records []typed, save saveOne) reply {
	out := make([]collected, len(records))
	failedAny := false
	undone := tx.Try(func() *org.Error {
		for i, rec := range records {
			err := rec.fault
			if err == nil {
				out[i], err = save(tx, rec.obj, rec.fields)
			}
			if err != nil {
				out[i], failedAny = collectedError(err), true
			}
		}
		if failedAny && allOrNone {
			return notFound() // any error undoes the others
		}
		return nil
	})
	if undone != nil {
		for i := range out {
			if out[i].Success {
				out[i] = collectedError(&org.Error{
					Code:    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
					Message: "Record rolled back because not all records were valid and the request was using AllOrNone header",
				})
			}
		}
	}
	return reply{status: http.StatusOK, body: out}
}

// upsertMany is PATCH /composite/sobjects/X/{external id field}: every record of that type, its key among its fields. A key that
// stands twice fails both.
func (c *call) upsertMany(tx *org.Tx, r *request, object, field string) reply {
	obj := c.t.Schema.Object(object)
	if obj == nil || obj.Event {
		return failed(notFound())
	}
	key := obj.Field(field)
	byID := strings.EqualFold(field, "Id")
	if !byID && (key == nil || !key.ExternalID || !c.user.Sees(obj, key)) {
		return failed(org.Refuse(http.StatusBadRequest, "INVALID_FIELD",
			"Field name provided, %s does not match an External ID, Salesforce Id, or indexed field for %s", field, obj.Name))
	}
	records, allOrNone, err := c.records(r)
	if err != nil {
		return failed(err)
	}
	seen := map[string]int{}
	for i := range records {
		value := keyOf(records[i].fields, field)
		if records[i].obj != obj && records[i].fault == nil {
			records[i].fault = &org.Error{Code: "INVALID_TYPE", Message: "The record's type is not that of the request: " + obj.Name}
		}
		seen[strings.ToLower(value)]++
	}
	return c.each(tx, allOrNone, records, func(tx *org.Tx, obj *schema.Object, fields map[string]any) (collected, *org.Error) {
		value := keyOf(fields, field)
		switch {
		case byID:
			return c.upsertByID(tx, obj, fields, value)
		case value == "":
			return collected{}, &org.Error{Code: "MISSING_ARGUMENT", Message: key.Name + " not specified"}
		case seen[strings.ToLower(value)] > 1:
			return collected{}, &org.Error{Code: "DUPLICATE_VALUE", Message: "Duplicate external id specified: " + value, Fields: []string{key.Name}}
		}
		rest := maps.Clone(fields)
		maps.DeleteFunc(rest, func(k string, _ any) bool { return strings.EqualFold(k, field) })
		id, created, err := tx.Upsert(obj, key, value, rest)
		if err != nil && err.HTTP == http.StatusMultipleChoices {
			err = &org.Error{Code: "DUPLICATE_EXTERNAL_ID", Message: key.Name + ": more than one record found for external id field: [" + strings.Join(err.Fields, ", ") + "]"}
		}
		return collected{ID: id, Success: true, Errors: []collectedFail{}, Created: &created}, err
	})
}

func (c *call) upsertByID(tx *org.Tx, obj *schema.Object, fields map[string]any, id string) (collected, *org.Error) {
	if id != "" {
		out, err := c.updateOne(tx, obj, fields)
		no := false
		out.Created = &no
		return out, err
	}
	out, err := c.createOne(tx, obj, fields)
	yes := true
	out.Created = &yes
	return out, err
}

func keyOf(fields map[string]any, field string) string {
	for k, v := range fields {
		if strings.EqualFold(k, field) {
			s, _ := v.(string)
			return s
		}
	}
	return ""
}

func (c *call) deleteMany(tx *org.Tx, r *request) reply {
	ids := strings.Split(r.query.Get("ids"), ",")
	if r.query.Get("ids") == "" || len(ids) > mostRecords {
		return failed(org.Refuse(http.StatusBadRequest, "EXCEEDED_ID_LIMIT",
			"record limit reached. cannot submit more than %d records into this call", mostRecords))
	}
	records := make([]typed, len(ids))
	for i, id := range ids {
		records[i] = typed{obj: c.t.Schema.OfID(id), fields: map[string]any{"Id": id}}
		if records[i].obj == nil || records[i].obj.Event {
			records[i].fault = &org.Error{Code: "MALFORMED_ID", Message: "malformed id " + id}
		}
	}
	return c.each(tx, strings.EqualFold(r.query.Get("allOrNone"), "true"), records,
		func(tx *org.Tx, obj *schema.Object, fields map[string]any) (collected, *org.Error) {
			id, _ := fields["Id"].(string)
			return collected{ID: id, Success: true, Errors: []collectedFail{}}, tx.Delete(obj, id)
		})
}

// readMany is /composite/sobjects/X: ids and fields, in the URL or in a body; a record that isn't there is null.
func (c *call) readMany(tx *org.Tx, r *request, object string) reply {
	obj := c.t.Schema.Object(object)
	if obj == nil || obj.Event {
		return failed(notFound())
	}
	var in struct {
		IDs    []string `json:"ids"`
		Fields []string `json:"fields"`
	}
	if r.method == http.MethodPost {
		if err := r.into(&in); err != nil {
			return failed(err)
		}
	} else {
		in.IDs, in.Fields = strings.Split(r.query.Get("ids"), ","), strings.Split(r.query.Get("fields"), ",")
	}
	if len(in.IDs) > mostRead {
		return failed(org.Refuse(http.StatusBadRequest, "EXCEEDED_ID_LIMIT", "record limit reached. cannot retrieve more than %d records in this call", mostRead))
	}
	out := make([]any, len(in.IDs))
	for i, id := range in.IDs {
		rec, err := tx.Get(c.version, obj, id, in.Fields)
		if err != nil && err.Code != "NOT_FOUND" {
			return failed(err)
		}
		if err == nil {
			out[i] = rec
		}
	}
	return reply{status: http.StatusOK, body: out}
}
