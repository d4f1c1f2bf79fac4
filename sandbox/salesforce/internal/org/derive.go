package org

import (
	"crypto/md5" //nolint:gosec // the vendor's checksum of a file
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// derive fills what the vendor computes and holds the rules between fields.
func (tx *Tx) derive(obj *schema.Object, old, row Row) *Error {
	switch obj.Name {
	case "Lead", "Contact":
		row["Name"] = strings.TrimSpace(str(row["FirstName"]) + " " + str(row["LastName"]))
	case "Case":
		tx.deriveCase(old, row)
	case "Task":
		return tx.deriveTask(old, row)
	case "ContentVersion":
		return tx.deriveVersion(old, row)
	}
	return nil
}

// firstCase is where a new org counts on from.
const firstCase = 1000

func (tx *Tx) deriveCase(old, row Row) {
	if old == nil {
		tx.o.cases++
		row["CaseNumber"] = fmt.Sprintf("%08d", firstCase+tx.o.cases)
	}
	closed := row["Status"] == "Closed"
	row["IsClosed"] = closed
	switch {
	case !closed:
		delete(row, "ClosedDate")
	case row["ClosedDate"] == nil:
		row["ClosedDate"] = tx.now
	}
	if c := tx.o.tables["Contact"].live(str(row["ContactId"])); c != nil {
		setOr(row, "ContactPhone", c["Phone"])
		setOr(row, "ContactEmail", c["Email"])
		if row["AccountId"] == nil {
			setOr(row, "AccountId", c["AccountId"])
		}
	}
}

func setOr(row Row, field string, v any) {
	if v == nil {
		delete(row, field)
		return
	}
	row[field] = v
}

func (tx *Tx) deriveTask(_, row Row) *Error {
	who, what := str(row["WhoId"]), str(row["WhatId"])
	if strings.HasPrefix(who, "00Q") && what != "" {
		// The code and fields are the vendor's; the words are ours.
		return bad("FIELD_INTEGRITY_EXCEPTION", []string{"WhoId", "WhatId"}, "Related To ID: must be blank when the Name ID is a lead: %s", what)
	}
	closed := row["Status"] == "Completed"
	row["IsClosed"], row["IsHighPriority"], row["IsArchived"] = closed, row["Priority"] == "High", false
	switch {
	case !closed:
		delete(row, "CompletedDateTime")
	case row["CompletedDateTime"] == nil:
		row["CompletedDateTime"] = tx.now
	}
	account := any(nil)
	if strings.HasPrefix(what, "001") {
		account = what
	} else if c := tx.o.tables["Case"].live(what); c != nil {
		account = c["AccountId"]
	}
	if account == nil {
		if c := tx.o.tables["Contact"].live(who); c != nil {
			account = c["AccountId"]
		}
	}
	setOr(row, "AccountId", account)
	return nil
}

func (tx *Tx) deriveVersion(old, row Row) *Error {
	if old != nil {
		return nil
	}
	raw, _ := base64.StdEncoding.DecodeString(str(row["VersionData"])) // coerced
	sum := md5.Sum(raw)                                                //nolint:gosec // see the import
	name := str(row["PathOnClient"])
	ext := strings.TrimPrefix(path.Ext(name), ".")
	row["ContentSize"], row["Checksum"] = float64(len(raw)), hex.EncodeToString(sum[:])
	setOr(row, "FileExtension", none(ext))
	row["FileType"] = fileType(ext)
	if row["Title"] == nil && name != "" {
		row["Title"] = strings.TrimSuffix(path.Base(name), path.Ext(name))
	}
	row["IsLatest"] = true
	return nil
}

func fileType(ext string) string {
	switch up := strings.ToUpper(ext); up {
	case "":
		return "UNKNOWN"
	case "TXT", "LOG":
		return "TEXT"
	case "JPG":
		return "JPEG"
	default:
		return up
	}
}

// follow does what a save brings with it.
func (tx *Tx) follow(t *table, old, row Row) *Error {
	switch t.object.Name {
	case "Task":
		tx.rollUpActivity(row)
	case "ContentVersion":
		if old == nil {
			return tx.publishVersion(t, row)
		}
		tx.sharePrivacy("ContentDocument", str(row["ContentDocumentId"]), row["SharingPrivacy"])
	case "ContentDocument":
		tx.sharePrivacy("ContentVersion", str(row["LatestPublishedVersionId"]), row["SharingPrivacy"])
	}
	return nil
}

// sharePrivacy keeps a document and its version equally private.
func (tx *Tx) sharePrivacy(object, id string, privacy any) {
	t := tx.o.tables[object]
	if r := t.live(id); r != nil && r["SharingPrivacy"] != privacy {
		next := maps.Clone(r)
		setOr(next, "SharingPrivacy", privacy)
		tx.write(t, next, Change{Op: "rollup"})
	}
}

// rollUpActivity keeps LastActivityDate on the Lead or Contact of a closed task.
func (tx *Tx) rollUpActivity(task Row) {
	day := str(task["ActivityDate"])
	if day == "" || task["IsClosed"] != true {
		return
	}
	for _, object := range []string{"Lead", "Contact"} {
		t := tx.o.tables[object]
		if r := t.live(str(task["WhoId"])); r != nil && str(r["LastActivityDate"]) < day {
			next := maps.Clone(r)
			next["LastActivityDate"] = day
			tx.write(t, next, Change{Op: "rollup"})
		}
	}
}

// publishVersion makes the document of a first version, and links it to its owner and to where it is published.
func (tx *Tx) publishVersion(t *table, v Row) *Error {
	docs := tx.o.tables["ContentDocument"]
	next := maps.Clone(v)
	if id := str(v["ContentDocumentId"]); id != "" {
		doc := maps.Clone(docs.live(id))
		number := 1
		for _, other := range slices.Clone(t.by("ContentDocumentId", id)) {
			if r := t.live(other); r != nil && other != v.ID() {
				number++
				older := maps.Clone(r)
				older["IsLatest"] = false
				tx.write(t, older, Change{Op: "rollup"})
			}
		}
		next["VersionNumber"] = fmt.Sprint(number)
		tx.write(t, next, Change{Op: "rollup"})
		for _, f := range []string{"Title", "FileType", "FileExtension", "ContentSize"} {
			setOr(doc, f, v[f])
		}
		doc["LatestPublishedVersionId"] = v.ID()
		tx.write(docs, doc, Change{Op: "rollup"})
		return nil
	}
	doc := Row{"Id": tx.o.newID(docs.object), "IsDeleted": false, "PublishStatus": "P", "LatestPublishedVersionId": v.ID()}
	for _, f := range []string{
		"Title", "Description", "SharingOption", "SharingPrivacy", "FileType", "FileExtension", "ContentSize", "OwnerId",
		"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp",
	} {
		setOr(doc, f, v[f])
	}
	tx.write(docs, doc, Change{Op: "create"})
	next["ContentDocumentId"], next["VersionNumber"] = doc.ID(), "1"
	tx.write(t, next, Change{Op: "rollup"})
	if err := tx.linkFile(doc.ID(), str(v["OwnerId"]), "I"); err != nil {
		return err
	}
	if at := str(v["FirstPublishLocationId"]); at != "" && at != v["OwnerId"] {
		return tx.linkFile(doc.ID(), at, "V")
	}
	return nil
}

func (tx *Tx) linkFile(doc, entity, share string) *Error {
	_, err := tx.insert(tx.o.Schema.Object("ContentDocumentLink"), map[string]any{
		"ContentDocumentId": doc, "LinkedEntityId": entity, "ShareType": share, "Visibility": "AllUsers",
	})
	return err
}

// shown tells whether sharing lets a user see a record. A private file ("P", Private on Records) is seen by its owner, by who is
// linked to it directly and by who may query all files; seeing the record that it hangs on is not enough.
func (o *Org) shown(u *User, obj *schema.Object, row Row) bool {
	if u.seesAllFiles() {
		return true
	}
	var doc Row
	switch obj.Name {
	case "ContentVersion", "ContentDocumentLink":
		doc = o.tables["ContentDocument"].rows[str(row["ContentDocumentId"])]
	case "ContentDocument":
		doc = row
	default:
		return true
	}
	if doc == nil || doc["SharingPrivacy"] != "P" || doc["OwnerId"] == u.ID {
		return true
	}
	links := o.tables["ContentDocumentLink"]
	return slices.ContainsFunc(links.by("ContentDocumentId", doc.ID()), func(id string) bool {
		return links.rows[id]["LinkedEntityId"] == u.ID
	})
}
