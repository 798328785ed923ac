package master

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"kubelab/core/component"
	"kubelab/core/master/etcd"
	"kubelab/core/pki"
	"kubelab/core/topology"
)

// Bootstrap starts all masters of a lab together, fresh ones as a new cluster, and returns when all of their
// components are ready. It calls serving, if given, as soon as the first API server is ready: nodes can start
// then. When a component fails it ends all masters at once: what they have written is on disk, and nobody is
// served yet.
//
// It is faster than starting one master after the other, and than starting all at once:
//   - etcd's members are opened one after the other. A new member asks all others whether they know it
//     already, and waits a second for each that listens but does not serve yet (isMemberBootstrapped in
//     etcdserver/cluster_util.go); one that does not listen refuses at once.
//   - The first API server is made while etcd elects its leader.
//   - The other API servers follow when the first is ready. All at once, they would all write the same 300
//     default objects and get into each other's way.
func Bootstrap(ctx context.Context, masters []*Master, serving func()) error {
	if err := Form(masters); err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return startEtcds(ctx, masters) })
	all.Go(func() error {
		if err := masters[0].Component(component.APIServer).Start(ctx); err != nil {
			return err
		}
		if serving != nil {
			serving()
		}
		for _, m := range masters[1:] {
			all.Go(func() error {
				if err := m.Component(component.APIServer).Start(ctx); err != nil {
					return err
				}
				return m.startLeaders(ctx)
			})
		}
		return masters[0].startLeaders(ctx)
	})
	err := all.Wait()
	if err == nil {
		return nil
	}
	for _, m := range masters {
		m.Crash()
	}
	return err
}

// StopAll stops all masters of a lab in good order. Stopped one after the other, those in the minority could
// not even write that they go. When ctx ends first it crashes the rest.
func StopAll(ctx context.Context, masters []*Master) error {
	var errs []error
	for _, name := range slices.Backward(component.OfMaster) {
		if name == component.Etcd {
			// Two members that hand over the lead to each other would wait for each other.
			for _, m := range slices.Backward(masters) {
				errs = append(errs, m.Component(name).Stop(ctx))
			}
			continue
		}
		var layer errgroup.Group
		for _, m := range masters {
			layer.Go(func() error { return m.Component(name).Stop(ctx) })
		}
		errs = append(errs, layer.Wait())
	}
	return errors.Join(errs...)
}

// Form has masters form a new cluster when they start, if none of them has any data.
func Form(masters []*Master) error {
	if len(masters) == 0 {
		return errors.New("start no masters")
	}
	var machines []topology.Machine
	for _, m := range masters {
		if etcd.Exists(m.cfg.Dir, m.cfg.Machine) {
			return nil // they resume
		}
		machines = append(machines, m.cfg.Machine)
	}
	for _, m := range masters {
		m.Join(etcd.NewCluster(m.cfg.Spec, machines...))
	}
	return nil
}

func startEtcds(ctx context.Context, masters []*Master) error {
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		for _, m := range masters {
			ready, err := m.Component(component.Etcd).open(ctx)
			if err != nil {
				return err
			}
			all.Go(ready)
		}
		return nil
	})
	return all.Wait()
}

// startLeaders starts the components that lead by turns.
func (m *Master) startLeaders(ctx context.Context) error {
	return errors.Join(m.Component(component.ControllerManager).Start(ctx), m.Component(component.Scheduler).Start(ctx))
}

// Client talks to the master's own API server as the lab's administrator.
func (m *Master) Client() (*kubernetes.Clientset, error) {
	c, err := m.clientConfig()
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(c)
}

func (m *Master) clientConfig() (*rest.Config, error) {
	c, err := clientcmd.BuildConfigFromFlags(m.cfg.Spec.APIServerURL(m.cfg.Machine), pki.AdminFilesOf(m.cfg.Dir).Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("load the administrator's kubeconfig: %w", err)
	}
	return c, nil
}

// AwaitPods waits until pods can be created through the master: the controller manager has made the default
// service account of the namespace default.
func (m *Master) AwaitPods(ctx context.Context) error {
	client, err := m.Client()
	if err != nil {
		return err
	}
	for {
		_, err := client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		if err == nil {
			return nil
		}
		if !apierrors.IsNotFound(err) {
			return fmt.Errorf("wait for the default service account: %w", err)
		}
		select {
		case <-time.After(awaitPoll):
		case <-ctx.Done():
			return fmt.Errorf("wait for the default service account: %w", ctx.Err())
		}
	}
}

const awaitPoll = 20 * time.Millisecond

// EaseGC has the garbage collector run seldom while the lab starts: three API servers make a lot of garbage
// that is worth its memory for a second or two. A call of the returned function ends it, gives the memory
// back, and has the collector run more often than Go's default: what an idle control plane allocates is
// little, but what it keeps, about 300 MB, must not grow to twice that before it is collected.
func EaseGC() (restore func()) {
	debug.SetGCPercent(gcWhileStarting)
	return func() {
		debug.SetGCPercent(gcWhileRunning)
		debug.FreeOSMemory()
	}
}

// Percent of growth of the heap between two collections.
const gcWhileStarting, gcWhileRunning = 400, 50
