package recording

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Changes are JSON merge patches (RFC 7396): objects are merged, null removes, everything else replaces. There is one
// addition. Most of a snapshot is in lists, and a merge patch would repeat all of a list for one figure; so an object
// that meets a list has the list's elements by their index: {"nodes":{"2":{"ready":false}}}. It is made when the list
// is as long as before and both elements are objects. A snapshot never turns a list into an object, so it cannot be
// mistaken.

// plainly is v as JSON has it: maps, lists, strings, booleans and json.Number, which keeps large integers exact.
func plainly(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return decode(raw)
}

// decode leaves nulls of objects alone: in a patch they mean something.
func decode(raw []byte) (doc any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	err = d.Decode(&doc)
	return doc, err
}

// diff is the patch that makes b of a. A field that is null is as good as missing.
func diff(a, b any) (patch any, changed bool) {
	switch b := b.(type) {
	case map[string]any:
		if a, ok := a.(map[string]any); ok {
			return diffObjects(a, b)
		}
	case []any:
		if a, ok := a.([]any); ok && len(a) == len(b) {
			return diffLists(a, b)
		}
	default:
		return b, !scalar(a) || a != b
	}
	return b, true
}

func scalar(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

func diffObjects(a, b map[string]any) (patch any, changed bool) {
	out := map[string]any{}
	for k, old := range a {
		if old != nil && b[k] == nil {
			out[k] = nil
		}
	}
	for k, v := range b {
		if v == nil {
			continue
		}
		if p, changed := diff(a[k], v); changed {
			out[k] = p
		}
	}
	return out, len(out) > 0
}

func diffLists(a, b []any) (patch any, changed bool) {
	out := map[string]any{}
	whole := false
	for i := range b {
		p, changed := diff(a[i], b[i])
		if !changed {
			continue
		}
		_, was := a[i].(map[string]any)
		_, is := b[i].(map[string]any)
		whole = whole || !was || !is
		out[strconv.Itoa(i)] = p
	}
	if whole {
		return b, true
	}
	return out, len(out) > 0
}

// merge is doc with the patch applied. It may change doc, and keep parts of the patch. An index that a list does not
// have, which no patch of diff has, says nothing.
func merge(doc, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	if list, ok := doc.([]any); ok {
		for k, v := range p {
			if i, err := strconv.Atoi(k); err == nil && i >= 0 && i < len(list) {
				list[i] = merge(list[i], v)
			}
		}
		return list
	}
	object, ok := doc.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for k, v := range p {
		if v == nil {
			delete(object, k)
		} else {
			object[k] = merge(object[k], v)
		}
	}
	return object
}
