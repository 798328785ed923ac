package story

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/view"
)

// lines are a story's entries, each with the milliseconds before it.
func lines(s view.Story) []string {
	var list []string
	for _, e := range s.Entries {
		list = append(list, fmt.Sprintf("+%d %s %s", e.After.Milliseconds(), e.Kind, e.Text))
	}
	return list
}

func expect(t *testing.T, got view.Story, want string) {
	t.Helper()
	if g, w := strings.Join(lines(got), "\n"), strings.TrimSpace(want); g != w {
		t.Fatalf("story of %s:\n%s\nwant:\n%s", got.Object, g, w)
	}
}

const deploymentStory = `
+0 request admin: create deployments/demo/web
+2 key deployments/demo/web created
+17 request deployment-controller: create replicasets/demo/web-5f
+2 key replicasets/demo/web-5f created
+6 request replicaset-controller: create pods/demo/web-5f-1
+2 key pods/demo/web-5f-1 created: Pending
+3 decision web-5f-1 goes to node-1
+1 request kube-scheduler: create pods/demo/web-5f-1 binding
+2 key pods/demo/web-5f-1: Pending on node-1
+33 container /tasks/start 
+30 container /tasks/start web
+0 event Started: container web
+10 request system:node:node-1: patch pods/demo/web-5f-1 status
+2 key pods/demo/web-5f-1: Running, 1 of 1 ready on node-1
+8 request endpointslice-controller: update endpointslices/demo/web-x
+2 key endpointslices/demo/web-x: endpoints 10.100.129.2
+13 rule rule to 10.100.129.2:8080
+0 rule rule to 10.100.129.2:8080
+12 request replicaset-controller: update replicasets/demo/web-5f status
+2 key replicasets/demo/web-5f: 1 of 1 ready
+1 request deployment-controller: update deployments/demo/web status
+2 key deployments/demo/web: 1 of 1 ready
`

func TestTheStoryOfADeployment(t *testing.T) {
	s := create()
	for seed := range uint64(20) {
		expect(t, Tell(s.shuffled(seed), deployment, began), deploymentStory)
	}
	byName := deployment
	byName.UID = ""
	expect(t, Tell(s.events, byName, began), deploymentStory)
}

func TestTheStoryOfAPodIsItsOwn(t *testing.T) {
	s := create()
	s.replace()
	for seed := range uint64(20) {
		expect(t, Tell(s.shuffled(seed), pod1, began), `
+0 request replicaset-controller: create pods/demo/web-5f-1
+2 key pods/demo/web-5f-1 created: Pending
+3 decision web-5f-1 goes to node-1
+1 request kube-scheduler: create pods/demo/web-5f-1 binding
+2 key pods/demo/web-5f-1: Pending on node-1
+33 container /tasks/start 
+30 container /tasks/start web
+0 event Started: container web
+10 request system:node:node-1: patch pods/demo/web-5f-1 status
+2 key pods/demo/web-5f-1: Running, 1 of 1 ready on node-1
+8 request endpointslice-controller: update endpointslices/demo/web-x
+2 key endpointslices/demo/web-x: endpoints 10.100.129.2
+13 rule rule to 10.100.129.2:8080
+0 rule rule to 10.100.129.2:8080
+1018 request admin: delete pods/demo/web-5f-1
+2 key pods/demo/web-5f-1: Terminating
+6 request endpointslice-controller: update endpointslices/demo/web-x
+2 key endpointslices/demo/web-x: endpoints 10.100.129.2 (not ready)
+92 request endpointslice-controller: update endpointslices/demo/web-x
+2 key endpointslices/demo/web-x: endpoints 10.100.130.2
+25 rule no rule to 10.100.129.2:8080
+0 rule no rule to 10.100.129.2:8080
+0 container /tasks/exit web
+6 request system:node:node-1: delete pods/demo/web-5f-1
+2 key pods/demo/web-5f-1 deleted
`)
	}
	replacement := Tell(s.shuffled(1), pod2, began)
	if l := lines(replacement); len(l) != 14 || !strings.HasSuffix(l[0], "create pods/demo/web-5f-2") || !strings.HasSuffix(l[13], "rule to "+address2+":8080") {
		t.Errorf("the story of the replacement is:\n%s", strings.Join(l, "\n"))
	}
	both := lines(Tell(s.shuffled(2), deployment, began))
	for _, of := range []view.Object{pod1, pod2} {
		if !slices.ContainsFunc(both, func(l string) bool { return strings.HasSuffix(l, "create "+of.String()) }) {
			t.Errorf("the Deployment's story has no %s:\n%s", of, strings.Join(both, "\n"))
		}
	}
}

