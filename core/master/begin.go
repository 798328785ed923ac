package master

import (
	"context"
	"fmt"

	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	schedulerconfig "k8s.io/kubernetes/cmd/kube-scheduler/app/config"
	upstreamscheduler "k8s.io/kubernetes/pkg/scheduler"

	"kubelab/core/component"
	"kubelab/core/master/apiserver"
	"kubelab/core/master/controllermanager"
	"kubelab/core/master/etcd"
	"kubelab/core/master/logs"
	"kubelab/core/master/scheduler"
)

func (m *Master) etcd() begin {
	var previous *etcd.Member // the component starts one run after the other
	return func(ctx context.Context, failed func(error)) (run, error) {
		if previous != nil {
			select { // its files are open as long as anything of it is left
			case <-previous.Done():
			case <-ctx.Done():
				return nil, fmt.Errorf("wait for the last etcd of %s to end: %w", m.cfg.Machine, ctx.Err())
			}
		}
		if err := m.certificates(); err != nil {
			return nil, err
		}
		m.mu.Lock()
		in := m.initial
		m.mu.Unlock()
		member, err := etcd.Open(ctx, etcd.Config{
			Spec: m.cfg.Spec, Machine: m.cfg.Machine, Dir: m.cfg.Dir, Log: m.log(component.Etcd), Failed: failed,
		}, in)
		if err != nil {
			return nil, err
		}
		previous = member
		m.Join(etcd.Initial{}) // from now on it has data, or has lost it
		return member, nil
	}
}

func (m *Master) apiServer() begin {
	return func(ctx context.Context, failed func(error)) (run, error) {
		if err := m.certificates(); err != nil {
			return nil, err
		}
		cfg := apiserver.Config{
			Spec: m.cfg.Spec, Machine: m.cfg.Machine, Dir: m.cfg.Dir, Log: m.log(component.APIServer), Failed: failed,
		}
		if hook := m.cfg.Hooks.APIServer; hook != nil {
			cfg.Configure = func(c *app.Config) error { return hook(m.cfg.Machine, c) }
		}
		return started(apiserver.Open(ctx, cfg))
	}
}

func (m *Master) scheduler() begin {
	return func(_ context.Context, failed func(error)) (run, error) {
		cfg := scheduler.Config{
			Spec: m.cfg.Spec, Machine: m.cfg.Machine, Dir: m.cfg.Dir, Log: m.log(component.Scheduler), Failed: failed,
		}
		if hook := m.cfg.Hooks.Scheduler; hook != nil {
			cfg.Observe = func(c *schedulerconfig.CompletedConfig, s *upstreamscheduler.Scheduler) { hook(m.cfg.Machine, c, s) }
		}
		return started(scheduler.Start(cfg))
	}
}

func (m *Master) controllerManager() begin {
	return func(_ context.Context, failed func(error)) (run, error) {
		return started(controllermanager.Start(controllermanager.Config{
			Spec: m.cfg.Spec, Machine: m.cfg.Machine, Dir: m.cfg.Dir, Log: m.log(component.ControllerManager), Failed: failed,
		}))
	}
}

// started keeps a nil pointer from becoming a run that is not nil.
func started[R run](r R, err error) (run, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}

// certificates issues anew what has expired since the lab was last started.
func (m *Master) certificates() error { return m.cfg.PKI.Master(m.cfg.Machine) }

func (m *Master) log(name string) *logs.Log { return m.cfg.Logs.For(m.cfg.Machine, name) }
