package org

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/soql"
)

// emailForm is stricter than the standard and about as strict as the vendor.
var emailForm = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}$`)

// coerce brings a JSON value to how a field is stored: string, float64, bool, or nil for null.
func coerce(f *schema.Field, v any) (any, *Error) {
	if v == nil {
		if f.Type == schema.Boolean {
			return nil, cannotDeserialize("boolean", v)
		}
		return nil, nil
	}
	switch {
	case f.Text():
		return coerceText(f, v)
	case f.Number():
		return coerceNumber(f, v)
	}
	switch f.Type {
	case schema.Boolean:
		b, ok := v.(bool)
		if !ok {
			return nil, cannotDeserialize("boolean", v)
		}
		return b, nil
	case schema.Date, schema.DateTime:
		return coerceTime(f, v)
	case schema.Base64:
		return coerceFile(v)
	case schema.Reference, schema.ID:
		return coerceID(f, v)
	default:
		return nil, cannotDeserialize(string(f.Type), v)
	}
}

// cannotDeserialize is what the vendor says of a value of the wrong JSON type.
func cannotDeserialize(want string, v any) *Error {
	token, text := "START_OBJECT", ""
	switch v := v.(type) {
	case nil:
		token, text = "VALUE_NULL", "null"
	case string:
		token, text = "VALUE_STRING", v
	case bool:
		token, text = strings.ToUpper(fmt.Sprint("VALUE_", v)), fmt.Sprint(v)
	case json.Number:
		token, text = "VALUE_NUMBER_INT", v.String()
		if strings.ContainsAny(text, ".eE") {
			token = "VALUE_NUMBER_FLOAT"
		}
	case []any:
		token = "START_ARRAY"
	}
	if text != "" {
		text = " value " + text
	}
	return &Error{
		Code: "JSON_PARSER_ERROR", HTTP: 400,
		Message: "Cannot deserialize instance of " + want + " from " + token + text +
			" or request may be missing a required field at [line:1, column:1]",
	}
}

// coerceText trims as the vendor does; what is empty then is null.
func coerceText(f *schema.Field, v any) (any, *Error) {
	s, ok := v.(string)
	if !ok {
		return nil, cannotDeserialize("string", v)
	}
	s = strings.Trim(s, " \t\r\n")
	if s == "" {
		return nil, nil
	}
	if strings.ContainsRune(s, 0) {
		return nil, bad("INVALID_FIELD", []string{f.Name}, "%s: bad field value: a null character", f.Label)
	}
	if f.Length > 0 && length(s) > f.Length {
		return nil, bad("STRING_TOO_LONG", []string{f.Name}, "%s: data value too large: %s (max length=%d)", f.Label, s, f.Length)
	}
	if f.Type == schema.Email && !emailForm.MatchString(s) {
		return nil, bad("INVALID_EMAIL_ADDRESS", []string{f.Name}, "%s: invalid email address: %s", f.Label, s)
	}
	if f.Type == schema.Picklist {
		return coercePick(f, s)
	}
	return s, nil
}

// length counts a text as Apex does, in UTF-16, whichever way in it comes.
func length(s string) int { return len(utf16.Encode([]rune(s))) }

// coercePick takes a value of the list in the list's own case; others only where the list is not restricted.
func coercePick(f *schema.Field, s string) (any, *Error) {
	if i := slices.IndexFunc(f.Values, func(v string) bool { return strings.EqualFold(v, s) }); i >= 0 {
		return f.Values[i], nil
	}
	if f.Restricted {
		return nil, bad("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", []string{f.Name},
			"%s: bad value for restricted picklist field: %s", f.Label, s)
	}
	return s, nil
}

func coerceNumber(f *schema.Field, v any) (any, *Error) {
	want := map[schema.Type]string{schema.Int: "int", schema.Double: "double", schema.Currency: "currency"}[f.Type]
	var n float64
	switch v := v.(type) {
	case json.Number:
		var err error
		if n, err = v.Float64(); err != nil {
			return nil, cannotDeserialize(want, v)
		}
	case float64:
		n = v
	default:
		return nil, cannotDeserialize(want, v)
	}
	if f.Type == schema.Int && n != math.Trunc(n) {
		return nil, cannotDeserialize(want, v)
	}
	if whole := f.Precision - f.Scale; math.Abs(n) >= math.Pow10(whole) {
		return nil, bad("NUMBER_OUTSIDE_VALID_RANGE", []string{f.Name},
			"%s: value outside of valid range on numeric field: %v", f.Label, v)
	}
	scale := math.Pow10(f.Scale)
	return math.Round(n*scale) / scale, nil
}

func coerceTime(f *schema.Field, v any) (any, *Error) {
	s, ok := v.(string)
	if !ok {
		return nil, cannotDeserialize(string(f.Type), v)
	}
	if f.Type == schema.Date {
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return nil, cannotDeserialize("date", v)
		}
		return t.Format(time.DateOnly), nil
	}
	t, err := soql.Time(s)
	if err != nil {
		return nil, cannotDeserialize("datetime", v)
	}
	if t.Year() < 1700 || t.Year() > 4000 {
		return nil, bad("NUMBER_OUTSIDE_VALID_RANGE", []string{f.Name}, "%s: invalid date: %s", f.Label, s)
	}
	return stamp(t), nil
}

func coerceFile(v any) (any, *Error) {
	s, ok := v.(string)
	if !ok {
		return nil, cannotDeserialize("base64Binary", v)
	}
	if _, err := base64.StdEncoding.DecodeString(s); err != nil {
		return nil, cannotDeserialize("base64Binary", "(not base64)")
	}
	return s, nil
}

func coerceID(f *schema.Field, v any) (any, *Error) {
	s, ok := v.(string)
	if !ok {
		return nil, cannotDeserialize("reference", v)
	}
	if s == "" {
		return nil, nil
	}
	id, ok := schema.NormalID(s)
	if !ok {
		return nil, bad("MALFORMED_ID", []string{f.Name}, "%s: id value of incorrect type: %s", f.Label, s)
	}
	return id, nil
}
