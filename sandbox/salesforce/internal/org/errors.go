package org

import (
	"fmt"
	"net/http"
)

// Error is a refusal in the vendor's words (REST API Developer Guide, "Status Codes and Error Responses"; SOAP API
// Developer Guide, "Core Data Types": StatusCode).
type Error struct {
	Code    string
	Message string
	// Fields at fault; nil where the error is not about a record.
	Fields []string
	// HTTP status that REST answers with.
	HTTP int
	// Duplicates is the duplicateResult of DUPLICATES_DETECTED, and Matches the ids of the records in it.
	Duplicates any
	Matches    []string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Refuse makes an error of a request, with a status.
func Refuse(status int, code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), HTTP: status}
}

// bad makes an error of a record: 400, with the fields at fault.
func bad(code string, fields []string, format string, args ...any) *Error {
	if fields == nil {
		fields = []string{}
	}
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Fields: fields, HTTP: http.StatusBadRequest}
}

func notFound() *Error {
	return Refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

func noSuchColumn(object, field string) *Error {
	return Refuse(http.StatusBadRequest, "INVALID_FIELD", "No such column '%s' on sobject of type %s", field, object)
}

func invalidReference() *Error {
	return bad("INVALID_CROSS_REFERENCE_KEY", nil, "invalid cross reference id")
}
