package salesforce

import (
	"net/http"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// saved is the answer to a create or an upsert.
type saved struct {
	ID      string  `json:"id"`
	Success bool    `json:"success"`
	Errors  []error `json:"errors"`
	Created *bool   `json:"created,omitempty"`
}

// sobjects is everything below /sobjects.
func (c *call) sobjects(tx *org.Tx, r *request) reply {
	p := r.path[1:]
	if len(p) == 0 {
		return only(r, c.globalDescribe, http.MethodGet)
	}
	obj := c.t.Schema.Object(p[0])
	if obj == nil {
		return failed(notFound())
	}
	switch {
	case len(p) == 1:
		return c.sobject(tx, r, obj)
	case obj.Event && p[1] != "describe":
		return failed(notFound())
	case p[1] == "describe" && len(p) == 2:
		return only(r, func() reply { return reply{status: http.StatusOK, body: c.describe(obj)} }, http.MethodGet)
	case len(p) == 2:
		return c.byID(tx, r, obj, p[1])
	case len(p) == 3:
		return c.byField(tx, r, obj, p[1], p[2])
	default:
		return failed(notFound())
	}
}

// sobject is /sobjects/X: about the object, or a new record.
func (c *call) sobject(tx *org.Tx, r *request, obj *schema.Object) reply {
	return only(r, func() reply {
		if r.method != http.MethodPost {
			return reply{status: http.StatusOK, body: map[string]any{"objectDescribe": c.summary(obj), "recentItems": []any{}}}
		}
		in, err := object(r.body)
		if err != nil {
			return failed(err)
		}
		if obj.Event {
			return c.publish(tx, obj, in)
		}
		id, err := tx.Create(obj, in)
		if err != nil {
			return failed(err)
		}
		return reply{
			status: http.StatusCreated, location: c.base() + "/sobjects/" + obj.Name + "/" + id,
			body: saved{ID: id, Success: true, Errors: []error{}},
		}
	}, http.MethodGet, http.MethodPost)
}

// publish answers as the vendor does: success, with the event's UUID in an "error".
func (c *call) publish(tx *org.Tx, obj *schema.Object, in map[string]any) reply {
	uuid, err := tx.PublishJSON(obj, in)
	if err != nil {
		return failed(err)
	}
	return reply{status: http.StatusCreated, body: map[string]any{
		"id": schema.MakeID(obj.Prefix, "xx0", 0), "success": true,
		"errors": []any{map[string]any{"statusCode": "OPERATION_ENQUEUED", "message": uuid, "fields": []string{}}},
	}}
}

// byID is /sobjects/X/{id}.
func (c *call) byID(tx *org.Tx, r *request, obj *schema.Object, id string) reply {
	return only(r, func() reply {
		switch r.method {
		case http.MethodPatch:
			in, err := object(r.body)
			if err == nil {
				err = tx.Update(obj, id, in)
			}
			if err != nil {
				return failed(err)
			}
			return reply{status: http.StatusNoContent}
		case http.MethodDelete:
			if err := tx.Delete(obj, id); err != nil {
				return failed(err)
			}
			return reply{status: http.StatusNoContent}
		default:
			rec, err := tx.Get(c.version, obj, id, fieldsOf(r))
			if err != nil {
				return failed(err)
			}
			return reply{status: http.StatusOK, body: rec}
		}
	}, http.MethodGet, http.MethodPatch, http.MethodDelete)
}

func fieldsOf(r *request) []string {
	if f := r.query.Get("fields"); f != "" {
		return strings.Split(f, ",")
	}
	return nil
}

// byField is /sobjects/X/{external id field}/{value}, or a record's blob.
func (c *call) byField(tx *org.Tx, r *request, obj *schema.Object, field, value string) reply {
	if strings.EqualFold(value, "VersionData") && obj.Name == "ContentVersion" {
		return only(r, func() reply { return c.blob(tx, field) }, http.MethodGet)
	}
	if strings.EqualFold(field, "Id") {
		return c.byID(tx, r, obj, value)
	}
	key := obj.Field(field)
	if key == nil || !key.ExternalID || !c.user.Sees(obj, key) {
		return failed(org.Refuse(http.StatusNotFound, "NOT_FOUND",
			"Provided external ID field does not exist or is not accessible: %s", field))
	}
	if value == "" {
		return failed(notFound())
	}
	return only(r, func() reply {
		switch r.method {
		case http.MethodPatch, http.MethodPost:
			return c.upsert(tx, r, obj, key, value)
		case http.MethodDelete:
			rec, err := tx.GetBy(c.version, obj, key, value, []string{"Id"})
			if err != nil {
				return c.failedKey(obj, err)
			}
			return c.byID(tx, r, obj, rec.ID())
		default:
			rec, err := tx.GetBy(c.version, obj, key, value, fieldsOf(r))
			if err != nil {
				return c.failedKey(obj, err)
			}
			return reply{status: http.StatusOK, body: rec}
		}
	}, http.MethodGet, http.MethodPatch, http.MethodPost, http.MethodDelete)
}

func (c *call) upsert(tx *org.Tx, r *request, obj *schema.Object, key *schema.Field, value string) reply {
	in, err := object(r.body)
	if err != nil {
		return failed(err)
	}
	if strings.EqualFold(r.query.Get("updateOnly"), "true") {
		if _, err := tx.GetBy(c.version, obj, key, value, []string{"Id"}); err != nil {
			return c.failedKey(obj, err)
		}
	}
	id, created, err := tx.Upsert(obj, key, value, in)
	if err != nil {
		return c.failedKey(obj, err)
	}
	out := reply{status: http.StatusOK, body: saved{ID: id, Success: true, Errors: []error{}, Created: &created}}
	if created {
		out.status, out.location = http.StatusCreated, c.base()+"/sobjects/"+obj.Name+"/"+id
	}
	return out
}

// failedKey answers a key that several records hold with their URLs.
func (c *call) failedKey(obj *schema.Object, err *org.Error) reply {
	if err.HTTP != http.StatusMultipleChoices {
		return failed(err)
	}
	urls := make([]string, len(err.Fields))
	for i, id := range err.Fields {
		urls[i] = c.base() + "/sobjects/" + obj.Name + "/" + id
	}
	return reply{status: http.StatusMultipleChoices, body: urls}
}

// object takes a request's body as the fields of a record.
func object(body any) (map[string]any, *org.Error) {
	switch b := body.(type) {
	case map[string]any:
		return b, nil
	case nil:
		return nil, org.Refuse(http.StatusBadRequest, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
	default:
		return nil, org.Refuse(http.StatusBadRequest, "JSON_PARSER_ERROR", "Unexpected token: the body must be an object at [line:1, column:1]")
	}
}
