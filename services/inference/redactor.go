package inference

import (
	"github.com/frontdesk/frontdesk/services/inference/internal/app"
	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// redactor is package redact as the desk's port.
type redactor struct{}

var _ app.Redactor = redactor{}

func (redactor) Redact(lines []redact.Line, language string) *redact.Result {
	return redact.Redact(lines, language)
}

func (redactor) Restore(r *redact.Result, s string) (string, bool) { return r.Restore(s) }
