// Package master runs one control-plane machine: etcd, kube-apiserver, kube-scheduler and
// kube-controller-manager, as upstream ships them, as goroutines of the engine. Each can be started, stopped
// and crashed alone, and so can the master; others notice no difference to processes on a machine of its own.
//
// The components are in packages of their own: etcd, apiserver, scheduler, controllermanager; election has
// the latter two lead by turns; logs tells whose goroutine writes; socket ends connections as a crash does;
// upstream wraps what Kubernetes keeps once per process.
//
// The main types are Config, Master and Component. Bootstrap starts several masters together.
package master

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"golang.org/x/sync/errgroup"
	apiapp "k8s.io/kubernetes/cmd/kube-apiserver/app"
	schedulerconfig "k8s.io/kubernetes/cmd/kube-scheduler/app/config"
	upstreamscheduler "k8s.io/kubernetes/pkg/scheduler"

	"kubelab/core/component"
	"kubelab/core/master/apiserver"
	"kubelab/core/master/etcd"
	"kubelab/core/master/logs"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// Config says which master to run.
type Config struct {
	Spec    topology.Spec
	Machine topology.Machine
	Dir     store.Dir
	PKI     *pki.Authority
	Logs    *logs.Router // installed

	Hooks Hooks
}

// Hooks let observers into a master's components. Each may be nil.
type Hooks struct {
	// APIServer changes an API server's configuration before each of its starts; see apiserver.Config.
	APIServer func(topology.Machine, *apiapp.Config) error
	// Scheduler is given a scheduler before each term in which it leads.
	Scheduler func(topology.Machine, *schedulerconfig.CompletedConfig, *upstreamscheduler.Scheduler)
}

// Master is one control-plane machine. Its addresses must be there while it runs.
type Master struct {
	cfg        Config
	components map[string]*Component

	mu      sync.Mutex // guards initial
	initial etcd.Initial
}

// New makes a master; nothing is started.
func New(cfg Config) *Master {
	m := &Master{cfg: cfg}
	m.components = map[string]*Component{
		component.Etcd:              newComponent(component.Etcd, m.etcd()),
		component.APIServer:         newComponent(component.APIServer, m.apiServer()),
		component.Scheduler:         newComponent(component.Scheduler, m.scheduler()),
		component.ControllerManager: newComponent(component.ControllerManager, m.controllerManager()),
	}
	return m
}

// Machine is the machine that the master is.
func (m *Master) Machine() topology.Machine { return m.cfg.Machine }

// Component is one of the master's components, by its name in component.OfMaster.
func (m *Master) Component(name string) *Component { return m.components[name] }

// Join says how the master's etcd member comes into its cluster when it has no data yet. It must be called
// before the first start.
func (m *Master) Join(in etcd.Initial) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.initial = in
}

// Etcd is upstream's running etcd member, nil when it does not run. It must only be read.
func (m *Master) Etcd() *embed.Etcd {
	if r, ok := m.components[component.Etcd].underWay().(*etcd.Member); ok {
		return r.Etcd()
	}
	return nil
}

// DrainAPIServer sends the clients of the master's API server elsewhere, as apiserver.Server.Drain says.
func (m *Master) DrainAPIServer() {
	if r, ok := m.components[component.APIServer].underWay().(*apiserver.Server); ok {
		r.Drain()
	}
}

// Start starts all components that do not run and returns when they are ready. The API server is made while etcd
// finds its peers. When one fails it stops those that it started.
func (m *Master) Start(ctx context.Context) error {
	etcdReady, err := m.components[component.Etcd].open(ctx)
	if err != nil {
		return err
	}
	all, within := errgroup.WithContext(ctx)
	all.Go(etcdReady)
	var started []*Component
	for _, name := range component.OfMaster {
		c := m.components[name]
		if c.Status().State == component.Running {
			continue
		}
		started = append(started, c)
		if name != component.Etcd {
			all.Go(func() error { return c.Start(within) })
		}
	}
	if err := all.Wait(); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoBound)
		defer cancel()
		return errors.Join(err, stop(undo, started))
	}
	return nil
}

// undoBound is how long it may take to stop what was started in vain.
const undoBound = 15 * time.Second

// Stop stops all components in good order, the last one first. When ctx ends first it crashes the rest.
func (m *Master) Stop(ctx context.Context) error {
	all := make([]*Component, 0, len(m.components))
	for _, name := range component.OfMaster {
		all = append(all, m.components[name])
	}
	return stop(ctx, all)
}

// stop stops components, the last one first.
func stop(ctx context.Context, list []*Component) error {
	var errs []error
	for i := len(list) - 1; i >= 0; i-- {
		errs = append(errs, list[i].Stop(ctx))
	}
	return errors.Join(errs...)
}

// Crash ends the whole master as a power failure would, and returns at once.
func (m *Master) Crash() {
	// The API server first: nothing that the others do in their last moment gets anywhere.
	for _, name := range []string{component.APIServer, component.Etcd, component.Scheduler, component.ControllerManager} {
		m.components[name].Crash()
	}
}

// Status tells how the components are doing, by name.
func (m *Master) Status() map[string]component.Status {
	all := make(map[string]component.Status, len(m.components))
	for name, c := range m.components {
		all[name] = c.Status()
	}
	return all
}
