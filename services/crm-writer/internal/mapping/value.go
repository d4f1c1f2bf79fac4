package mapping

import (
	"fmt"
	"math"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

var stringsType = reflect.TypeFor[[]string]()

// timeFormat is how Salesforce's REST API writes a moment, and takes one.
const timeFormat = "2006-01-02T15:04:05.000-0700"

// plainValue is a CEL value as a field's value: nil for null and for empty text, which are never written.
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
		return int64(v), nil
	case types.Double:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("a number that is none")
		}
		return float64(v), nil
	case types.Timestamp:
		if asTime {
			return v.UTC(), nil
		}
		return v.UTC().Format(timeFormat), nil
	case *types.Err:
		return nil, v
	}
	return nil, fmt.Errorf("a value of type %s, which no field takes", v.Type().TypeName())
}
