// Package twiml reads voice TwiML as strictly as Twilio's schema does, and more strictly than Twilio goes on
// to act: where Twilio logs warning 12200 and plays what it can, the document is refused, so that a mistake
// is seen in a test and not in a customer's ear.
package twiml

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Twilio's error codes for a document. Source: https://www.twilio.com/docs/api/errors
const (
	// ParseFailure: the document is no well-formed XML, or its root is not <Response>.
	ParseFailure = 12100
	// SchemaWarning: an element, an attribute or a value that the schema does not know in that place.
	SchemaWarning = 12200
	// TooLarge: the document is over MaxBytes.
	TooLarge = 11750
)

// MaxBytes is the largest document that Twilio takes.
const MaxBytes = 64 << 10

// Document is one <Response>.
type Document struct {
	// Verbs in order.
	Verbs []*Element
}

// Element is a verb or a noun whose attributes, text and children have been checked.
type Element struct {
	// Name, e.g. "Gather".
	Name string
	// Attr holds the attributes as written.
	Attr map[string]string
	// Text is the element's own text, trimmed.
	Text string
	// Children in order.
	Children []*Element
	// Line where it begins, from 1.
	Line int
}

// Error is one fault of a document. Its text never quotes a value: values carry numbers and tokens.
type Error struct {
	// Code is Twilio's.
	Code int
	// Line where it was found, from 1.
	Line int
	// Message in the words of Twilio's debugger.
	Message string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%d at line %d: %s", e.Code, e.Line, e.Message)
}

// Errors are all faults of a document, in the order of its lines.
type Errors []*Error

// Error implements error: one fault a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Code returns the gravest fault's code: a parse failure before a schema warning.
func (e Errors) Code() int {
	code := SchemaWarning
	for _, f := range e {
		if f.Code != SchemaWarning {
			code = f.Code
		}
	}
	return code
}

// Str returns an attribute, or def when it is absent.
func (e *Element) Str(name, def string) string {
	if v, ok := e.Attr[name]; ok {
		return v
	}
	return def
}

// Int returns a whole number; the schema has checked it. def stands for an absent attribute or "auto".
func (e *Element) Int(name string, def int) int {
	if n, err := strconv.Atoi(e.Attr[name]); err == nil {
		return n
	}
	return def
}

// Seconds returns an attribute that counts seconds.
func (e *Element) Seconds(name string, def time.Duration) time.Duration {
	return time.Duration(e.Int(name, int(def/time.Second))) * time.Second
}

// Bool returns a true/false attribute.
func (e *Element) Bool(name string, def bool) bool {
	if v, ok := e.Attr[name]; ok {
		return v == "true"
	}
	return def
}

// Words returns an attribute that lists words with spaces between, or def.
func (e *Element) Words(name string, def ...string) []string {
	if w := strings.Fields(e.Attr[name]); len(w) > 0 {
		return w
	}
	return def
}

// AllText returns the text of the element and of everything in it: what a voice reads out.
func (e *Element) AllText() string {
	var b strings.Builder
	b.WriteString(e.Text)
	for _, c := range e.Children {
		b.WriteByte(' ')
		b.WriteString(c.AllText())
	}
	return strings.TrimSpace(b.String())
}
