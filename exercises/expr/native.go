package expr

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// native lets expressions see Go structs by the names of their JSON form, so that a misspelled field is found when the
// expression is compiled. All whole numbers are CEL's int, and named strings its string. A pointer that is nil is a
// value that is not known yet: reading it is an error, and has() of it is false.
//
// cel-go has such a thing in its package ext. That one looks the tags up again for each value, does not see fields of
// embedded structs, and takes nil for a struct of zeros, which would let checks pass of what was never measured.
type native struct {
	*types.Registry
	byName map[string]*structType
	byType map[reflect.Type]*structType
}

type structType struct {
	cel    *types.Type
	fields map[string]structField
}

type structField struct {
	index []int
	cel   *types.Type
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// newNative makes the types of all that can be reached from samples, which are structs.
func newNative(samples ...any) (*native, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	n := &native{Registry: registry, byName: map[string]*structType{}, byType: map[reflect.Type]*structType{}}
	for _, s := range samples {
		if _, err := n.celType(reflect.TypeOf(s)); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// celType is what values of a Go type are in expressions.
func (n *native) celType(t reflect.Type) (*types.Type, error) {
	switch t.Kind() {
	case reflect.Bool:
		return types.BoolType, nil
	case reflect.String:
		return types.StringType, nil
	case reflect.Float32, reflect.Float64:
		return types.DoubleType, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if t == durationType {
			return types.DurationType, nil
		}
		return types.IntType, nil
	case reflect.Pointer:
		return n.celType(t.Elem())
	case reflect.Slice:
		elem, err := n.celType(t.Elem())
		return types.NewListType(elem), err
	case reflect.Map:
		elem, err := n.celType(t.Elem())
		return types.NewMapType(types.StringType, elem), err
	case reflect.Struct:
		if t == timeType {
			return types.TimestampType, nil
		}
		return n.structType(t)
	}
	return nil, fmt.Errorf("expressions cannot see values of Go type %s", t)
}

func (n *native) structType(t reflect.Type) (*types.Type, error) {
	if s, ok := n.byType[t]; ok {
		return s.cel, nil
	}
	if _, taken := n.byName[t.Name()]; taken {
		return nil, fmt.Errorf("expressions cannot see %s: there is another type of that name", t)
	}
	s := &structType{cel: types.NewObjectType(t.Name(), traits.FieldTesterType, traits.IndexerType), fields: map[string]structField{}}
	n.byType[t], n.byName[t.Name()] = s, s // before its fields, which may be of the same type
	for _, f := range reflect.VisibleFields(t) {
		name := jsonName(f)
		if !f.IsExported() || name == "" {
			continue
		}
		cel, err := n.celType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err)
		}
		s.fields[name] = structField{f.Index, cel}
	}
	return s.cel, nil
}

// jsonName is a field's name in JSON, empty when it is not there or its fields stand for it. A field without a tag has its
// name with a small letter in front.
func jsonName(f reflect.StructField) string {
	tag, ok := f.Tag.Lookup("json")
	name, _, _ := strings.Cut(tag, ",")
	switch {
	case name == "-", !ok && f.Anonymous:
		return ""
	case name == "":
		return strings.ToLower(f.Name[:1]) + f.Name[1:]
	}
	return name
}

// FindStructType is the type of that name.
func (n *native) FindStructType(name string) (*types.Type, bool) {
	if s, ok := n.byName[name]; ok {
		return types.NewTypeTypeWithParam(s.cel), true
	}
	return n.Registry.FindStructType(name)
}

// FindStructFieldNames are the names of the type's fields, sorted.
func (n *native) FindStructFieldNames(name string) ([]string, bool) {
	s, ok := n.byName[name]
	if !ok {
		return n.Registry.FindStructFieldNames(name)
	}
	names := make([]string, 0, len(s.fields))
	for f := range s.fields {
		names = append(names, f)
	}
	slices.Sort(names)
	return names, true
}

// FindStructFieldType is how a field is read.
func (n *native) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	s, ok := n.byName[name]
	if !ok {
		return n.Registry.FindStructFieldType(name, field)
	}
	f, ok := s.fields[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type: f.cel,
		IsSet: func(of any) bool {
			v, ok := f.of(of)
			return ok && !v.IsZero()
		},
		GetFrom: func(of any) (any, error) {
			v, ok := f.of(of)
			if !ok || v.Kind() == reflect.Pointer && v.IsNil() {
				return nil, fmt.Errorf("%s is not known yet", field)
			}
			return plainly(v), nil
		},
	}, true
}

