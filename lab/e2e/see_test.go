package e2e

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kubelab/core/view"
)

// sees WHAT compares what the lab shows with an independent reading of the same.
func sees(ts *testscript.TestScript, neg bool, args []string) {
	readings := map[string]func(*testscript.TestScript){
		"audit": seesAudit, "etcd": seesEtcd, "scores": seesScores, "pids": seesPIDs, "endpoints": seesEndpoints, "story": seesStory, "held": seesHeld,
		"refusals": seesRefusals,
	}
	if neg || len(args) != 1 || readings[args[0]] == nil {
		ts.Fatalf("usage: sees %s", strings.Join(slices.Sorted(maps.Keys(readings)), "|"))
	}
	readings[args[0]](ts)
}

// run runs a command that must succeed.
func run(ts *testscript.TestScript, args ...string) string {
	c := command(ts, args)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		ts.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// read runs a command that prints JSON.
func read(ts *testscript.TestScript, into any, args ...string) {
	out := run(ts, args...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		ts.Fatalf("%s: %v in %.300s", strings.Join(args, " "), err, out)
	}
}

// events are those that a command prints, one a line.
func events(ts *testscript.TestScript, args ...string) (list []view.Event) {
	for line := range strings.Lines(run(ts, args...)) {
		var e view.Event
		ts.Check(json.Unmarshal([]byte(line), &e))
		list = append(list, e)
	}
	return list
}

func status(ts *testscript.TestScript) (s view.Snapshot) {
	read(ts, &s, "lab", "status", "--json")
	return s
}

// seesAudit holds the requests that were seen against the API servers' own count of them. All API servers of a lab count
// together: they are one process.
func seesAudit(ts *testscript.TestScript) {
	verbs := map[string]string{"POST": "create", "DELETE": "delete"}
	counted := func() map[string]int {
		n := map[string]int{}
		line := regexp.MustCompile(`(?m)^apiserver_request_total\{([^}]*)\} (\d+)$`)
		for _, m := range line.FindAllStringSubmatch(run(ts, "lab", "kubectl", "get", "--raw", "/metrics"), -1) {
			if !strings.Contains(m[1], `resource="configmaps"`) {
				continue
			}
			for verb := range verbs {
				if strings.Contains(m[1], `verb="`+verb+`"`) {
					value, err := strconv.Atoi(m[2])
					ts.Check(err)
					n[verb] += value
				}
			}
		}
		return n
	}
	seen := func() map[string]int {
		n := map[string]int{}
		for _, e := range events(ts, "lab", "requests", "--json", "--writes", "--last", "100000") {
			for counted, verb := range verbs {
				if e.Request.Object.Resource == "configmaps" && e.Request.Verb == verb {
					n[counted]++
				}
			}
		}
		return n
	}
	countedBefore, seenBefore := counted(), seen()
	for i := range 20 {
		run(ts, "lab", "kubectl", "create", "configmap", fmt.Sprint("audit-", i))
	}
	_, _ = output(ts, []string{"lab", "kubectl", "create", "configmap", "audit-0"}) // there is one: refused
	for i := range 10 {
		run(ts, "lab", "kubectl", "delete", "configmap", fmt.Sprint("audit-", i))
	}
	countedAfter, seenAfter := counted(), seen()
	for verb := range verbs {
		c, s := countedAfter[verb]-countedBefore[verb], seenAfter[verb]-seenBefore[verb]
		if c != s || c < 10 {
			ts.Fatalf("%s of configmaps: the API servers counted %d, %d were seen", verb, c, s)
		}
		ts.Logf("%s of configmaps: %d counted, %d seen", verb, c, s)
	}
}

// seesRefusals has each layer of an API server refuse something, and wants it to be shown as what refused it.
func seesRefusals(ts *testscript.TestScript) {
	s := status(ts)
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // what it says is not the question
	defer client.CloseIdleConnections()
	r, err := http.NewRequest(http.MethodGet, "https://"+s.Balancer.Address+":6443/api/v1/nodes", nil)
	ts.Check(err)
	r.Header.Set("Authorization", "Bearer none")
	answer, err := client.Do(r)
	ts.Check(err)
	answer.Body.Close()
	for _, args := range [][]string{
		{"get", "pods", "--as", "nobody"},
		{"create", "-f", "forbidden.yaml"},
		{"create", "-f", "invalid.yaml"},
		{"delete", "configmap", "none"},
	} {
		if out, err := output(ts, append([]string{"lab", "kubectl"}, args...)); err == nil {
			ts.Fatalf("kubectl %v was not refused: %s", args, out)
		}
	}
	refused := events(ts, "lab", "requests", "--refused", "--json", "--last", "10000")
	for _, want := range []struct {
		layer view.Layer
		code  int
		is    func(*view.Request) bool
	}{
		{view.Authentication, 401, func(r *view.Request) bool { return r.User == "" }},
		{view.Authorization, 403, func(r *view.Request) bool { return r.As == "nobody" && r.Object.Resource == "pods" }},
		{view.Admission, 403, func(r *view.Request) bool {
			return r.Object.Resource == "pods" && strings.Contains(r.Why, "no PriorityClass")
		}},
		{view.Validation, 422, func(r *view.Request) bool {
			return r.Object.Resource == "services" && strings.Contains(r.Why, "Invalid value")
		}},
		{view.Storage, 404, func(r *view.Request) bool { return r.Verb == "delete" && r.Object.Name == "none" }},
	} {
		i := slices.IndexFunc(refused, func(e view.Event) bool { return e.Request.Code == want.code && want.is(e.Request) })
		if i < 0 {
			ts.Fatalf("no request that was refused with %d is shown as it was", want.code)
		}
		if got := refused[i].Request.Refused; got != want.layer {
			ts.Fatalf("%s refused, shown is %s: %s", want.layer, got, refused[i].Text)
		}
	}
}

// seesEtcd holds what is shown of the members against etcdctl.
func seesEtcd(ts *testscript.TestScript) {
	var told []struct {
		Endpoint string
		Status   struct {
			Header struct {
				MemberID uint64 `json:"member_id"`
			}
			Leader    uint64
			RaftTerm  uint64
			DBSize    int64 `json:"dbSize"`
			RaftIndex uint64
		}
	}
	before := status(ts)
	read(ts, &told, "lab", "etcdctl", "endpoint", "status", "--cluster", "-w", "json")
	after := status(ts)
	if len(told) != len(after.Etcd.Each) || len(told) == 0 {
		ts.Fatalf("etcdctl knows of %d members, %d are shown", len(told), len(after.Etcd.Each))
	}
	for _, t := range told {
		i := slices.IndexFunc(after.Masters, func(m view.Master) bool { return strings.Contains(t.Endpoint, "//"+m.IP+":") })
		if i < 0 {
			ts.Fatalf("etcdctl knows of %s, no master has that address", t.Endpoint)
		}
		was, is := before.Etcd.Each[i], after.Etcd.Each[i]
		id := strconv.FormatUint(t.Status.Header.MemberID, 16)
		leads := t.Status.Leader == t.Status.Header.MemberID
		switch {
		case is.ID != id, is.Term != t.Status.RaftTerm, (is.Role == "leader") != leads, leads != (after.Etcd.Leader == is.Name):
			ts.Fatalf("%s: etcdctl says member %s, term %d, leads %t; shown is %+v", is.Name, id, t.Status.RaftTerm, leads, is)
		case t.Status.RaftIndex < was.Applied || t.Status.RaftIndex > is.Committed+1000:
			ts.Fatalf("%s: etcdctl says index %d, shown was %d and then %d", is.Name, t.Status.RaftIndex, was.Applied, is.Committed)
		case t.Status.DBSize < was.Size/2 || t.Status.DBSize > 2*is.Size:
			ts.Fatalf("%s: etcdctl says %d bytes, shown are %d", is.Name, t.Status.DBSize, is.Size)
		}
		for peer, connected := range is.Peers {
			if !connected {
				ts.Fatalf("%s has no connection to %s, in a healthy lab", is.Name, peer)
			}
		}
	}
}

// seesScores holds a decision against what the scheduler logs of it at its most talkative.
func seesScores(ts *testscript.TestScript) {
	s := status(ts)
	leader := s.Leases["kube-scheduler"]
	i := slices.IndexFunc(s.Masters, func(m view.Master) bool { return m.Name == leader })
	verbosity := func(v string) {
		file := ts.MkAbs("verbosity")
		ts.Check(os.WriteFile(file, []byte(v), 0o600))
		run(ts, "lab", "kubectl", "replace", "--raw", "/debug/flags/v", "-f", file, "--server", "https://"+s.Masters[i].IP+":10259")
	}
	verbosity("10")
	defer verbosity("0")
	run(ts, "lab", "kubectl", "run", "scored", "--image", "lab.local/demo:1")
	run(ts, "lab", "kubectl", "wait", "pod/scored", "--for=condition=PodScheduled", "--timeout=30s")
	logged := map[string]int64{}
	line := regexp.MustCompile(`"Plugin scored node for pod" pod="default/scored" plugin="(\w+)" node="([\w-]+)" score=(\d+)`)
	for begin := time.Now(); len(logged) == 0 && time.Since(begin) < 10*time.Second; time.Sleep(100 * time.Millisecond) {
		for _, m := range line.FindAllStringSubmatch(run(ts, "lab", "logs", leader+"/kube-scheduler", "--tail", "20000"), -1) {
			logged[m[2]+" "+m[1]], _ = strconv.ParseInt(m[3], 10, 64)
		}
	}
	var decided []view.Event
	read(ts, &decided, "lab", "decisions", "default/scored", "--json")
	shown := map[string]int64{}
	for _, v := range decided[len(decided)-1].Decision.Nodes {
		sum := int64(0)
		for plugin, score := range v.Scores {
			shown[v.Node+" "+plugin] = score
			sum += score
		}
		if sum != v.Total {
			ts.Fatalf("scores of %s sum up to %d, the total is %d", v.Node, sum, v.Total)
		}
	}
	if len(logged) == 0 || !maps.Equal(logged, shown) {
		ts.Fatalf("the scheduler logged %v, shown is %v", logged, shown)
	}
	var node string
	node = run(ts, "lab", "kubectl", "get", "pod", "scored", "-o", "jsonpath={.spec.nodeName}")
	if d := decided[len(decided)-1].Decision; d.Node != node {
		ts.Fatalf("the pod is on %s, the decision says %s", node, d.Node)
	}
	ts.Logf("%d scores, as logged", len(shown))
}

// seesPIDs holds processes against /proc.
func seesPIDs(ts *testscript.TestScript) {
	containers := 0
	for _, n := range status(ts).Nodes {
		for name, c := range n.Components {
			line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", c.PID))
			ts.Check(err)
			if !strings.Contains(string(line), name) {
				ts.Fatalf("%s/%s is shown as process %d, which is %q", n.Name, name, c.PID, line)
			}
		}
		var answer view.Answer
		read(ts, &answer, "lab", "ask", "node", n.Name, "--json")
		for _, c := range answer.Node.Containers {
			if c.Status != "running" {
				continue
			}
			containers++
			cgroup, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", c.PID))
			ts.Check(err)
			if !strings.Contains(string(cgroup), c.ID) || !slices.Contains(c.Process, c.PID) {
				ts.Fatalf("container %s of %s is shown as process %d of %v, which is in\n%s", c.ID, n.Name, c.PID, c.Process, cgroup)
			}
		}
	}
	if containers < 4 {
		ts.Fatalf("only %d containers are shown", containers)
	}
}

// seesEndpoints holds the endpoints that a node's rules lead to against the EndpointSlices, and against who answers 200 requests
// that are made from a pod.
func seesEndpoints(ts *testscript.TestScript) {
	var answer view.Answer
	read(ts, &answer, "lab", "ask", "proxy", "node-1", "demo/web", "--try", "200", "--json")
	p := answer.Proxy
	addresses := strings.Fields(run(ts, "lab", "kubectl", "get", "endpointslices", "-n", "demo", "-l", "kubernetes.io/service-name=web",
		"-o", "jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].addresses[0]}"))
	var rules []string
	for _, e := range p.Endpoints {
		host, _, _ := strings.Cut(e, ":")
		rules = append(rules, host)
	}
	slices.Sort(addresses)
	slices.Sort(rules)
	if !slices.Equal(addresses, rules) || len(rules) == 0 {
		ts.Fatalf("the EndpointSlices have %v, the rules lead to %v", addresses, rules)
	}
	counted := 0
	for _, n := range p.Answered {
		counted += n
	}
	if counted != 200 || p.Failed != 0 {
		ts.Fatalf("of 200 requests %d were answered and %d failed: %s", counted, p.Failed, p.Why)
	}
	out := run(ts, "lab", "kubectl", "exec", "-n", "demo", "toolbox", "--", "sh", "-c", "for i in $(seq 200); do wget -qO- http://web | head -1; done")
	independent := map[string]bool{}
	for _, name := range regexp.MustCompile(`web-\w+-\w+`).FindAllString(out, -1) {
		independent[name] = true
	}
	if !maps.Equal(independent, keysOf(p.Answered)) {
		ts.Fatalf("200 requests from a pod were answered by %v, those from the node by %v", independent, p.Answered)
	}
}

func keysOf(m map[string]int) map[string]bool {
	set := map[string]bool{}
	for name := range m {
		set[name] = true
	}
	return set
}

// seesStory holds the moments of a pod's story against the ones that its object has, which are whole seconds.
func seesStory(ts *testscript.TestScript) {
	run(ts, "lab", "kubectl", "run", "told", "-n", "demo", "--image", "lab.local/demo:1", "--labels", "app=web", "--env", "POD_NAME=told",
		"--overrides", `{"spec":{"containers":[{"name":"told","image":"lab.local/demo:1","ports":[{"name":"http","containerPort":8080}],"readinessProbe":{"httpGet":{"path":"/","port":8080},"periodSeconds":1}}]}}`)
	run(ts, "lab", "kubectl", "wait", "pod/told", "-n", "demo", "--for=condition=Ready", "--timeout=60s")
	var pod struct {
		Metadata struct{ CreationTimestamp time.Time }
		Status   struct {
			Conditions []struct {
				Type               string
				LastTransitionTime time.Time
			}
			ContainerStatuses []struct {
				State struct{ Running struct{ StartedAt time.Time } }
			}
		}
	}
	read(ts, &pod, "lab", "kubectl", "get", "pod", "told", "-n", "demo", "-o", "json")
	condition := func(kind string) time.Time {
		for _, c := range pod.Status.Conditions {
			if c.Type == kind {
				return c.LastTransitionTime
			}
		}
		ts.Fatalf("the pod has no condition %s", kind)
		return time.Time{}
	}
	wanted := []struct {
		what string
		is   func(view.Entry) bool
		at   time.Time // zero: any time
	}{
		{"the request", func(e view.Entry) bool { return e.Request != nil && e.Request.Verb == "create" && e.Request.Sub == "" }, pod.Metadata.CreationTimestamp},
		{"its key in etcd", func(e view.Entry) bool { return e.Key != nil && e.Key.Version == 1 && e.Object.Resource == "pods" }, pod.Metadata.CreationTimestamp},
		{"the decision", func(e view.Entry) bool { return e.Decision != nil }, condition("PodScheduled")},
		{"the binding", func(e view.Entry) bool { return e.Request != nil && e.Request.Sub == "binding" }, condition("PodScheduled")},
		{"the sandbox", func(e view.Entry) bool {
			return e.Container != nil && e.Container.Topic == "/tasks/start" && e.Container.Container == ""
		}, time.Time{}},
		{"the container", func(e view.Entry) bool {
			return e.Container != nil && e.Container.Topic == "/tasks/start" && e.Container.Container == "told"
		}, pod.Status.ContainerStatuses[0].State.Running.StartedAt},
		{"Ready", func(e view.Entry) bool { return e.Key != nil && strings.Contains(e.Text, "1 of 1 ready") }, condition("Ready")},
		{"its endpoint", func(e view.Entry) bool {
			return e.Key != nil && e.Object.Resource == "endpointslices" && e.Key.Version > 1
		}, time.Time{}},
		{"a rule", func(e view.Entry) bool { return e.Rule != nil }, time.Time{}},
	}
	var s view.Story
	var missing string
	for begin := time.Now(); time.Since(begin) < 15*time.Second; time.Sleep(200 * time.Millisecond) {
		read(ts, &s, "lab", "story", "pod/demo/told", "--json")
		missing = ""
		at := -1
		for _, w := range wanted {
			after := slices.IndexFunc(s.Entries[at+1:], w.is)
			i := at + 1 + after
			switch {
			case after < 0:
				missing = w.what + " is not told, or too early"
			// The object has whole seconds, cut off; what the components write they write some moments after it was.
			case !w.at.IsZero() && (s.Entries[i].Time.Before(w.at.Add(-time.Second)) || s.Entries[i].Time.After(w.at.Add(2*time.Second))):
				missing = fmt.Sprintf("%s is told at %s, the object says %s", w.what, s.Entries[i].Time, w.at)
			}
			if missing != "" {
				break
			}
			at = i
		}
		if missing == "" {
			ts.Logf("%d steps, as the object says", len(s.Entries))
			return
		}
	}
	for _, e := range s.Entries {
		ts.Logf("%s %s %s", e.Time.Format("15:04:05.000"), e.Source, e.Text)
	}
	ts.Fatalf("%s", missing)
}

// seesHeld looks for the value of a Secret in all that the lab shows, records and logs.
func seesHeld(ts *testscript.TestScript) {
	const value, encoded = "hunter2-is-no-password", "aHVudGVyMi1pcy1uby1wYXNzd29yZA"
	run(ts, "lab", "kubectl", "create", "secret", "generic", "held", "--from-literal=password="+value)
	run(ts, "lab", "record", "held.rec", "--for", "1s")
	texts := map[string]string{
		"lab events":   run(ts, "lab", "events", "--all", "--json", "--last", "100000"),
		"lab story":    run(ts, "lab", "story", "secret/default/held", "--json"),
		"lab keys":     run(ts, "lab", "keys", "secrets/default/held"),
		"lab status":   run(ts, "lab", "status", "--json"),
		"a recording":  run(ts, "lab", "events", "--all", "--json", "--last", "100000", "--recording", "held.rec"),
		"lab requests": run(ts, "lab", "requests", "--json", "--last", "100000"),
	}
	dir := filepath.Join(ts.Getenv("LAB_HOME"), ts.Getenv("LAB_NAME"))
	ts.Check(filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".log") {
			b, err := os.ReadFile(path)
			texts[path] = string(b)
			return err
		}
		return nil
	}))
	for name, text := range texts {
		if strings.Contains(text, value) || strings.Contains(text, encoded) {
			ts.Fatalf("the value of a Secret is in %s", name)
		}
		if text == "" {
			ts.Logf("%s is empty", name)
		}
	}
	if shown := run(ts, "lab", "keys", "secrets/default/held", "--secrets"); !strings.Contains(shown, encoded) {
		ts.Fatalf("asked for, it is not shown:\n%s", shown)
	}
}
