// Package controllermanager runs one master's kube-controller-manager as goroutines of the engine:
// upstream's controllers with the flags that kubeadm gives them, talking to their own master's API server,
// whenever their master leads.
//
// The main type is Config.
package controllermanager

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	manageroptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"

	"kubelab/core/component"
	"kubelab/core/master/election"
	"kubelab/core/master/logs"
	"kubelab/core/master/upstream"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// Config says which controller manager to run.
type Config struct {
	Spec    topology.Spec
	Machine topology.Machine
	Dir     store.Dir
	Log     *logs.Log
	// Failed is called, on any goroutine, when the component panics or means to exit.
	Failed func(error)
}

// Start has the controller manager stand for election.
func Start(cfg Config) (*election.Candidate, error) {
	timing, err := cfg.Spec.Timing.Values()
	if err != nil {
		return nil, err
	}
	return election.Start(election.Config{
		Lease: component.ControllerManager, Machine: cfg.Machine, Timing: timing, Log: cfg.Log, Failed: cfg.Failed,
		Kubeconfig: pki.MasterFilesOf(cfg.Dir, cfg.Machine).ControllerManagerConf,
		Serve:      netip.AddrPortFrom(cfg.Spec.Addr(cfg.Machine), topology.ControllerManagerPort),
		Lead:       cfg.lead,
	})
}

const (
	// Upstream's 20 and 30 requests a second make the first start, when every controller creates its
	// service account and asks for a token, last two seconds longer.
	qps, burst = 200, 400
	// shutdown bounds the wait for controllers that do not end when asked to.
	shutdown = "2s"
)

// flags are what kubeadm gives a kube-controller-manager, without its election and without what lets nodes
// join by token, and the lab's timings.
func (cfg Config) flags() ([]string, error) {
	timing, err := cfg.Spec.Timing.Values()
	if err != nil {
		return nil, err
	}
	own, shared := pki.MasterFilesOf(cfg.Dir, cfg.Machine), pki.SharedFilesOf(cfg.Dir)
	return []string{
		fmt.Sprintf("--bind-address=%s", cfg.Spec.Addr(cfg.Machine)),
		"--leader-elect=false",
		"--kubeconfig=" + own.ControllerManagerConf,
		"--authentication-kubeconfig=" + own.ControllerManagerConf,
		"--authorization-kubeconfig=" + own.ControllerManagerConf,
		"--client-ca-file=" + shared.CA.Cert,
		"--requestheader-client-ca-file=" + shared.FrontProxyCA.Cert,
		"--tls-cert-file=" + own.ControllerManager.Cert,
		"--tls-private-key-file=" + own.ControllerManager.Key,
		"--root-ca-file=" + shared.CA.Cert,
		"--cluster-signing-cert-file=" + shared.CA.Cert,
		"--cluster-signing-key-file=" + shared.CA.Key,
		"--service-account-private-key-file=" + shared.ServiceAccountKey,
		"--use-service-account-credentials=true",
		"--controllers=*",
		"--cluster-name=" + cfg.Spec.Name,
		"--allocate-node-cidrs=true",
		fmt.Sprintf("--cluster-cidr=%s", cfg.Spec.PodRange()),
		fmt.Sprintf("--node-cidr-mask-size=%d", topology.PodRangeBits),
		fmt.Sprintf("--service-cluster-ip-range=%s", cfg.Spec.ServiceRange()),
		fmt.Sprintf("--node-monitor-grace-period=%s", timing.NodeMonitorGrace),
		fmt.Sprintf("--node-monitor-period=%s", timing.NodeMonitorPeriod),
		fmt.Sprintf("--kube-api-qps=%d", qps),
		fmt.Sprintf("--kube-api-burst=%d", burst),
		"--controller-shutdown-timeout=" + shutdown,
	}, nil
}

func (cfg Config) lead(ctx context.Context, serve net.Listener) error {
	registry, err := upstream.NewRegistry()
	if err != nil {
		return err
	}
	opts, err := manageroptions.NewKubeControllerManagerOptions()
	if err != nil {
		return fmt.Errorf("make the options: %w", err)
	}
	opts.ComponentGlobalsRegistry = registry
	known, disabled, aliases := app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases()
	sets := opts.Flags(known, disabled, aliases)
	opts.ParsedFlags = &sets
	fs := pflag.NewFlagSet(component.ControllerManager, pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		fs.AddFlagSet(set)
	}
	args, err := cfg.flags()
	if err != nil {
		return err
	}
	if err := fs.Parse(args); err != nil {
		return fmt.Errorf("parse the flags: %w", err)
	}
	if err := registry.Set(); err != nil {
		return fmt.Errorf("set the versions: %w", err)
	}
	opts.SecureServing.Listener = serve
	c, err := opts.Config(ctx, known, disabled, aliases)
	if err != nil {
		return fmt.Errorf("make the configuration: %w", err)
	}
	upstream.FreeControllerManagerNames()
	return app.Run(ctx, c.Complete())
}
