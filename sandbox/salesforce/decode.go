package salesforce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// decode reads one JSON value and nothing behind it; numbers stay as they are written.
func decode(body []byte) (any, error) {
	var v any
	err := decodeInto(body, &v, false)
	return v, err
}

// decodeInto reads one JSON value into v; a strict one has no key that v doesn't know.
func decodeInto(body []byte, v any, strict bool) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if strict {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(v); err != nil {
		return parserError(body, d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return position(body, d.InputOffset(), "Unexpected character behind the value")
	}
	return nil
}

func parserError(body []byte, offset int64, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return position(body, syntax.Offset, syntax.Error())
	case errors.As(err, &kind):
		return position(body, kind.Offset, "Cannot deserialize instance of "+kind.Type.String()+" from "+kind.Value)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return position(body, int64(len(body)), "Unexpected end-of-input")
	default:
		return position(body, offset, err.Error())
	}
}

// position puts the vendor's line and column behind a parser's message.
func position(body []byte, offset int64, message string) error {
	at := min(max(int(offset), 0), len(body))
	line := 1 + bytes.Count(body[:at], []byte{'\n'})
	column := at - bytes.LastIndexByte(body[:at], '\n')
	return fmt.Errorf("%s at [line:%d, column:%d]", message, line, column)
}
