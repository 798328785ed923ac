package logs

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"

	"kubelab/core/component"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// klog is process-wide, so one test tries all of it.
func TestRouter(t *testing.T) {
	d, err := store.Open(t.TempDir(), "test")
	if err != nil {
		t.Fatal(err)
	}
	var engine bytes.Buffer
	r := NewRouter(d, &engine)
	if err := r.Install(); err != nil {
		t.Fatal(err)
	}
	one := topology.Machine{Kind: topology.Master, Number: 1}
	two := topology.Machine{Kind: topology.Master, Number: 2}
	scheduler, etcd := r.For(one, component.Scheduler), r.For(two, component.Etcd)
	if r.For(one, component.Scheduler) != scheduler {
		t.Error("a component has two logs")
	}
	read := func(m topology.Machine, c string) string {
		klog.Flush()
		b, err := os.ReadFile(d.Log(m, c))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}

	t.Run("children", func(t *testing.T) {
		<-scheduler.Go(func() {
			klog.InfoS("from the root")
			var wg sync.WaitGroup
			wg.Go(func() { klog.Background().Info("from a child") })
			wg.Go(func() { klog.Errorf("an error") })
			wg.Wait()
		})
		<-etcd.Go(func() { klog.Info("from etcd") })
		klog.Info("from nobody")
		got := read(one, component.Scheduler)
		for _, want := range []string{`"from the root"`, `"from a child"`, "an error"} {
			if strings.Count(got, want) != 1 {
				t.Errorf("the scheduler's log should have %s once:\n%s", want, got)
			}
		}
		if got := read(two, component.Etcd); !strings.Contains(got, "from etcd") || strings.Contains(got, "root") {
			t.Errorf("etcd's log:\n%s", got)
		}
		if got := engine.String(); !strings.Contains(got, "from nobody") || strings.Contains(got, "root") {
			t.Errorf("the engine's log:\n%s", got)
		}
	})

	failures := make(chan error, 1)
	scheduler.OnFailure(func(err error) { failures <- err })
	defer scheduler.OnFailure(nil)
	for name, f := range map[string]func(){
		"panic at the root":   func() { panic(errors.New("ouch")) },
		"panic in a child":    func() { go func() { defer utilruntime.HandleCrash(); panic("ouch") }() },
		"exit":                func() { klog.FlushAndExit(time.Second, 3) },
		"exit in a child":     func() { go klog.FlushAndExit(time.Second, 3) },
		"fatal, with a trace": func() { klog.Fatal("cannot go on") },
	} {
		t.Run(name, func(t *testing.T) {
			<-scheduler.Go(f)
			select {
			case err := <-failures:
				t.Log(err)
			case <-time.After(5 * time.Second):
				t.Error("not reported")
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	d, err := store.Open(b.TempDir(), "test")
	if err != nil {
		b.Fatal(err)
	}
	r := NewRouter(d, os.Stderr)
	l := r.For(topology.Machine{Kind: topology.Master, Number: 1}, component.Etcd)
	<-l.Go(func() {
		for b.Loop() {
			if r.current() != l {
				b.Fatal("not found")
			}
		}
	})
}