// of is the field of a struct or of a pointer to one.
func (f structField) of(of any) (reflect.Value, bool) {
	v := reflect.ValueOf(of)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return v, false
		}
		v = v.Elem()
	}
	return v.FieldByIndex(f.index), true
}

// plainly is a Go value as cel-go knows it.
func plainly(v reflect.Value) any {
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v.Type() == durationType {
			return v.Interface()
		}
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return int64(v.Uint())
	case reflect.Struct:
		if v.Type() != timeType && v.CanAddr() {
			return v.Addr().Interface() // no copy
		}
	}
	return v.Interface()
}

// NewValue refuses: expressions look, they make nothing.
func (n *native) NewValue(name string, _ map[string]ref.Val) ref.Val {
	return types.NewErr("a %s cannot be made in an expression", name)
}

// NativeToValue is a Go value in an expression.
func (n *native) NativeToValue(value any) ref.Val {
	switch v := value.(type) {
	case ref.Val:
		return v
	case error:
		return types.WrapErr(v)
	}
	v := reflect.ValueOf(value)
	t := v.Type
	switch v.Kind() {
	case reflect.Invalid:
		return types.NullValue
	case reflect.Pointer:
		if s, ok := n.byType[t().Elem()]; ok {
			return &object{n, s, v}
		}
	case reflect.Struct:
		if s, ok := n.byType[t()]; ok {
			return &object{n, s, v}
		}
	case reflect.Slice:
		return types.NewDynamicList(n, value)
	case reflect.Map:
		return types.NewDynamicMap(n, value)
	default:
		return n.Registry.NativeToValue(plainly(v))
	}
	return n.Registry.NativeToValue(value)
}

// object is a struct in an expression.
type object struct {
	n *native
	t *structType
	v reflect.Value // a struct or a pointer to one
}

func (o *object) Type() ref.Type { return o.t.cel }
func (o *object) Value() any     { return o.v.Interface() }

func (o *object) Get(field ref.Val) ref.Val {
	name, _ := field.(types.String)
	f, ok := o.n.FindStructFieldType(o.t.cel.TypeName(), string(name))
	if !ok {
		return types.NewErr("no such field: %v", field)
	}
	v, err := f.GetFrom(o.Value())
	if err != nil {
		return types.WrapErr(err)
	}
	return o.n.NativeToValue(v)
}

func (o *object) IsSet(field ref.Val) ref.Val {
	name, _ := field.(types.String)
	f, ok := o.n.FindStructFieldType(o.t.cel.TypeName(), string(name))
	if !ok {
		return types.NewErr("no such field: %v", field)
	}
	return types.Bool(f.IsSet(o.Value()))
}

func (o *object) Equal(other ref.Val) ref.Val {
	p, ok := other.(*object)
	return types.Bool(ok && reflect.DeepEqual(reflect.Indirect(o.v).Interface(), reflect.Indirect(p.v).Interface()))
}

func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	switch v := reflect.Indirect(o.v); {
	case o.v.Type() == t:
		return o.v.Interface(), nil
	case v.Type() == t:
		return v.Interface(), nil
	}
	return nil, fmt.Errorf("a %s is no %s", o.t.cel.TypeName(), t)
}

func (o *object) ConvertToType(t ref.Type) ref.Val {
	switch {
	case t == types.TypeType:
		return o.t.cel
	case t.TypeName() == o.t.cel.TypeName():
		return o
	}
	return types.NewErr("a %s is no %s", o.t.cel.TypeName(), t.TypeName())
}
