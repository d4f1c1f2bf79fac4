package salesforce

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// reply is what a resource answers, alone or as a part of a composite.
type reply struct {
	status   int
	body     any // nil for none
	location string
	// raw content instead of JSON.
	raw         []byte
	contentType string
}

func (r reply) ok() bool { return r.status < 300 }

// restError is one of REST's errors; they come as an array.
type restError struct {
	Duplicates any      `json:"duplicateResult,omitempty"`
	Message    string   `json:"message"`
	Code       string   `json:"errorCode"`
	Fields     []string `json:"fields,omitempty"`
}

// fieldsError is the same for a record: the fields are there even if there are none.
type fieldsError struct {
	Duplicates any      `json:"duplicateResult,omitempty"`
	Message    string   `json:"message"`
	Code       string   `json:"errorCode"`
	Fields     []string `json:"fields"`
}

func failed(e *org.Error) reply {
	status := or(e.HTTP, http.StatusBadRequest)
	if e.Fields != nil {
		return reply{status: status, body: []fieldsError{{e.Duplicates, e.Message, e.Code, e.Fields}}}
	}
	return reply{status: status, body: []restError{{e.Duplicates, e.Message, e.Code, nil}}}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, out reply) {
	if out.location != "" {
		w.Header().Set("Location", out.location)
	}
	switch {
	case out.raw != nil:
		w.Header().Set("Content-Type", out.contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(out.raw)))
		w.WriteHeader(out.status)
		_, _ = w.Write(out.raw)
	case out.body == nil:
		w.WriteHeader(out.status)
	default:
		writeJSON(w, r, out.status, out.body)
	}
}

// small answers are not worth compressing.
const small = 1024

var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is valid
	return z
}}

// writeJSON answers with JSON, compressed for who asks for it.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, body any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		http.Error(w, "encoding the answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if b.Len() < small || !acceptsGzip(r) {
		w.WriteHeader(status)
		_, _ = w.Write(b.Bytes())
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Vary", "Accept-Encoding")
	w.WriteHeader(status)
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(w)
	_, _ = z.Write(b.Bytes())
	_ = z.Close()
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") && !strings.Contains(strings.ReplaceAll(params, " ", ""), "q=0") {
			return true
		}
	}
	return false
}
