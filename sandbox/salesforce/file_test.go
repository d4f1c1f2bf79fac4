package salesforce_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
)

func TestFiles(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	kase := c.create("Case", obj{"Subject": "A"})
	id := c.create("ContentVersion", obj{
		"Title": "Transcript", "PathOnClient": "transcript.txt", "VersionData": base64.StdEncoding.EncodeToString([]byte("hello")),
		"FirstPublishLocationId": kase, "Call_Id__c": "CA1", "PII_Redaction_Confidence__c": 0.97,
	})
	v := c.get("ContentVersion", id)
	if v["ContentSize"] != 5.0 || v["FileType"] != "TEXT" || v["FileExtension"] != "txt" || v["IsLatest"] != true || v["VersionNumber"] != "1" ||
		v["Checksum"] != "5d41402abc4b2a76b9719d911017c592" || v["VersionData"] != version+"/sobjects/ContentVersion/"+id+"/VersionData" {
		t.Errorf("version: %v", v)
	}
	if a := c.do(http.MethodGet, fmt.Sprint(v["VersionData"]), nil); a.text != "hello" {
		t.Errorf("content: %d %s", a.status, a.text)
	}
	a := c.query("SELECT LinkedEntityId, ShareType, ContentDocument.Title, ContentDocument.LatestPublishedVersionId FROM ContentDocumentLink WHERE LinkedEntityId = '" + kase + "'")
	if a.at(t, "records", 0, "ShareType") != "V" || a.at(t, "records", 0, "ContentDocument", "LatestPublishedVersionId") != id {
		t.Errorf("link: %s", a.text)
	}
	if a := c.query("SELECT Id, (SELECT ContentDocumentId FROM ContentDocumentLinks) FROM Case"); a.at(t, "records", 0, "ContentDocumentLinks", "totalSize") != 1.0 {
		t.Errorf("links of the case: %s", a.text)
	}
	c.create("ContentVersion", obj{"PathOnClient": "transcript-2.txt", "VersionData": "d29ybGQ=", "ContentDocumentId": v["ContentDocumentId"]})
	if v := c.get("ContentVersion", id); v["IsLatest"] != false {
		t.Errorf("the older version: %v", v["IsLatest"])
	}
	for _, tt := range []struct {
		body obj
		want string
	}{
		{obj{"PathOnClient": "a.txt"}, "REQUIRED_FIELD_MISSING"},
		{obj{"PathOnClient": "a.txt", "VersionData": "***"}, "JSON_PARSER_ERROR"},
		{obj{"PathOnClient": "a.txt", "VersionData": "aGk=", "Call_Id__c": "CA1"}, "DUPLICATE_VALUE"},
		{obj{"PathOnClient": "a.txt", "VersionData": "aGk=", "SharingPrivacy": "X"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
	} {
		if a := c.do(http.MethodPost, "/sobjects/ContentVersion", tt.body); a.code(t) != tt.want {
			t.Errorf("%v: %s", tt.body, a.text)
		}
	}
	if a := c.do(http.MethodPatch, "/sobjects/ContentVersion/"+id, obj{"VersionData": "aGk="}); a.code(t) != "INVALID_FIELD_FOR_INSERT_UPDATE" {
		t.Errorf("content is written once: %s", a.text)
	}
	if log := fmt.Sprint(s.ChangeLog(filterAPI("rest"))); strings.Contains(log, "aGVsbG8") || !strings.Contains(log, "5 bytes, sha256 2cf24dba") {
		t.Error("the change log tells a file by its size and hash")
	}
}

// Many files go in one request, each for itself.
func TestFilesOfACollection(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	kase := c.create("Case", obj{"Subject": "A"})
	file := func(call, data string) obj {
		return obj{
			"attributes": obj{"type": "ContentVersion"}, "PathOnClient": call + ".txt", "VersionData": data, "FirstPublishLocationId": kase,
			"Call_Id__c": call,
		}
	}
	c.create("ContentVersion", obj{"PathOnClient": "a.txt", "VersionData": "aGk=", "Call_Id__c": "CA1"})
	noData := file("CA4", "")
	delete(noData, "VersionData")
	a := c.do(http.MethodPost, "/composite/sobjects", obj{"allOrNone": false, "records": list{
		file("CA1", "aGk="), file("CA2", "aGVsbG8="), file("CA3", "***"), noData, file("CA2", "aGk="),
	}})
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.text)
	}
	for i, want := range []string{"DUPLICATE_VALUE", "", "JSON_PARSER_ERROR", "REQUIRED_FIELD_MISSING", "DUPLICATE_VALUE"} {
		if want == "" {
			id := fmt.Sprint(a.at(t, i, "id"))
			if v := c.get("ContentVersion", id); a.at(t, i, "success") != true || v["ContentSize"] != 5.0 {
				t.Errorf("%d: %v", i, v)
			}
			continue
		}
		if a.at(t, i, "success") != false || a.at(t, i, "errors", 0, "statusCode") != want {
			t.Errorf("%d: %s", i, a.text)
		}
	}
	if q := c.query("SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '" + kase + "'"); q.at(t, "totalSize") != 1.0 {
		t.Errorf("links: %s", q.text)
	}
	many := make(list, 201)
	for i := range many {
		many[i] = file(fmt.Sprint("CB", i), "aGk=")
	}
	if a := c.do(http.MethodPost, "/composite/sobjects", obj{"records": many}); a.code(t) != "EXCEEDED_ID_LIMIT" {
		t.Errorf("201 files: %s", a.text)
	}
	if a := c.do(http.MethodPost, "/composite/sobjects", obj{"records": many[:200]}); a.status != http.StatusOK || a.at(t, 199, "success") != true {
		t.Errorf("200 files: %s", a.text)
	}
}

