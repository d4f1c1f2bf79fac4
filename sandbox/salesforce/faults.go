package salesforce

import (
	"io"
	"net/http"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// draw returns the fault of an operation, "" for none.
func (s *Server) draw(operation string) string { return s.faults.Draw(operation) }

// failRequest answers a whole request with a fault; false for a code that is no request's.
func (s *Server) failRequest(w http.ResponseWriter, r *http.Request, code string) bool {
	switch code {
	case "DROP":
		drop(r)
		return true
	case "HTML_502":
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>")
		return true
	}
	err := requestFault(code)
	if err == nil {
		return false
	}
	s.answer(w, r, failed(err))
	return true
}

func requestFault(code string) *org.Error {
	switch code {
	case "INVALID_SESSION_ID":
		return org.Refuse(http.StatusUnauthorized, code, "Session expired or invalid")
	case "REQUEST_LIMIT_EXCEEDED":
		return org.Refuse(http.StatusForbidden, code, "TotalRequests Limit exceeded.")
	case "CONCURRENT_REQUESTS":
		return org.Refuse(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
	case "SERVER_UNAVAILABLE":
		return org.Refuse(http.StatusServiceUnavailable, code, "Server is temporarily unavailable, please try again.")
	case "UNKNOWN_EXCEPTION":
		return org.Refuse(http.StatusInternalServerError, code, "An unexpected error occurred. Please include this ErrorId if you contact support: 0-0 (0)")
	case "JSON_PARSER_ERROR":
		return org.Refuse(http.StatusBadRequest, code, "Unexpected end-of-input at [line:1, column:1]")
	case "NOT_FOUND":
		return notFound()
	case "LIMIT_EXCEEDED":
		return org.Refuse(http.StatusBadRequest, code, "You have reached the maximum number of platform events that you can publish in an hour.")
	case "PLATFORM_EVENT_PUBLISHING_UNAVAILABLE":
		return org.Refuse(http.StatusServiceUnavailable, code, "Platform event publishing is temporarily unavailable, please try again.")
	default:
		return nil
	}
}

// recordFault draws the fault of one record's write; nil for none.
func (s *Server) recordFault(operation string) *org.Error {
	code := s.draw(operation)
	if code == "" {
		return nil
	}
	e := func(fields []string, message string) *org.Error {
		if fields == nil {
			fields = []string{}
		}
		return &org.Error{Code: code, Message: message, Fields: fields, HTTP: http.StatusBadRequest}
	}
	switch code {
	case "UNABLE_TO_LOCK_ROW":
		return e(nil, "unable to obtain exclusive access to this record or 1 records: 001000000000001AAA")
	case "DUPLICATE_VALUE":
		return e(nil, "duplicate value found: <unknown> duplicates value on record with id: <unknown>")
	case "DUPLICATES_DETECTED":
		return e(nil, "Use one of these records?")
	case "STRING_TOO_LONG":
		return e([]string{"Description"}, "Description: data value too large: ... (max length=25)")
	case "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST":
		return e([]string{"Intent__c"}, "Intent: bad value for restricted picklist field: ...")
	case "REQUIRED_FIELD_MISSING":
		return e([]string{"LastName"}, "Required fields are missing: [LastName]")
	case "FIELD_CUSTOM_VALIDATION_EXCEPTION":
		return e(nil, "A validation rule of the org refuses the record.")
	case "INVALID_FIELD":
		return e(nil, "No such column 'Intent__c' on sobject of type Lead")
	case "INVALID_CROSS_REFERENCE_KEY":
		return e(nil, "invalid cross reference id")
	case "CANNOT_UPDATE_CONVERTED_LEAD":
		return e(nil, "cannot reference converted lead")
	case "ENTITY_IS_DELETED":
		return e(nil, "entity is deleted")
	case "INSUFFICIENT_ACCESS_OR_READONLY":
		return e(nil, "insufficient access rights on object id")
	default:
		return nil
	}
}