func TestTheStoryOfAService(t *testing.T) {
	s := create()
	want := `
+0 request admin: create services/demo/web
+2 key services/demo/web created
+1 request endpointslice-controller: update endpointslices/demo/web-x
+2 key endpointslices/demo/web-x created: no endpoints
+631 request endpointslice-controller: update endpointslices/demo/web-x
+2 key endpointslices/demo/web-x: endpoints 10.100.129.2
+13 rule rule to 10.100.129.2:8080
+0 rule rule to 10.100.129.2:8080
`
	for seed := range uint64(20) {
		expect(t, Tell(s.shuffled(seed), service, began), want)
	}
	// A slice that people made belongs to the Service without being owned by it.
	for i := range s.events {
		if e := &s.events[i]; e.Object != nil && e.Object.Resource == endpointSlices && e.Key != nil {
			e.Key.Owners = nil
		}
	}
	expect(t, Tell(s.events, service, began), want)
}

func TestNodesWithoutTheirHeartbeats(t *testing.T) {
	s := newScene()
	node := view.Object{Resource: nodes, Name: "node-1", UID: "u-node-1"}
	changed := func(text string) {
		s.write("node-controller", "patch", node, "status", "nodes/node-1: "+text, view.KeyChange{})
		s.tell(view.Event{Kind: view.NodeChanged, Object: &node, Text: "node-1: " + text, Time: s.now.Add(-time.Millisecond)})
		s.wait(500)
	}
	s.noise()
	changed("Ready")
	s.noise()
	s.wait(500)
	changed("NotReady")
	s.noise()
	s.write("node-controller", "patch", node, "", "nodes/node-1: NotReady, tainted", view.KeyChange{})
	expect(t, Tell(s.shuffled(3), node, began), `
+0 request node-controller: patch nodes/node-1 status
+2 key nodes/node-1: Ready
+1013 request node-controller: patch nodes/node-1 status
+2 key nodes/node-1: NotReady
+513 request node-controller: patch nodes/node-1
+2 key nodes/node-1: NotReady, tainted
`)
	// Where the change of the key is forgotten, what follows from it is told instead.
	alone := slices.DeleteFunc(slices.Clone(s.events), func(e view.Event) bool { return e.Kind == view.KeyChanged || e.Kind == view.Requested })
	expect(t, Tell(alone, node, began), "+0 node node-1: Ready\n+1015 node node-1: NotReady")
}

func TestFaultsThatCameMeanwhile(t *testing.T) {
	s := newScene()
	fault := func(k view.EventKind, targets ...string) {
		text := string(k) + " " + strings.Join(targets, " ")
		s.tell(view.Event{Kind: k, Text: text, Record: &view.Record{Action: view.Action{Verb: view.Cut, Targets: targets}}})
		s.wait(10)
	}
	fault(view.FaultInjected, "node-1", "master-1") // before there was a pod
	s.pod(pod1, "node-1", address1, "Running")
	s.wait(10)
	fault(view.FaultInjected, "node-2", "master-1")
	fault(view.FaultInjected, "node-1/kubelet")
	fault(view.FaultMeasured, "node-1/kubelet")
	fault(view.FaultInjected, "master-1", "node-3,node-1")
	fault(view.FaultHealed, "node-1/kubelet")
	fault(view.FaultInjected, "container/demo/web-5f-1/web", "node-3")
	fault(view.FaultInjected, "pod/demo/web-5f-2")
	fault(view.FaultInjected, "pod", "pod/demo", "")
	s.pod(pod1, "node-1", address1, "Error")
	s.wait(1)
	fault(view.FaultHealed, "node-1", "master-1") // after the last that was heard of the pod
	expect(t, Tell(s.shuffled(4), pod1, began), `
+0 request system:node:node-1: patch pods/demo/web-5f-1 status
+2 key pods/demo/web-5f-1: Running
+21 fault-injected fault-injected node-1/kubelet
+20 fault-injected fault-injected master-1 node-3,node-1
+10 fault-healed fault-healed node-1/kubelet
+10 fault-injected fault-injected container/demo/web-5f-1/web node-3
+30 request system:node:node-1: patch pods/demo/web-5f-1 status
+2 key pods/demo/web-5f-1: Error
`)
}

