package objects

import (
	"errors"
	"strings"
	"time"

	"kubelab/core/view"
	"kubelab/tui/panel"
)

func split(text string) []string { return strings.Split(text, "/") }

var errSilent = errors.New("node-1 does not answer: context deadline exceeded")

// answerTo is what a lab would say.
func answerTo(q view.Question) view.Answer {
	switch {
	case q.Node != "":
		web := view.Object{Resource: "pods", Namespace: "demo", Name: "web-79997975b5-g8lkz"}
		return view.Answer{Node: &view.NodeDetail{Node: q.Node, Snapshots: 14,
			Kubelet: view.Kubelet{Pods: 3, SyncMean: 2310 * time.Microsecond, Syncs: 214, CRICalls: map[string]int64{"list_containers": 96, "version": 11, "podsandbox_status": 48, "exec_sync": 2},
				CRIErrors: map[string]int64{"exec_sync": 2}, Probes: map[string]int64{"successful": 61, "failed": 4}},
			Containers: []view.Container{
				{ID: "0b81e1e3ca3a4ce2b05d7af3efc0592a", Pod: web, Image: "registry.k8s.io/pause:3.10", Status: "running", PID: 14410, Process: []int{14410}},
				{ID: "4ce4e8fcfd4146a971c078692cef5b69", Pod: web, Name: "web", Image: "lab.local/demo:1", Status: "running", PID: 14528, Process: []int{14528, 14530}},
				{ID: "99a4e8fcfd4146a971c078692cef5b69", Pod: view.Object{Resource: "pods", Namespace: "demo", Name: "web-79997975b5-h6g5m"}, Name: "web", Image: "lab.local/demo:1", Status: "stopped"},
			},
			Images: []view.Image{{Name: "lab.local/coredns:1", Size: 46 << 20}, {Name: "lab.local/demo:1", Size: 7 << 20}, {Name: "lab.local/pause:1", Size: 700 << 10}}}}
	case q.Proxy != nil:
		p := &view.Proxy{Node: q.Proxy.Node, Service: q.Proxy.Service, Endpoints: []string{"10.101.128.3:8080", "10.101.128.4:8080", "10.101.131.9:8080"}, Rules: []string{
			"map service-ips: 10.101.67.39 . tcp . 80 : goto service-ULMVA6XW-demo/web/tcp/http",
			"chain service-ULMVA6XW-demo/web/tcp/http: ip daddr 10.101.67.39 tcp dport 80 ip saddr != 10.101.128.0/17 jump mark-for-masquerade",
			"chain service-ULMVA6XW-demo/web/tcp/http: numgen random mod 3 vmap { 0 : goto endpoint-GTK6MW7G, 1 : goto endpoint-ABCDEFGH, 2 : goto endpoint-HGFEDCBA }",
			"chain endpoint-GTK6MW7G-demo/web/tcp/http__10.101.128.3/8080: meta l4proto tcp dnat to 10.101.128.3:8080"}}
		if q.Proxy.Try > 0 {
			p.Answered, p.Failed, p.Why = map[string]int{"web-79997975b5-g8lkz": 34, "web-79997975b5-p6q8x": 31}, 35, "connection refused"
		}
		return view.Answer{Proxy: p}
	case q.Keys != nil:
		return view.Answer{Keys: &view.Keys{Member: "master-1", Revision: 1325, Count: 1, List: []view.KeyValue{
			{Key: "/registry/" + q.Keys.Prefix, Created: 911, Modified: 1320, Version: 7, Size: 2431, Value: podYAML}}}}
	case q.Logs != nil:
		return view.Answer{Logs: []string{"serving on :8080 as web-79997975b5-h6g5m", "GET / 200 0.4ms", "W1124 12:12:20.100000 1 probe is slow: 812ms", "E1124 12:12:22.900000 1 out of patience, exiting"}}
	case q.Story != nil:
		story := &view.Story{Object: *q.Story, Since: before(40 * time.Second)}
		last := time.Time{}
		for _, e := range merged(&panel.State{Events: happened()}, told, func(e *view.Event) bool { return e.Object != nil && e.Object.Same(*q.Story) }) {
			entry := view.Entry{Event: *e}
			if !last.IsZero() {
				entry.After = e.Time.Sub(last)
			}
			last = e.Time
			story.Entries = append(story.Entries, entry)
		}
		return view.Answer{Story: story}
	case q.List != nil:
		row := func(ns, name, data, age string) view.ListRow {
			return view.ListRow{Object: view.Object{Resource: "configmaps", Namespace: ns, Name: name}, Cells: []string{ns, name, data, age}}
		}
		return view.Answer{List: &view.List{Resource: "configmaps", Columns: []string{"Namespace", "Name", "Data", "Age"}, Rows: []view.ListRow{
			row("demo", "kube-root-ca.crt", "1", "21s"), row("demo", "page", "12", "2d4h"), row("kube-system", "coredns", "1", "3h12m"),
			row("kube-system", "extension-apiserver-authentication", "6", "3h12m"), row("kube-system", "lab-stopwatch-15", "3", "9s")}}}
	}
	return view.Answer{}
}

const podYAML = `apiVersion: v1
kind: Pod
metadata:
  creationTimestamp: "2026-11-24T12:12:02Z"
  name: web-79997975b5-h6g5m
  namespace: demo
spec:
  containers:
  - image: lab.local/demo:1
    imagePullPolicy: IfNotPresent
    name: web
    ports:
    - containerPort: 8080
      name: http
      protocol: TCP
    readinessProbe:
      httpGet:
        path: /healthz
        port: 8080
  - env:
    - name: MODE
      value: quiet
    image: lab.local/sidecar:1
    name: sidecar
  nodeName: node-1
status:
  conditions:
  - lastProbeTime: null
    status: "True"
    type: Initialized
  containerStatuses:
  - containerID: containerd://9b1
    image: lab.local/sidecar:1
    lastState: {}
    name: sidecar
    ready: true
    restartCount: 0
    state:
      running:
        startedAt: "2026-11-24T12:12:03Z"
  - containerID: containerd://4ce
    image: lab.local/demo:1
    lastState:
      terminated:
        exitCode: 1
        reason: Error
    name: web
    ready: false
    restartCount: 3
    state:
      waiting:
        message: back-off 40s restarting failed container
        reason: CrashLoopBackOff
  phase: Running
`