// A private file is closed to a rep, also through the case that it hangs on.
func TestPrivateFile(t *testing.T) {
	s := start(t)
	c, rep, admin := login(t, s, integration), login(t, s, "rep@acme.example"), login(t, s, "admin@acme.example")
	kase := c.create("Case", obj{"Subject": "A"})
	id := c.create("ContentVersion", obj{"PathOnClient": "raw.txt", "VersionData": "aGk=", "FirstPublishLocationId": kase, "SharingPrivacy": "P"})
	doc := fmt.Sprint(c.get("ContentVersion", id)["ContentDocumentId"])
	for _, path := range []string{
		"/sobjects/ContentVersion/" + id, "/sobjects/ContentVersion/" + id + "/VersionData", "/sobjects/ContentDocument/" + doc,
	} {
		if a := rep.do(http.MethodGet, path, nil); a.status != http.StatusNotFound {
			t.Errorf("%s for a rep: %d %s", path, a.status, a.text)
		}
		if a := admin.do(http.MethodGet, path, nil); a.status != http.StatusOK {
			t.Errorf("%s for an admin: %d %s", path, a.status, a.text)
		}
	}
	for _, q := range []string{
		"SELECT Id FROM ContentVersion", "SELECT Id FROM ContentDocument", "SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '" + kase + "'",
	} {
		if a := rep.query(q); a.at(t, "totalSize") != 0.0 {
			t.Errorf("%s for a rep: %s", q, a.text)
		}
	}
	if a := rep.query("SELECT Id, (SELECT Id FROM ContentDocumentLinks) FROM Case"); a.at(t, "records", 0, "ContentDocumentLinks") != nil {
		t.Errorf("through the case: %s", a.text)
	}
	if a := rep.do(http.MethodPatch, "/sobjects/ContentVersion/"+id, obj{"SharingPrivacy": "N"}); a.status != http.StatusNotFound {
		t.Errorf("opening it: %d %s", a.status, a.text)
	}
	if a := c.do(http.MethodPatch, "/sobjects/ContentVersion/"+id, obj{"SharingPrivacy": "N"}); a.status != http.StatusNoContent {
		t.Errorf("its owner opens it: %d %s", a.status, a.text)
	}
	if a := rep.do(http.MethodGet, "/sobjects/ContentDocument/"+doc, nil); a.status != http.StatusOK {
		t.Errorf("once it is open: %d %s", a.status, a.text)
	}
}

func TestMultipart(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	send := func(parts ...[3]string) answer {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for _, p := range parts {
			h := textproto.MIMEHeader{}
			h.Set("Content-Disposition", `form-data; name="`+p[0]+`"`+p[1])
			part, err := w.CreatePart(h)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write([]byte(p[2]))
		}
		_ = w.Close()
		c.header.Set("Content-Type", w.FormDataContentType())
		return c.do(http.MethodPost, "/sobjects/ContentVersion", b.String())
	}
	fields, file := [3]string{"entity_content", "", `{"Title":"T","PathOnClient":"a.bin"}`}, [3]string{"VersionData", `; filename="a.bin"`, "\x00\x01binary"}
	a := send(fields, file)
	if a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.text)
	}
	if got := c.do(http.MethodGet, "/sobjects/ContentVersion/"+fmt.Sprint(a.at(t, "id"))+"/VersionData", nil); got.text != "\x00\x01binary" {
		t.Errorf("content: %q", got.text)
	}
	for name, parts := range map[string][][3]string{
		"the file first": {file, fields}, "no file": {fields}, "no filename": {fields, {"VersionData", "", "x"}}, "three parts": {fields, file, file},
	} {
		if a := send(parts...); a.status != http.StatusBadRequest || a.code(t) != "INVALID_MULTIPART_REQUEST" {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}
