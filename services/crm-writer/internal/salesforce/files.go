package salesforce

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// MaxFile is the largest file that goes as JSON, before base64 (Salesforce takes 37.5 MB encoded; beyond it
// a multipart request is needed, which a transcript never is).
const MaxFile = 27 << 20

// contentField takes a file's content, in base64.
const contentField = "VersionData"

// contentVersion is the object of a file.
const contentVersion = "ContentVersion"

// NewFile is a file to insert.
type NewFile struct {
	Fields  Fields
	Content []byte
}

func (f NewFile) body() Fields {
	body := maps.Clone(f.Fields)
	if body == nil {
		body = Fields{}
	}
	body[contentField] = base64.StdEncoding.EncodeToString(f.Content)
	return body
}

// CreatedFile is what became of a file.
type CreatedFile struct {
	// ID is empty for a file that was there already: what is there under the same external id stays.
	ID    string
	There bool
	// Err is the classified error of a file that was refused.
	Err error
}

// CreateFile inserts a ContentVersion: a new file, or by its title a first version.
func (c *Client) CreateFile(ctx context.Context, f NewFile) CreatedFile {
	if len(f.Content) > MaxFile {
		return CreatedFile{Err: retry.Permanently("salesforce.file_too_large", fmt.Errorf("file of %d bytes: %w", len(f.Content), ErrTooMany))}
	}
	var out Saved
	err := c.do(ctx, call{
		operation: "file", method: http.MethodPost, path: c.ObjectPath(contentVersion), body: f.body(),
	}, &out)
	return created(out, err)
}

// CreateFiles inserts up to 200 ContentVersions in one request, each for itself: one that is refused takes no other
// along. Together they may be as large as one alone. An error means that none was inserted, or that it is not known
// ("Insert or Update Blob Data", REST API Developer Guide: sObject Collections take base64 as one record does).
func (c *Client) CreateFiles(ctx context.Context, files []NewFile) ([]CreatedFile, error) {
	records, size := make([]CollectionRecord, len(files)), 0
	for i, f := range files {
		records[i] = CollectionRecord{Object: contentVersion, Fields: f.body()}
		size += len(f.Content)
	}
	if size > MaxFile {
		return nil, fmt.Errorf("files of %d bytes: %w", size, ErrTooMany)
	}
	results, err := c.CreateAll(ctx, records)
	if err != nil {
		return nil, err
	}
	out := make([]CreatedFile, len(results))
	for i, r := range results {
		out[i] = created(r.Saved, r.Err)
	}
	return out, nil
}

// created takes a file whose external id is there for done.
func created(s Saved, err error) CreatedFile {
	var e *Error
	switch {
	case err == nil:
		return CreatedFile{ID: s.ID}
	case errors.As(err, &e) && e.Code == CodeDuplicateValue:
		return CreatedFile{There: true}
	}
	return CreatedFile{Err: err}
}
