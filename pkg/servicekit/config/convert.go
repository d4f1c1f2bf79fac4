package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// variable is a value from the environment. It has no type of its own, so it becomes what its key asks for. A value
// from a file has one, and is held to it: `calls: true` is a slip, not a 1.
type variable string

// What a value should have been. None of these quotes it: it may be a secret that stands under the wrong key.
var (
	errText   = errors.New("must be text; put it in quotes")
	errBool   = errors.New("must be true or false")
	errWhole  = errors.New("must be a whole number")
	errNumber = errors.New("must be a number")
	errList   = errors.New("must be a list, as in [a, b]")
)

var duration = reflect.TypeFor[time.Duration]()

// convert is the decoder's hook: it sees every value before its place in the settings.
func convert(from, to reflect.Value) (any, error) {
	if v, ok := from.Interface().(variable); ok {
		return fromVariable(string(v), to.Type())
	}
	return fromFile(from, to.Type())
}

func unmarshaler(t reflect.Type) (reflect.Value, encoding.TextUnmarshaler) {
	v := reflect.New(t)
	u, _ := v.Interface().(encoding.TextUnmarshaler)
	return v, u
}

// fromVariable reads text as the type that it is for. A list is separated by commas.
func fromVariable(text string, t reflect.Type) (any, error) {
	if v, u := unmarshaler(t); u != nil {
		err := u.UnmarshalText([]byte(text))
		return v.Elem().Interface(), err //nolint:wrapcheck // the type says what is wrong
	}
	switch {
	case t == duration:
		return readDuration(text)
	case t.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		return b, because(err, errBool)
	case isWhole(t.Kind()):
		n, err := strconv.ParseInt(text, 0, 64)
		return n, because(err, errWhole)
	case isFloat(t.Kind()):
		x, err := strconv.ParseFloat(text, 64)
		return x, because(err, errNumber)
	case t.Kind() == reflect.Slice:
		return split[variable](text), nil
	case t.Kind() == reflect.Pointer:
		return variable(text), nil // asked again for what it points to
	}
	return text, nil
}

// fromFile lets a value through that has the type that it is for, and reads text that stands for something.
func fromFile(from reflect.Value, t reflect.Type) (any, error) {
	value := from.Interface()
	text, isText := value.(string)
	if v, u := unmarshaler(t); u != nil {
		if !isText {
			return nil, errText
		}
		err := u.UnmarshalText([]byte(text))
		return v.Elem().Interface(), err //nolint:wrapcheck // the type says what is wrong
	}
	k := t.Kind()
	switch {
	case t == duration && isText:
		return readDuration(text)
	case t == duration && from.CanInt() && from.Int() == 0:
		return time.Duration(0), nil
	case t == duration:
		return nil, fmt.Errorf("%v: a duration needs a unit, as in 30s", value)
	case k == reflect.Slice && isText:
		return split[string](text), nil
	case k == reflect.Slice:
		return value, unless(from.Kind() == reflect.Slice, errList)
	case k == reflect.String:
		return value, unless(isText, errText)
	case k == reflect.Bool:
		return value, unless(from.Kind() == reflect.Bool, errBool)
	case isWhole(k):
		return value, unless(isWhole(from.Kind()) || from.CanFloat() && from.Float() == math.Trunc(from.Float()), errWhole)
	case isFloat(k):
		return value, unless(isWhole(from.Kind()) || from.CanFloat(), errNumber)
	}
	return value, nil
}

func readDuration(text string) (time.Duration, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil && text != "0" {
		return 0, fmt.Errorf("%s: a duration needs a unit, as in 30s", text)
	}
	d, err := time.ParseDuration(text)
	return d, because(err, fmt.Errorf("%q is no duration; write it as in 30s or 1m30s", text))
}

func split[T ~string](text string) []T {
	if text == "" {
		return []T{}
	}
	var out []T
	for part := range strings.SplitSeq(text, ",") {
		out = append(out, T(part))
	}
	return out
}

func isWhole(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Uint64 }

func isFloat(k reflect.Kind) bool { return k == reflect.Float32 || k == reflect.Float64 }

// because is what is said in place of err.
func because(err, said error) error {
	if err == nil {
		return nil
	}
	return said
}

func unless(ok bool, err error) error {
	if ok {
		return nil
	}
	return err
}
