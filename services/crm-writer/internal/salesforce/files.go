package salesforce

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
)

// MaxFile is the largest file that goes as JSON, before base64 (Salesforce takes 37.5 MB encoded; beyond it
// a multipart request is needed, which a transcript never is).
const MaxFile = 27 << 20

// CreateFile inserts a ContentVersion: a new file, or by its title a first version. It is insert-only: what is there
// under the same external id stays, and alreadyThere tells so.
func (c *Client) CreateFile(ctx context.Context, fields Fields, content []byte) (id string, alreadyThere bool, err error) {
	if len(content) > MaxFile {
		return "", false, fmt.Errorf("file of %d bytes: %w", len(content), ErrTooMany)
	}
	body := maps.Clone(fields)
	if body == nil {
		body = Fields{}
	}
	body["VersionData"] = base64.StdEncoding.EncodeToString(content)
	var out Saved
	err = c.do(ctx, call{
		operation: "file", method: http.MethodPost, path: c.ObjectPath("ContentVersion"), body: body,
	}, &out)
	var e *Error
	if errors.As(err, &e) && e.Code == CodeDuplicateValue {
		return "", true, nil
	}
	return out.ID, false, err
}
