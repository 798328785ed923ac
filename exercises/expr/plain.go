package expr

import (
	"fmt"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// maxPlain is how many values Plain makes of a list or map at most.
const maxPlain = 10_000

// Plain makes of a value what JSON has: numbers become float64, times and durations strings that CEL's timestamp() and
// duration() read. Structs are an error.
func Plain(v ref.Val) (any, error) {
	left := maxPlain
	return plainOf(v, &left)
}

func plainOf(v ref.Val, left *int) (any, error) {
	if *left--; *left < 0 {
		return nil, fmt.Errorf("there are more than %d values", maxPlain)
	}
	switch v := v.(type) {
	case types.Null:
		return nil, nil
	case types.Bool:
		return bool(v), nil
	case types.String:
		return string(v), nil
	case types.Int:
		return float64(v), nil
	case types.Uint:
		return float64(v), nil
	case types.Double:
		return float64(v), nil
	case types.Duration:
		return v.Duration.String(), nil
	case types.Timestamp:
		return v.Time.Format(time.RFC3339Nano), nil
	case traits.Mapper:
		m := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			item, err := plainOf(v.Get(key), left)
			if err != nil {
				return nil, err
			}
			m[fmt.Sprint(key.Value())] = item
		}
		return m, nil
	case traits.Lister:
		list := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			item, err := plainOf(it.Next(), left)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, nil
	}
	return nil, fmt.Errorf("a %s cannot be kept: keep a field of it", v.Type().TypeName())
}
