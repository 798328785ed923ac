package observe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/yaml"

	"kubelab/core/plain"
	"kubelab/core/view"
)

// What API servers keep in etcd is decoded here: protobuf, or JSON for objects whose kind is itself an object.

const (
	registry = "/registry/"
	// maxDecoded is up to which size a value is decoded to be shown, in bytes. API servers take objects of 3 MiB at most.
	maxDecoded = 4 << 20
)

var protobuf = []byte("k8s\x00")

var decoder = func() runtime.Decoder {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, apiextensions.AddToScheme, apiregistration.AddToScheme} {
		if err := add(s); err != nil {
			panic(err) // the same types twice: a mistake in this file
		}
	}
	return serializer.NewCodecFactory(s).UniversalDeserializer()
}()

// decode makes an object of a value, nil of what is none.
func decode(value []byte) runtime.Object {
	if !bytes.HasPrefix(value, protobuf) && !bytes.HasPrefix(value, []byte("{")) {
		return nil
	}
	object, _, err := decoder.Decode(value, nil, nil)
	if err != nil {
		return nil
	}
	return object
}

// shown is a value for people: YAML where it is an object. Values of Secrets are hidden unless they are asked for; why says so.
func shown(key string, value []byte, secrets bool) (text, why string) {
	if len(value) > maxDecoded {
		return "", fmt.Sprintf("%d bytes are too much to be shown", len(value))
	}
	if object := decode(value); object != nil {
		if s, ok := object.(*corev1.Secret); ok && !secrets {
			object, why = redacted(s), "the values of Secrets are not shown"
		}
		if m, err := meta.Accessor(object); err == nil {
			m.SetManagedFields(nil) // as kubectl does: they are long, and say who wrote which field
		}
		if b, err := yaml.Marshal(object); err == nil {
			return string(b), why
		}
	}
	if !secrets && secret(key) {
		return "", "the values of Secrets are not shown"
	}
	var data any
	if json.Unmarshal(value, &data) == nil {
		if b, err := yaml.Marshal(data); err == nil {
			return string(b), ""
		}
	}
	if utf8.Valid(value) && !strings.ContainsFunc(string(value), func(r rune) bool { return r != '\n' && r != '\t' && plain.Unfit(r) }) {
		return string(value), ""
	}
	return fmt.Sprintf("%q", value), ""
}

// secret reports whether a Secret is behind the key.
func secret(key string) bool { return strings.HasPrefix(key, registry+"secrets/") }

// redacted is the Secret with the sizes of its values instead of these. The annotation in which kubectl apply keeps what it
// was given has them as well.
func redacted(s *corev1.Secret) *corev1.Secret {
	s = s.DeepCopy()
	s.StringData = map[string]string{}
	for name, value := range s.Data {
		s.StringData[name] = fmt.Sprintf("(%d bytes, hidden)", len(value))
	}
	s.Data = nil
	if _, ok := s.Annotations[corev1.LastAppliedConfigAnnotation]; ok {
		s.Annotations[corev1.LastAppliedConfigAnnotation] = "(hidden)"
	}
	return s
}

// places are resources whose keys are not called as they are.
var places = map[string]string{
	"minions":            "nodes",
	"services/specs":     "services",
	"services/endpoints": "endpoints",
	"controllers":        "replicationcontrollers",
	"ingress":            "ingresses",
}

// named is the object behind a key, by its key alone.
func named(key string) view.Object {
	rest := strings.TrimPrefix(key, registry)
	parts := strings.Split(rest, "/")
	var o view.Object
	switch {
	case len(parts) >= 2 && places[parts[0]+"/"+parts[1]] != "":
		o.Resource, parts = places[parts[0]+"/"+parts[1]], parts[2:]
	case len(parts) >= 3 && strings.Contains(parts[0], "."): // of a group that is not built in
		o.Resource, parts = parts[1], parts[2:]
	default:
		o.Resource, parts = parts[0], parts[1:]
		if name := places[o.Resource]; name != "" {
			o.Resource = name
		}
	}
	switch len(parts) {
	case 0:
	case 1:
		o.Name = plain.Line(parts[0])
	default:
		o.Namespace, o.Name = plain.Line(parts[0]), plain.Line(strings.Join(parts[1:], "/"))
	}
	o.Resource = plain.Line(o.Resource)
	return o
}
