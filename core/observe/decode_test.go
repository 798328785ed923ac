package observe

import (
	"bytes"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"kubelab/core/view"
)

// stored is an object as API servers keep it.
func stored(t testing.TB, o runtime.Object) []byte {
	t.Helper()
	info, _ := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), runtime.ContentTypeProtobuf)
	gvks, _, err := scheme.Scheme.ObjectKinds(o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := runtime.Encode(scheme.Codecs.EncoderForVersion(info.Serializer, gvks[0].GroupVersion()), o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestShown(t *testing.T) {
	const hidden = "the values of Secrets are not shown"
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "s", Namespace: "demo", Annotations: map[string]string{
			corev1.LastAppliedConfigAnnotation: `{"data":{"password":"aHVudGVyMg=="}}`,
		}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}},
		Data: map[string][]byte{"password": []byte("hunter2")}, StringData: nil,
	}
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}, Data: map[string]string{"k": "a\x1b[31mb"}}
	for name, tt := range map[string]struct {
		key     string
		value   []byte
		secrets bool
		has     []string
		hasNot  []string
		why     string
	}{
		"a secret":                           {"/registry/secrets/demo/s", stored(t, secret), false, []string{"kind: Secret", "password: (7 bytes, hidden)"}, []string{"hunter2", "aHVudGVyMg", "managedFields"}, hidden},
		"a secret that is wanted":            {"/registry/secrets/demo/s", stored(t, secret), true, []string{"aHVudGVyMg=="}, nil, ""},
		"no object where a secret should be": {"/registry/secrets/demo/s", []byte("hunter2"), false, nil, []string{"hunter2"}, hidden},
		"an object with an escape sequence":  {"/registry/configmaps/demo/c", stored(t, config), false, []string{`k: "a\e[31mb"`}, []string{"\x1b"}, ""},
		"an object of a kind of its own":     {"/registry/example.com/widgets/demo/w", []byte(`{"kind":"Widget","spec":{"size":3}}`), false, []string{"kind: Widget", "size: 3"}, nil, ""},
		"text":                               {"/registry/x", []byte("plain\ntext"), false, []string{"plain\ntext"}, nil, ""},
		"binary":                             {"/registry/x", []byte{0, 1, 0x1b, 0xff}, false, []string{`"\x00\x01\x1b\xff"`}, nil, ""},
		"damaged protobuf":                   {"/registry/pods/demo/p", []byte("k8s\x00\xff\xff\x1b"), false, []string{`"k8s\x00`}, []string{"\x1b"}, ""},
		"nothing":                            {"/registry/x", nil, false, nil, nil, ""},
		"more than can be shown":             {"/registry/x", bytes.Repeat([]byte("x"), maxDecoded+1), false, nil, []string{"x"}, "4194305 bytes are too much to be shown"},
	} {
		t.Run(name, func(t *testing.T) {
			text, why := shown(tt.key, tt.value, tt.secrets)
			if why != tt.why {
				t.Errorf("it is hidden because %q, want %q", why, tt.why)
			}
			for _, s := range tt.has {
				if !strings.Contains(text, s) {
					t.Errorf("%q is not in %s", s, text)
				}
			}
			for _, s := range tt.hasNot {
				if strings.Contains(text, s) {
					t.Errorf("%q is in %s", s, text)
				}
			}
		})
	}
}

func TestHugeObjectIsShown(t *testing.T) {
	text, why := shown("/registry/configmaps/a/b", stored(t, &corev1.ConfigMap{Data: map[string]string{"k": strings.Repeat("v", 1<<20)}}), false)
	if why != "" || len(text) < 1<<20 {
		t.Errorf("%d bytes are shown, %s", len(text), why)
	}
}

func TestNamed(t *testing.T) {
	for key, want := range map[string]view.Object{
		"/registry/pods/demo/web-abc":                          {Resource: "pods", Namespace: "demo", Name: "web-abc"},
		"/registry/minions/node-1":                             {Resource: "nodes", Name: "node-1"},
		"/registry/services/specs/demo/web":                    {Resource: "services", Namespace: "demo", Name: "web"},
		"/registry/services/endpoints/demo/web":                {Resource: "endpoints", Namespace: "demo", Name: "web"},
		"/registry/apiregistration.k8s.io/apiservices/v1.apps": {Resource: "apiservices", Name: "v1.apps"},
		"/registry/example.com/widgets/demo/w":                 {Resource: "widgets", Namespace: "demo", Name: "w"},
		"/registry/leases/kube-system/kube-scheduler":          {Resource: "leases", Namespace: "kube-system", Name: "kube-scheduler"},
		"/registry/ranges/serviceips":                          {Resource: "ranges", Name: "serviceips"},
		"/registry/pods/demo/\x1b[31mred":                      {Resource: "pods", Namespace: "demo", Name: "red"},
		"/registry/":                                           {},
		"/registry/pods":                                       {Resource: "pods"},
		"/registry/a/b/c/d/e":                                  {Resource: "a", Namespace: "b", Name: "c/d/e"},
	} {
		if got := named(key); got != want {
			t.Errorf("named(%q) = %+v, want %+v", key, got, want)
		}
	}
}

func TestAfter(t *testing.T) {
	for in, want := range map[string]string{"/registry/": "/registry0", "a": "b", "a\xff": "b", "\xff\xff": ""} {
		if got := string(after([]byte(in))); got != want {
			t.Errorf("after(%q) = %q, want %q", in, got, want)
		}
	}
}
