package master

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubelab/core/component"
	"kubelab/core/topology"
)

// crashComponents crashes each component that does not lead, and starts it again.
func (l *lab) crashComponents(ctx context.Context) {
	for _, name := range component.OfMaster {
		m := l.masters[0]
		if m.Component(name).Status().Leading {
			m = l.masters[1]
		}
		begin := time.Now()
		m.Component(name).Crash()
		if took := time.Since(begin); took > 500*time.Millisecond {
			l.t.Errorf("the crash of %s took %s", name, took)
		}
		if s := m.Component(name).Status(); s.State != component.Crashed || s.Error != "" {
			l.t.Errorf("%s is %+v after a crash", name, s)
		}
		begin = time.Now()
		if err := m.Component(name).Start(ctx); err != nil {
			l.t.Fatal(err)
		}
		l.t.Logf("%s is back after %s", name, time.Since(begin).Round(time.Millisecond))
		if s := m.Component(name).Status(); s.State != component.Running || s.Restarts != 1 {
			l.t.Errorf("%s is %+v after its restart", name, s)
		}
		l.eventually(name+"'s API server works", 5*time.Second, func(ctx context.Context) error {
			_, err := l.client(m).CoreV1().ConfigMaps("default").Get(ctx, "kept", metav1.GetOptions{})
			return err
		})
	}
}

// handOver stops what leads and sees another take over, without waiting for a Lease to run out.
func (l *lab) handOver(ctx context.Context) {
	for _, name := range []string{component.Scheduler, component.ControllerManager, component.Etcd} {
		was := l.leader(name)
		begin := time.Now()
		if err := was.Component(name).Stop(ctx); err != nil {
			l.t.Fatal(err)
		}
		l.t.Logf("%s stopped after %s", name, time.Since(begin).Round(time.Millisecond))
		l.eventually(name+" leads elsewhere", 3*time.Second, func(context.Context) error {
			if l.leader(name) == nil {
				return errors.New("nobody leads")
			}
			return nil
		})
		if err := was.Component(name).Start(ctx); err != nil {
			l.t.Fatal(err)
		}
	}
}

// crashLeader crashes the master that leads etcd, with a client that watches it.
func (l *lab) crashLeader(ctx context.Context) {
	victim := l.leader(component.Etcd)
	other := l.others(victim)[0]
	watch, err := l.client(victim).CoreV1().ConfigMaps("default").Watch(ctx, metav1.ListOptions{})
	if err != nil {
		l.t.Fatal(err)
	}
	defer watch.Stop()
	raw, err := net.Dial("tcp", netip.AddrPortFrom(l.spec.Addr(victim.Machine()), topology.APIServerPort).String())
	if err != nil {
		l.t.Fatal(err)
	}
	defer raw.Close()
	time.Sleep(100 * time.Millisecond) // the kernel has it, the server has to accept it

	begin := time.Now()
	victim.Crash()
	if took := time.Since(begin); took > 500*time.Millisecond {
		l.t.Errorf("the crash took %s", took)
	}
	_ = raw.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := raw.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "reset") {
		l.t.Errorf("a connection to the crashed API server ends with %v, want a reset", err)
	}
	select {
	case <-watch.ResultChan():
		l.t.Logf("a watch ended after %s", time.Since(begin).Round(time.Millisecond))
	case <-time.After(5 * time.Second):
		l.t.Error("a watch of the crashed API server does not end")
	}
	if _, err := net.DialTimeout("tcp", raw.RemoteAddr().String(), time.Second); err == nil {
		l.t.Error("the crashed API server accepts connections")
	}
	l.eventually("a write succeeds", 5*time.Second, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		_, err := l.client(other).CoreV1().ConfigMaps("default").Update(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "kept"}, Data: map[string]string{"v": "2"},
		}, metav1.UpdateOptions{})
		return err
	})
	for _, name := range []string{component.Scheduler, component.ControllerManager} {
		l.eventually(name+" leads", 10*time.Second, func(context.Context) error {
			if l.leader(name) == nil {
				return errors.New("nobody leads")
			}
			return nil
		})
	}
	begin = time.Now()
	if err := victim.Start(ctx); err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("the master is back after %s", time.Since(begin).Round(time.Millisecond))
	m, err := l.client(victim).CoreV1().ConfigMaps("default").Get(ctx, "kept", metav1.GetOptions{})
	if err != nil || m.Data["v"] != "2" {
		l.t.Errorf("read %v, %v", m, err)
	}
}
