package salesforce

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Fields of a record by API name.
type Fields map[string]any

// Saved is what a create or upsert came to.
type Saved struct {
	ID string `json:"id"`
	// Created tells an upsert's insert from its update.
	Created bool `json:"created"`
	// Success is false in a collection's entry that failed; then Errors tells.
	Success bool        `json:"success"`
	Errors  []wireError `json:"errors"`
}

// duplicateHeader asks duplicate rules that only warn to let the record through, and those that block to name the
// records that they found ("Duplicate Rule Header", REST API Developer Guide).
func duplicateHeader() http.Header {
	return http.Header{"Sforce-Duplicate-Rule-Header": {"allowSave=true; includeRecordDetails=true; runAsCurrentUser=true"}}
}

// Create inserts a record and returns its id.
func (c *Client) Create(ctx context.Context, object string, fields Fields) (id string, err error) {
	var out Saved
	err = c.do(ctx, call{
		operation: "create", method: http.MethodPost, path: c.ObjectPath(object), body: fields, header: duplicateHeader(),
	}, &out)
	return out.ID, err
}

// Update changes a record by id.
func (c *Client) Update(ctx context.Context, object, id string, fields Fields) error {
	err := c.do(ctx, call{
		operation: "update", method: http.MethodPatch, path: c.RecordPath(object, id), body: fields, header: duplicateHeader(),
	}, nil)
	return err
}

// Upsert makes or changes the record whose external id has this value; fields must not hold the external id
// itself.
func (c *Client) Upsert(ctx context.Context, object, field, value string, fields Fields) (Saved, error) {
	var out Saved
	err := c.do(ctx, call{
		operation: "upsert", method: http.MethodPatch, path: c.KeyPath(object, field, value), body: fields,
		header: duplicateHeader(),
	}, &out)
	return out, err
}

// ObjectPath is the resource of an object, as composite subrequests name it, too.
func (c *Client) ObjectPath(object string) string { return c.Path("/sobjects/" + object) }

// RecordPath is the resource of a record, likewise.
func (c *Client) RecordPath(object, id string) string {
	return c.Path("/sobjects/" + object + "/" + id)
}

// KeyPath is the resource of an external id, likewise.
func (c *Client) KeyPath(object, field, value string) string {
	// PathEscape leaves "+" alone, which some servers read as a space.
	return c.Path("/sobjects/" + object + "/" + field + "/" + strings.ReplaceAll(url.PathEscape(value), "+", "%2B"))
}

// Description is an object's describe, as far as mappings need it.
type Description struct {
	Name       string             `json:"name"`
	Createable bool               `json:"createable"`
	Updateable bool               `json:"updateable"`
	Searchable bool               `json:"searchable"`
	Fields     []FieldDescription `json:"fields"`
}

// FieldDescription is one field of it, as the integration user sees it: a field that he may not see is not
// there.
type FieldDescription struct {
	Name               string   `json:"name"`
	Label              string   `json:"label"`
	Type               string   `json:"type"`
	Length             int      `json:"length"`
	Precision          int      `json:"precision"`
	Scale              int      `json:"scale"`
	Nillable           bool     `json:"nillable"`
	Createable         bool     `json:"createable"`
	Updateable         bool     `json:"updateable"`
	DefaultedOnCreate  bool     `json:"defaultedOnCreate"`
	ExternalID         bool     `json:"externalId"`
	Unique             bool     `json:"unique"`
	RestrictedPicklist bool     `json:"restrictedPicklist"`
	ReferenceTo        []string `json:"referenceTo"`
	PicklistValues     []struct {
		Value  string `json:"value"`
		Active bool   `json:"active"`
	} `json:"picklistValues"`
}

// Describe returns what the integration user may do with an object.
func (c *Client) Describe(ctx context.Context, object string) (*Description, error) {
	var out Description
	err := c.do(ctx, call{
		operation: "describe", method: http.MethodGet, path: c.Path("/sobjects/" + object + "/describe/"),
	}, &out)
	if err != nil {
		return nil, err
	}
	return &out, nil
}
