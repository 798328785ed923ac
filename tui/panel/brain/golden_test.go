package brain

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/screentest"
)

// situations are panels as they are looked at.
func situations(t testing.TB) map[string]func() (panel.Panel, *panel.State) {
	queue, controllers := answers()
	press := func(p panel.Panel, s *panel.State, keys ...string) {
		for _, k := range keys {
			p.Key(s, k)
		}
	}
	return map[string]func() (panel.Panel, *panel.State){
		"etcd": func() (panel.Panel, *panel.State) { return NewEtcd(), scene(t) },
		"etcd-reads": func() (panel.Panel, *panel.State) {
			p, s := NewEtcd(), scene(t)
			press(p, s, "r")
			p.Answered(s, view.Question{Reads: leaseKey}, view.Answer{Reads: []view.Read{
				{Member: "master-1", Linearizable: view.Got{Error: "context deadline exceeded", Took: 2 * time.Second}, Serializable: view.Got{Modified: 1290, Revision: 1323, Took: 20 * time.Microsecond}},
				{Member: "master-2", Linearizable: view.Got{Modified: 1324, Revision: 1325, Took: 1200 * time.Microsecond}, Serializable: view.Got{Modified: 1324, Revision: 1325, Took: 30 * time.Microsecond}},
				{Member: "master-3", Linearizable: view.Got{Error: "the member does not run"}, Serializable: view.Got{Error: "the member does not run"}},
			}}, nil)
			return p, s
		},
		"etcd-browse": func() (panel.Panel, *panel.State) {
			p, s := NewEtcd(), scene(t)
			press(p, s, "b")
			p.Answered(s, *p.browser.question(), view.Answer{Keys: allKeys()}, nil)
			return p, s
		},
		"etcd-value": func() (panel.Panel, *panel.State) {
			p, s := NewEtcd(), scene(t)
			press(p, s, "down", "down", "down", "enter")
			kv := view.KeyValue{Key: p.browser.path, Created: 1200, Modified: 1325, Version: 8, Size: 1851, Value: "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: demo\nspec:\n  replicas: 4\n"}
			p.Answered(s, *p.browser.question(), view.Answer{Keys: &view.Keys{Member: "master-2", Revision: 1325, Count: 1, List: []view.KeyValue{kv}}}, nil)
			return p, s
		},
		"api": func() (panel.Panel, *panel.State) { return NewAPI(), scene(t) },
		"api-one": func() (panel.Panel, *panel.State) {
			p, s := NewAPI(), scene(t)
			press(p, s, "j", "j", "j", "enter")
			return p, s
		},
		"scheduler": func() (panel.Panel, *panel.State) {
			p, s := NewScheduler(), scene(t)
			p.Answered(s, view.Question{Queue: true}, queue, nil)
			return p, s
		},
		"scheduler-matrix": func() (panel.Panel, *panel.State) {
			p, s := NewScheduler(), scene(t)
			press(p, s, "j", "j", "enter")
			return p, s
		},
		"scheduler-whatif": func() (panel.Panel, *panel.State) {
			p, s := NewScheduler(), scene(t)
			r, _ := p.Key(s, "w")
			asked := r.Prompt.Done("cpu=1 memory=4Gi selector=disk=ssd")
			d := *decisions()[2]
			d.WhatIf, d.Pod = true, object3("pods", "default", "what-if")
			p.Answered(s, *asked.Ask, view.Answer{WhatIf: &d}, nil)
			return p, s
		},
		"controllers": func() (panel.Panel, *panel.State) {
			p, s := NewControllers(), scene(t)
			p.Answered(s, view.Question{Controllers: true}, controllers, nil)
			return p, s
		},
		"controllers-replay": func() (panel.Panel, *panel.State) {
			p, s := NewControllers(), scene(t)
			p.Answered(s, view.Question{Controllers: true}, view.Answer{}, errors.New("how busy controllers were is not in a recording: ask a running lab"))
			return p, s
		},
	}
}

func allKeys() *view.Keys {
	k := &view.Keys{Member: "master-2", Revision: 1325}
	for _, key := range []string{"configmaps/kube-system/coredns", "deployments/demo/web", "leases/kube-system/kube-controller-manager", "leases/kube-system/kube-scheduler", "minions/node-1", "minions/node-2", "pods/demo/web-79997975b5-g8lkz", "pods/demo/web-79997975b5-p6q8x", "ranges/serviceips"} {
		n := int64(len(k.List))
		k.List = append(k.List, view.KeyValue{Key: registry + key, Created: 100 + n, Modified: 1200 + n*7, Version: n + 1, Size: 400 + int(n)*130})
	}
	k.Count = int64(len(k.List))
	return k
}

func TestGoldens(t *testing.T) {
	for name, build := range situations(t) {
		for _, size := range [][2]int{{78, 20}, {100, 56}, {118, 36}} {
			w, h := size[0], size[1]
			t.Run(fmt.Sprintf("%s-%dx%d", name, w, h), func(t *testing.T) {
				p, s := build()
				got := p.Title(s) + "\n" + screentest.Trim(ansi.Strip(p.View(s, w, h)))
				screentest.Golden(t, fmt.Sprintf("%s-%dx%d.txt", name, w, h), got)
			})
		}
	}
}
