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

// plainValue is a CEL value as a field's value: nil for null and for empty text, which are never written, and for numbers
// and moments that no field takes: one such value would cost the call all its records.
// asTime keeps moments as such, for events, whose two ways onto the bus write them differently.
func plainValue(v ref.Val, asTime bool) (any, error) {
	switch v := v.(type) {
	case types.Null:
		return nil, nil
	case types.String:
		if v == "" {
			return nil, nil
		}
		return string(v), nil
	case types.Bool:
		return bool(v), nil
	case types.Int:
		if v >= largest || v <= -largest {
			return nil, nil
		}
		return int64(v), nil
	case types.Double:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("a number that is none")
		}
		if math.Abs(float64(v)) >= largest {
			return nil, nil
		}
		return float64(v), nil
	case types.Timestamp:
		if !takes(v.Time) {
			return nil, nil
		}
		if asTime {
			return v.UTC(), nil
		}
		return v.UTC().Format(timeFormat), nil
	case *types.Err:
		return nil, v
	}
	return nil, fmt.Errorf("a value of type %s, which no field takes", v.Type().TypeName())
}
