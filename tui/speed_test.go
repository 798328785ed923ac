package tui_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui"
	"kubelab/tui/panel"
	"kubelab/tui/panel/all"
	"kubelab/tui/theme"
)

// crowd is a large lab in which much happens.
type crowd struct {
	snapshot *view.Snapshot
	events   chan view.Event
}

func newCrowd(nodes, pods int) *crowd {
	running := component.Status{State: component.Running, Since: time.Now()}
	s := &view.Snapshot{Revision: 1, Name: "crowd", State: view.Healthy, Timing: "workshop", Subnet: "10.100.0.0/16", Time: time.Now(), Leases: map[string]string{}}
	for i := range 3 {
		m := view.Master{Name: fmt.Sprintf("master-%d", i+1), IP: fmt.Sprintf("10.100.0.%d", 11+i), Components: map[string]component.Status{}}
		for _, name := range component.OfMaster {
			m.Components[name] = running
		}
		s.Masters = append(s.Masters, m)
		s.Etcd.Each = append(s.Etcd.Each, view.EtcdMember{Name: m.Name, ID: fmt.Sprint(i + 1), Role: "follower", Term: 2, Revision: 812})
		s.Balancer.Healthy = append(s.Balancer.Healthy, m.IP+":6443")
	}
	for i := range nodes {
		n := view.Node{Name: fmt.Sprintf("node-%d", i+1), IP: fmt.Sprintf("10.100.0.%d", 101+i), Ready: true, Schedulable: true, Pods: pods / max(nodes, 1),
			Heartbeat: time.Now(), Components: map[string]component.Status{}, Capacity: map[string]string{"cpu": "2", "memory": "2Gi", "pods": "110"},
			Requested: map[string]string{"cpu": "500m", "memory": "1Gi", "pods": "10"}}
		for _, name := range component.OfNode {
			n.Components[name] = running
		}
		s.Nodes = append(s.Nodes, n)
	}
	for i := range pods {
		s.Pods = append(s.Pods, view.Pod{Namespace: "demo", Name: fmt.Sprintf("web-79997975b5-%05d", i), UID: fmt.Sprint(i), Node: fmt.Sprintf("node-%d", i%max(nodes, 1)+1),
			IP: "10.100.128.5", Status: "Running", Ready: true, Running: 1, Of: 1, Owner: "ReplicaSet/web-79997975b5", Created: time.Now()})
	}
	return &crowd{s, make(chan view.Event, 10_000)}
}

func (c *crowd) Snapshot() *view.Snapshot                { return c.snapshot }
func (c *crowd) Watch(context.Context) <-chan view.Event { return c.events }
func (c *crowd) Events(view.Query) []view.Event          { return nil }
func (c *crowd) Ask(context.Context, view.Question) (view.Answer, error) {
	return view.Answer{}, view.Fail(view.Failed, "nobody knows")
}
func (c *crowd) Do(context.Context, view.Action, view.Report) (view.Outcome, error) {
	return view.Outcome{}, nil
}

// happen tells events until ctx ends.
func (c *crowd) happen(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := uint64(1); ; n++ {
		select {
		case <-tick.C:
			pod := view.Object{Resource: "pods", Namespace: "demo", Name: fmt.Sprintf("web-79997975b5-%05d", n%500)}
			c.events <- view.Event{Seq: n, Time: time.Now(), Kind: view.Requested, Source: "master-1/kube-apiserver", Object: &pod,
				Request: &view.Request{Server: "master-1", User: "system:node:node-1", Verb: "patch", Object: pod, Sub: "status", Code: 200, Began: time.Now(), Took: 3 * time.Millisecond}}
		case <-ctx.Done():
			return
		}
	}
}

// frames is a terminal that notes when something was drawn.
type frames struct{ drawn chan time.Time }

func (f *frames) Write(p []byte) (int, error) {
	select {
	case f.drawn <- time.Now():
	default:
	}
	return len(p), nil
}

// BenchmarkKeyToFrame presses keys in a large lab with 200 events a second, at 200×60, and reports how long it takes until something is drawn.
func BenchmarkKeyToFrame(b *testing.B) {
	th, err := theme.New(theme.Dark)
	if err != nil {
		b.Fatal(err)
	}
	c := newCrowd(50, 500)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go c.happen(ctx, 5*time.Millisecond)
	out := &frames{make(chan time.Time, 1)}
	in, _ := io.Pipe()
	p := tea.NewProgram(tui.New(ctx, tui.Config{Lab: c, Panels: all.Panels(), Theme: th}), tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out),
		tea.WithWindowSize(200, 60), tea.WithoutSignalHandler(), tea.WithFPS(tui.FPS))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = p.Run()
	}()
	<-out.drawn
	time.Sleep(300 * time.Millisecond)
	var took []time.Duration
	keys := []rune{'j', 'l', 'k', 'h'}
	for i := 0; b.Loop(); i++ {
		select {
		case <-out.drawn:
		default:
		}
		begin := time.Now()
		p.Send(tea.KeyPressMsg{Code: keys[i%len(keys)], Text: string(keys[i%len(keys)])})
		select {
		case at := <-out.drawn:
			took = append(took, at.Sub(begin))
		case <-time.After(time.Second): // the key changed nothing
		}
		time.Sleep(20 * time.Millisecond)
	}
	cancel()
	<-ended
	slices.Sort(took)
	if len(took) == 0 {
		b.Fatal("no key draws anything")
	}
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[min(len(took)-1, len(took)*99/100)].Microseconds())/1000, "ms-p99")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkScreens draws each screen of a lab with 10,000 pods.
func BenchmarkScreens(b *testing.B) {
	th, err := theme.New(theme.Dark)
	if err != nil {
		b.Fatal(err)
	}
	c := newCrowd(50, 10_000)
	state := &panel.State{Lab: c.snapshot, Now: time.Now(), Theme: th, Events: map[view.EventKind][]view.Event{}}
	for _, p := range all.Panels() {
		b.Run(p.Name(), func(b *testing.B) {
			for b.Loop() {
				p.Key(state, "j")
				if got := strings.Count(p.View(state, 198, 56), "\n"); got != 55 {
					b.Fatalf("%d lines", got+1)
				}
			}
		})
	}
}
