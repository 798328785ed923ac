package observe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	apiapp "k8s.io/kubernetes/cmd/kube-apiserver/app"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// The API servers are seen by what they have for it: an audit backend, in process, and a look at each object before and
// after admission.

// auditAPIServer has an API server tell about each of its requests. It is called before each of its starts.
func (o *Observer) auditAPIServer(m topology.Machine, c *apiapp.Config) error {
	generic := c.Aggregator.GenericConfig
	generic.AuditBackend = auditor{o, m.Name()}
	generic.AuditPolicyRuleEvaluator = everything{}
	for _, chain := range []*admission.Interface{
		&c.KubeAPIs.ControlPlane.Generic.AdmissionControl,
		&c.ApiExtensions.GenericConfig.AdmissionControl,
		&generic.AdmissionControl,
	} {
		*chain = watched{*chain}
	}
	return nil
}

// everything is the audit policy: who did what to which object and what came of it, but not what was in it.
type everything struct{}

func (everything) EvaluatePolicyRule(authorizer.Attributes) audit.RequestAuditConfig {
	return audit.RequestAuditConfig{
		Level: auditinternal.LevelMetadata, OmitStages: []auditinternal.Stage{auditinternal.StageRequestReceived},
	}
}

// auditor is the audit backend of one API server.
type auditor struct {
	o      *Observer
	master string
}

func (auditor) Run(<-chan struct{}) error { return nil }
func (auditor) Shutdown()                 {}
func (auditor) String() string            { return lab }

// ProcessEvents is called by whoever serves the request: it must not wait for anybody.
func (a auditor) ProcessEvents(events ...*auditinternal.Event) bool {
	for _, e := range events {
		a.o.journal.tell(a.event(e))
	}
	return true
}

func (a auditor) event(e *auditinternal.Event) view.Event {
	r := request(e)
	r.Server = a.master
	out := view.Event{Kind: view.Requested, Source: a.master + "/" + component.APIServer, Time: e.StageTimestamp.Time, Request: r}
	if r.Object.Resource != "" {
		object := r.Object
		out.Object = &object
	}
	return out
}

// describeRequest says in a line what the request was.
func describeRequest(r *view.Request) string {
	what := r.Path
	if r.Object.Resource != "" {
		what = r.Object.String()
		if r.Sub != "" {
			what += " (" + r.Sub + ")"
		}
	}
	who := r.User
	if who == "" {
		who = "somebody unknown"
	}
	if r.As != "" {
		who += " as " + r.As
	}
	text := fmt.Sprintf("%s: %s %s → %d", who, r.Verb, what, r.Code)
	if r.Refused != "" {
		text += fmt.Sprintf(", refused by %s: %s", r.Refused, r.Why)
	}
	return plain.Line(text)
}

func request(e *auditinternal.Event) *view.Request {
	r := &view.Request{
		ID: string(e.AuditID), User: plain.Line(e.User.Username), Groups: e.User.Groups, Agent: plain.Line(e.UserAgent),
		Verb: e.Verb, Began: e.RequestReceivedTimestamp.Time, Took: e.StageTimestamp.Sub(e.RequestReceivedTimestamp.Time),
	}
	// Who is not authenticated is refused in the stage in which an answer begins, too.
	refused := e.ResponseStatus != nil && e.ResponseStatus.Code >= 400
	r.Long = e.Stage == auditinternal.StageResponseStarted && !refused || e.Verb == "watch"
	if len(e.SourceIPs) > 0 {
		r.From = e.SourceIPs[0]
	}
	if e.ImpersonatedUser != nil {
		r.As = plain.Line(e.ImpersonatedUser.Username)
	}
	if ref := e.ObjectRef; ref != nil {
		r.Object = view.Object{Resource: ref.Resource, Namespace: ref.Namespace, Name: plain.Line(ref.Name), UID: string(ref.UID)}
		r.Sub = ref.Subresource
	} else {
		r.Path = plain.Line(plain.Cut(e.RequestURI, maxPath))
	}
	for _, key := range seenKeys {
		if known, ok := e.Annotations[key]; ok {
			parse(known).into(r)
		}
	}
	if e.ResponseStatus != nil {
		r.Code = int(e.ResponseStatus.Code)
		r.Refused, r.Why = refusal(e, r)
	}
	return r
}

// maxPath is how much of a path is kept, in bytes.
const maxPath = 200

