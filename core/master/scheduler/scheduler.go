// Package scheduler runs one master's kube-scheduler as goroutines of the engine: upstream's scheduler with
// the flags that kubeadm gives it, talking to its own master's API server, whenever its master leads.
//
// The main type is Config.
package scheduler

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/config"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
	upstreamscheduler "k8s.io/kubernetes/pkg/scheduler"

	"kubelab/core/component"
	"kubelab/core/master/election"
	"kubelab/core/master/logs"
	"kubelab/core/master/upstream"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// Config says which scheduler to run.
type Config struct {
	Spec    topology.Spec
	Machine topology.Machine
	Dir     store.Dir
	Log     *logs.Log
	// Failed is called, on any goroutine, when the component panics or means to exit.
	Failed func(error)
	// Observe is given the scheduler before each term in which it leads; nil for nobody.
	Observe func(*config.CompletedConfig, *upstreamscheduler.Scheduler)
}

// Start has the scheduler stand for election.
func Start(cfg Config) (*election.Candidate, error) {
	timing, err := cfg.Spec.Timing.Values()
	if err != nil {
		return nil, err
	}
	return election.Start(election.Config{
		Lease: component.Scheduler, Machine: cfg.Machine, Timing: timing, Log: cfg.Log, Failed: cfg.Failed,
		Kubeconfig: pki.MasterFilesOf(cfg.Dir, cfg.Machine).SchedulerConf,
		Serve:      netip.AddrPortFrom(cfg.Spec.Addr(cfg.Machine), topology.SchedulerPort),
		Lead:       cfg.lead,
	})
}

// flags are what kubeadm gives a kube-scheduler, without its election.
func (cfg Config) flags() []string {
	own, shared := pki.MasterFilesOf(cfg.Dir, cfg.Machine), pki.SharedFilesOf(cfg.Dir)
	return []string{
		fmt.Sprintf("--bind-address=%s", cfg.Spec.Addr(cfg.Machine)),
		"--leader-elect=false",
		// Its default counts every wait of every goroutine of the process, which costs a tenth of the CPU.
		"--contention-profiling=false",
		"--kubeconfig=" + own.SchedulerConf,
		"--authentication-kubeconfig=" + own.SchedulerConf,
		"--authorization-kubeconfig=" + own.SchedulerConf,
		"--client-ca-file=" + shared.CA.Cert,
		"--requestheader-client-ca-file=" + shared.FrontProxyCA.Cert,
		"--tls-cert-file=" + own.Scheduler.Cert,
		"--tls-private-key-file=" + own.Scheduler.Key,
	}
}

func (cfg Config) lead(ctx context.Context, serve net.Listener) error {
	registry, err := upstream.NewRegistry()
	if err != nil {
		return err
	}
	opts := scheduleroptions.NewOptionsWithComponentGlobalsRegistry(registry)
	fs := pflag.NewFlagSet(component.Scheduler, pflag.ContinueOnError)
	for _, set := range opts.Flags.FlagSets {
		fs.AddFlagSet(set)
	}
	if err := fs.Parse(cfg.flags()); err != nil {
		return fmt.Errorf("parse the flags: %w", err)
	}
	if err := registry.Set(); err != nil {
		return fmt.Errorf("set the versions: %w", err)
	}
	opts.SecureServing.Listener = serve
	name, free, err := upstream.InformerName(component.Scheduler + "-" + cfg.Machine.Name())
	if err != nil {
		return err
	}
	defer free()
	opts.InformerName = name
	completed, scheduler, err := app.Setup(ctx, opts)
	if err != nil {
		return fmt.Errorf("set the scheduler up: %w", err)
	}
	upstream.FreeSchedulerNames()
	if cfg.Observe != nil {
		cfg.Observe(completed, scheduler)
	}
	return app.Run(ctx, completed, scheduler)
}
