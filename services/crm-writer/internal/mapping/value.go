package mapping

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

var stringsType = reflect.TypeFor[[]string]()

// timeFormat is how Salesforce's REST API writes a moment, and takes one.
const timeFormat = "2006-01-02T15:04:05.000-0700"

// largest is beyond any number field: Salesforce's have 18 digits at most.
const largest = 1e18

// takes tells whether a field takes a moment: Salesforce's know the years 1700 to 4000.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/primitive_data_types.htm
func takes(t time.Time) bool { return t.Year() >= 1700 && t.Year() <= 4000 }

// plainValue is a CEL value as a field's value, see [plainField].
func plainValue(v ref.Val) (any, error) {
	switch v := v.(type) {
	case types.Null:
		return nil, nil
	case types.String:
		return plainField(string(v))
	case types.Bool:
		return bool(v), nil
	case types.Int:
		return plainField(int64(v))
	case types.Double:
		return plainField(float64(v))
	case types.Timestamp:
		return plainField(v.Time)
	case *types.Err:
		return nil, v
	}
	return nil, fmt.Errorf("a value of type %s, which no field takes", v.Type().TypeName())
}

// plainField is what an expression came to as a field's value: nil for nothing and for empty text, which are never written, and for
// numbers and moments that no field takes: one such value would cost the call all its records.
func plainField(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case string:
		if v == "" {
			return nil, nil
		}
		return v, nil
	case int64:
		if v >= largest || v <= -largest {
			return nil, nil
		}
		return v, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("a number that is none")
		}
		if math.Abs(v) >= largest {
			return nil, nil
		}
		return v, nil
	case time.Time:
		if !takes(v) {
			return nil, nil
		}
		return v.UTC(), nil
	}
	return nil, fmt.Errorf("a value of type %T, which no field takes", v)
}

// written is a value as a record has it: a moment as text, everything else as it is.
func written(v any) any {
	if at, ok := v.(time.Time); ok {
		return at.Format(timeFormat)
	}
	return v
}