// refusal says which layer refused the request, and why.
func refusal(e *auditinternal.Event, r *view.Request) (layer view.Layer, why string) {
	status := e.ResponseStatus
	if status.Code < 400 {
		return "", ""
	}
	why = plain.Line(plain.Cut(status.Message, maxWhy))
	switch {
	case status.Code == 401 && e.User.Username == "":
		layer = view.Authentication
	case e.Annotations["authorization.k8s.io/decision"] == "forbid":
		layer, why = view.Authorization, plain.Line(e.Annotations["authorization.k8s.io/reason"])
		if why == "" {
			why = "no rule allows it"
		}
	case r.Refused != "":
		layer = r.Refused // what saw the object on its way knows best
		if why == "" {
			why = r.Why
		}
	case status.Code == 429:
		layer = view.Overload
	case status.Reason == metav1.StatusReasonInvalid, status.Reason == metav1.StatusReasonBadRequest, status.Code == 422, status.Code == 400:
		layer = view.Validation
	case slices.Contains([]int32{404, 409, 410, 504}, status.Code), status.Code >= 500:
		layer = view.Storage
	}
	return layer, why
}

// maxWhy is how much of a reason is kept, in bytes.
const maxWhy = 300

// seen is what was seen of a request's object in admission. It travels in the request's own audit event, as an annotation.
type seen struct {
	name, uid string
	stages    []view.Stage
	mutations []string
	why       string // it was refused
}

// Signs between the parts of a seen as text, and between the items of one. They are in no name; from reasons they are removed.
const (
	betweenParts = "\x1f"
	betweenItems = "\x1e"
)

// String is for requests that come by the thousand a second: it is quicker to make and to read than JSON.
func (s seen) String() string {
	var b strings.Builder
	b.WriteString(s.name)
	b.WriteString(betweenParts)
	b.WriteString(s.uid)
	b.WriteString(betweenParts)
	for i, stage := range s.stages {
		if i > 0 {
			b.WriteString(betweenItems)
		}
		b.WriteString(strconv.FormatInt(int64(stage.At), 10))
		b.WriteByte(' ')
		b.WriteString(stage.Name)
	}
	b.WriteString(betweenParts)
	b.WriteString(strings.Join(s.mutations, betweenItems))
	b.WriteString(betweenParts)
	b.WriteString(plain.Line(s.why))
	return b.String()
}

// parse reads what String has written.
func parse(text string) (s seen) {
	parts := strings.Split(text, betweenParts)
	if len(parts) != 5 {
		return s
	}
	s.name, s.uid, s.why = parts[0], parts[1], parts[4]
	for item := range strings.SplitSeq(parts[2], betweenItems) {
		at, name, _ := strings.Cut(item, " ")
		if n, err := strconv.ParseInt(at, 10, 64); err == nil {
			s.stages = append(s.stages, view.Stage{Name: name, At: time.Duration(n)})
		}
	}
	if parts[3] != "" {
		s.mutations = strings.Split(parts[3], betweenItems)
	}
	return s
}

// The annotations: what was seen when admission had changed the object, and when it had validated it. Audit wants a domain
// in front.
const (
	mutatedKey   = "kubelab/mutated"
	validatedKey = "kubelab/validated"
)

var seenKeys = []string{mutatedKey, validatedKey}

func (s seen) into(r *view.Request) {
	if r.Object.Name == "" {
		r.Object.Name = plain.Line(s.name)
	}
	if r.Object.UID == "" {
		r.Object.UID = s.uid
	}
	r.Stages, r.Mutations = append(r.Stages, s.stages...), append(r.Mutations, s.mutations...)
	if s.why != "" {
		r.Refused, r.Why = view.Admission, s.why
	}
}

// annotate adds what was seen to the audit event of the request that ctx belongs to. A request that is tried again, as
// updates are after a conflict, keeps what was seen first: an annotation cannot be changed.
func annotate(ctx context.Context, key string, s seen) {
	ac := audit.AuditContextFrom(ctx)
	if _, known := ac.GetEventAnnotation(key); known {
		return
	}
	audit.AddAuditAnnotation(ctx, key, s.String())
}

// sinceReceived is how long ago the request of ctx came in.
func sinceReceived(ctx context.Context) time.Duration {
	ac := audit.AuditContextFrom(ctx)
	if ac == nil || !ac.Enabled() {
		return 0
	}
	return time.Since(ac.GetEventRequestReceivedTimestamp().Time)
}
