package salesforce

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// blob is /sobjects/ContentVersion/{id}/VersionData.
func (c *call) blob(tx *org.Tx, id string) reply {
	content, _, err := tx.File(id)
	if err != nil {
		return failed(err)
	}
	raw, e := base64.StdEncoding.DecodeString(content)
	if e != nil || raw == nil {
		raw = []byte{}
	}
	return reply{status: http.StatusOK, raw: raw, contentType: "application/octetstream"}
}

// multipart is POST /sobjects/ContentVersion with the fields in a JSON part "entity_content" and the file in a part "VersionData"
// behind it.
func (c *call) multipart(r *request, body []byte, boundary string) reply {
	if len(r.path) != 2 || r.path[0] != "sobjects" || r.path[1] != "ContentVersion" {
		return failed(org.Refuse(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Multipart content is only for objects with a blob field"))
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	malformed := func(why string) reply {
		return failed(org.Refuse(http.StatusBadRequest, "INVALID_MULTIPART_REQUEST", "%s", why))
	}
	first, err := parts.NextPart()
	if err != nil || first.FormName() != "entity_content" {
		return malformed("The first part must be the non-binary one, entity_content")
	}
	content, err := io.ReadAll(first)
	if err != nil {
		return malformed("The part entity_content can't be read")
	}
	if r.body, err = decode(content); err != nil {
		return failed(org.Refuse(http.StatusBadRequest, "JSON_PARSER_ERROR", "%v", err))
	}
	fields, refused := object(r.body)
	if refused != nil {
		return failed(refused)
	}
	second, err := parts.NextPart()
	if err != nil || second.FormName() != "VersionData" || second.FileName() == "" {
		return malformed("The second part must be the file, VersionData, with a filename")
	}
	file, err := io.ReadAll(second)
	if err != nil {
		return malformed("The part VersionData can't be read")
	}
	if _, err := parts.NextPart(); !errors.Is(err, io.EOF) {
		return malformed("Nothing may follow the file")
	}
	fields["VersionData"] = base64.StdEncoding.EncodeToString(file)
	return c.run(r)
}