func TestAnAddressThatIsUsedAgain(t *testing.T) {
	s := newScene()
	s.rule("node-1", address1+":8080", false) // of a pod that nobody knows
	s.wait(1)
	s.pod(pod1, "node-1", address1, "Running")
	s.rule("node-1", address1+":8080", false)
	s.wait(1)
	s.pod(pod2, "node-1", address1, "Running")
	s.rule("node-1", address1+":8080", true)
	for of, want := range map[view.Object]string{pod1: "rule to " + address1 + ":8080", pod2: "no rule to " + address1 + ":8080"} {
		var rules []string
		for _, e := range Tell(s.shuffled(5), of, began).Entries {
			if e.Rule != nil {
				rules = append(rules, e.Text)
			}
		}
		if !slices.Equal(rules, []string{want}) {
			t.Errorf("the rules of %s are %q, want %q", of, rules, want)
		}
	}
}

func TestWhoeverIsCalledTheSame(t *testing.T) {
	s := newScene()
	first, second := object(pods, "db-0", "u-first"), object(pods, "db-0", "u-second")
	s.key(first, "the first", view.KeyChange{})
	s.wait(1000)
	s.key(second, "the second", view.KeyChange{})
	expect(t, Tell(s.events, first, began), "+0 key the first")
	expect(t, Tell(s.events, second, began), "+0 key the second")
	expect(t, Tell(s.events, object(pods, "db-0", ""), began), "+0 key the first\n+1000 key the second")
	expect(t, Tell(s.events, object(pods, "db-0", "u-third"), began), "")
}

func TestRequestsComeBeforeWhatTheyDo(t *testing.T) {
	for name, late := range map[string]time.Duration{"at the same time": 0, "by a clock that is late": -time.Millisecond / 2} {
		s := newScene()
		at := s.now.Add(late)
		s.tell(view.Event{Kind: view.KeyChanged, Time: at, Object: &pod1, Text: "changed", Key: &view.KeyChange{}})
		s.tell(view.Event{Kind: view.Requested, Time: s.now.Add(time.Millisecond), Object: &pod1, Text: "asked",
			Request: &view.Request{Verb: "patch", Object: pod1, Code: 200, Began: s.now, Took: time.Millisecond}})
		t.Run(name, func(t *testing.T) {
			got := Tell(s.events, pod1, began)
			expect(t, got, "+0 request asked\n+0 key changed")
			if !got.Entries[0].Time.Equal(at) {
				t.Errorf("the request is told at %s, want %s", got.Entries[0].Time, at)
			}
		})
	}
	// A reaction that comes at once has made its own change, and stays behind the one before it.
	s := newScene()
	s.key(pod1, "first", view.KeyChange{})
	s.now = s.now.Add(time.Millisecond / 2)
	s.write("controller", "patch", pod1, "", "second", view.KeyChange{})
	expect(t, Tell(s.events, pod1, began), "+0 key first\n+0 request controller: patch pods/demo/web-5f-1\n+2 key second")
}

func TestWhatLastsIsToldOnce(t *testing.T) {
	s := newScene()
	for _, took := range []time.Duration{time.Millisecond, time.Minute} {
		s.tell(view.Event{Kind: view.Requested, Time: began.Add(took), Object: &pod1, Text: took.String(),
			Request: &view.Request{ID: "a", Verb: "create", Object: pod1, Sub: "exec", Code: 101, Began: began, Took: took, Long: true}})
	}
	expect(t, Tell(s.shuffled(1), pod1, began), "+0 request 1ms")
}

func TestAnObjectThatNeverWas(t *testing.T) {
	s := create()
	of := object(pods, "nobody", "")
	got := Tell(s.events, of, began)
	if got.Entries == nil || len(got.Entries) > 0 || got.Object != of || !got.Since.Equal(began) {
		t.Errorf("got %+v, want no entries", got)
	}
	if got := Tell(nil, of, began); got.Entries == nil || len(got.Entries) > 0 {
		t.Errorf("of nothing: got %+v, want no entries", got)
	}
}
