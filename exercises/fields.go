package exercises

import (
	"reflect"
	"strings"
)

// fieldNames are the fields that exercise.yaml may have in what is read into the Go type of that name.
func fieldNames(typeName string) []string {
	var names []string
	for _, t := range []reflect.Type{
		reflect.TypeFor[Exercise](), reflect.TypeFor[Shape](), reflect.TypeFor[Setup](), reflect.TypeFor[Scale](), reflect.TypeFor[Step](),
		reflect.TypeFor[Ask](), reflect.TypeFor[Choice](), reflect.TypeFor[Keep](), reflect.TypeFor[Check](), reflect.TypeFor[Remark](),
	} {
		if t.Name() != typeName {
			continue
		}
		for i := range t.NumField() {
			if name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); name != "-" && name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
