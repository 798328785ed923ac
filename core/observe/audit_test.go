package observe

import (
	"reflect"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"

	authnv1 "k8s.io/api/authentication/v1"

	"kubelab/core/view"
)

func TestSeenTravelsAsText(t *testing.T) {
	for _, want := range []seen{
		{},
		{name: "web-abc", uid: "u1", stages: []view.Stage{{Name: "admission begins", At: 3 * time.Millisecond}, {Name: "admission has mutated", At: time.Second}}},
		{mutations: []string{"spec.a = 1", "spec.b = \"x y\""}, why: "quota is used up"},
	} {
		if got := parse(want.String()); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v comes back as %+v", want, got)
		}
	}
	if got := parse("whatever"); !reflect.DeepEqual(got, seen{}) {
		t.Errorf("what is none is read as %+v", got)
	}
	hostile := seen{why: "a\x1fb\x1ec\x1b[31m"}
	if got := parse(hostile.String()).why; got != "abc" {
		t.Errorf("a hostile reason comes back as %q", got)
	}
}

func TestRefusals(t *testing.T) {
	status := func(code int32, reason metav1.StatusReason, message string) *metav1.Status {
		return &metav1.Status{Code: code, Reason: reason, Message: message}
	}
	somebody := authnv1.UserInfo{Username: "anna"}
	for name, tt := range map[string]struct {
		e    auditinternal.Event
		want view.Layer
		why  string
	}{
		"allowed":         {auditinternal.Event{User: somebody, ResponseStatus: status(200, "", "")}, "", ""},
		"nobody":          {auditinternal.Event{ResponseStatus: status(401, "", "Unauthorized")}, view.Authentication, "Unauthorized"},
		"not allowed":     {auditinternal.Event{User: somebody, ResponseStatus: status(403, "Forbidden", "no"), Annotations: map[string]string{"authorization.k8s.io/decision": "forbid"}}, view.Authorization, "no rule allows it"},
		"admission":       {auditinternal.Event{User: somebody, ResponseStatus: status(403, "Forbidden", "exceeded quota"), Annotations: map[string]string{validatedKey: seen{why: "exceeded quota"}.String()}}, view.Admission, "exceeded quota"},
		"invalid":         {auditinternal.Event{User: somebody, ResponseStatus: status(422, metav1.StatusReasonInvalid, "port")}, view.Validation, "port"},
		"a conflict":      {auditinternal.Event{User: somebody, ResponseStatus: status(409, metav1.StatusReasonConflict, "changed")}, view.Storage, "changed"},
		"too much":        {auditinternal.Event{User: somebody, ResponseStatus: status(429, "", "wait")}, view.Overload, "wait"},
		"etcd is no more": {auditinternal.Event{User: somebody, ResponseStatus: status(500, "", "timeout")}, view.Storage, "timeout"},
	} {
		if r := request(&tt.e); r.Refused != tt.want || r.Why != tt.why {
			t.Errorf("%s: refused by %q because %q, want %q, %q", name, r.Refused, r.Why, tt.want, tt.why)
		}
	}
}
