package expr

import (
	"fmt"
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// Handle is a value whose fields expressions do not see: they can only call its methods. Its type is Opaque(name).
func Handle(name string, value any) ref.Val { return handle{types.NewOpaqueType(name), value} }

type handle struct {
	t *types.Type
	v any
}

func (h handle) Type() ref.Type              { return h.t }
func (h handle) Value() any                  { return h.v }
func (h handle) Equal(other ref.Val) ref.Val { return types.Bool(h.v == other.Value()) }

func (h handle) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a %s is no %s", h.t, t)
}

func (h handle) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return h.t
	}
	return types.NewErr("a %s is no %s", h.t, t.TypeName())
}

// Items are the elements of a list as Go values of type T. Others are left out.
func Items[T any](list ref.Val) []T {
	var items []T
	l, ok := list.(traits.Lister)
	if !ok {
		return nil
	}
	for it := l.Iterator(); it.HasNext() == types.True; {
		v := it.Next()
		if item, ok := v.(T); ok {
			items = append(items, item)
		} else if item, ok := v.Value().(T); ok {
			items = append(items, item)
		}
	}
	return items
}

// Text is the value of a string.
func Text(v ref.Val) string {
	s, _ := v.Value().(string)
	return s
}

// Number is the value of an int.
func Number(v ref.Val) int64 {
	n, _ := v.Value().(int64)
	return n
}
