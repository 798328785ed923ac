package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"

	"kubelab/core/assets"
	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/lab/progress"
)

// startFlags are the flags that say what a new lab is.
type startFlags struct {
	masters, nodes int
	timing, subnet string
	nodeCPU        int
	nodeMemory     string
	noDemo, empty  bool
	unseen         bool
	listen, keys   string
	detach         bool
}

func (a *app) startCommand() *cobra.Command {
	var f startFlags
	c := &cobra.Command{
		Use:   "start [TARGET…]",
		Short: "Make a lab and start it, or start it again, or something in it",
		Long: `Make a lab and start it. A lab that was stopped, or whose engine or machine went down, is started again
as it was: the same cluster, with every object in it. The engine goes on in the background.

With TARGETs it starts what is down in a running lab: master-1, master-1/etcd, node-2, node-2/kubelet, …`,
		ValidArgsFunction: a.completeTargets,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.act(c, view.Action{Verb: view.Start, Targets: args})
			}
			return a.start(c, f)
		},
	}
	fs := c.Flags()
	fs.IntVar(&f.masters, "masters", 3, "masters, 1 to 7; an odd number survives as much as the even one above it")
	fs.IntVar(&f.nodes, "nodes", 3, "nodes, 0 to 50")
	fs.StringVar(&f.timing, "timing", string(topology.Workshop), "how fast failures are noticed: workshop or upstream")
	fs.StringVar(&f.subnet, "subnet", "", "a private IPv4 /16 for the lab (default: the first free one of 10.100.0.0/16 and up)")
	fs.IntVar(&f.nodeCPU, "node-cpu", 2, "cores of each node")
	fs.StringVar(&f.nodeMemory, "node-memory", "2Gi", "memory of each node, at least 512Mi")
	fs.BoolVar(&f.noDemo, "no-demo", false, "leave out the demo workload")
	fs.BoolVar(&f.empty, "empty", false, "make the machines but start no component on them")
	fs.BoolVar(&f.unseen, "unseen", false, "do not observe the lab: events, requests, decisions and stories stay empty")
	_ = fs.MarkHidden("unseen") // for the benchmark, which measures what observing costs; the flag is there
	fs.BoolVar(&f.detach, "detach", false, "return once the lab is up; the engine goes on in the background (always so without a terminal)")
	fs.StringVar(&f.listen, "listen", "", "let people attach by SSH on this address, for example :2222 (127.0.0.1) or 0.0.0.0:2222")
	fs.StringVar(&f.keys, "authorized-keys", "", "who may: a file of public keys, each with role=\"spectator|driver|instructor\" in front")
	return c
}

func (a *app) start(c *cobra.Command, f startFlags) error {
	d, err := a.dir()
	if err != nil {
		return err
	}
	if (f.listen == "") != (f.keys == "") {
		return view.Fail(view.Usage, "--listen and --authorized-keys go together: without keys nobody is let in")
	}
	if err := asRoot(); err != nil {
		return err
	}
	if pid, held := d.Holder(); held {
		return view.Fail(view.Failed, "lab %q is already running or starting (engine %d); see it with: lab status%s", a.name, pid, a.flag())
	}
	spec, err := d.Load()
	fresh := errors.Is(err, store.ErrNoLab)
	switch {
	case fresh:
		if spec, err = a.newSpec(c, f); err != nil {
			return &view.Failure{Code: view.Usage, Err: err}
		}
	case err != nil:
		return err
	default:
		if err := a.unchanged(c, spec); err != nil {
			return err
		}
	}
	if err := preflight(c.Context(), a.root, spec); err != nil {
		return err
	}
	keys := f.keys
	if keys != "" {
		if keys, err = filepath.Abs(keys); err != nil {
			return err
		}
	}
	show := progress.New(os.Stdout)
	err = a.launch(c.Context(), d, launchRequest{Spec: spec, Fresh: fresh, Unseen: f.unseen, Listen: f.listen, AuthorizedKeys: keys}, show.Report)
	show.Close()
	if err != nil {
		return err
	}
	// The engine has chosen what the flags left open.
	if spec, err = d.Load(); err != nil {
		return err
	}
	if !f.detach && onTerminal() {
		return attach(c.Context(), d)
	}
	a.next(spec)
	return nil
}

// newSpec turns the flags into a Spec. Without --subnet its subnet is left open, for the engine to choose.
func (a *app) newSpec(c *cobra.Command, f startFlags) (topology.Spec, error) {
	s := topology.New(a.name, netip.Prefix{}, f.masters, f.nodes)
	s.Timing, s.NodeCPU = topology.TimingName(f.timing), f.nodeCPU
	s.Demo, s.Empty = !f.noDemo && !f.empty && f.nodes > 0, f.empty
	memory, err := resource.ParseQuantity(f.nodeMemory)
	if err != nil {
		return s, fmt.Errorf("node memory %q: use a quantity such as 2Gi or 1500Mi", f.nodeMemory)
	}
	s.NodeMemory = memory.Value()
	check := s
	check.Subnet = netip.MustParsePrefix("10.100.0.0/16")
	if c.Flags().Changed("subnet") {
		if s.Subnet, err = netip.ParsePrefix(f.subnet); err != nil {
			return s, fmt.Errorf("subnet %q: use an IPv4 /16 such as 10.100.0.0/16", f.subnet)
		}
		check.Subnet = s.Subnet
	}
	return s, check.Validate()
}

// unchanged refuses flags that would make an existing lab another one.
func (a *app) unchanged(c *cobra.Command, s topology.Spec) error {
	now := map[string]string{
		"masters": fmt.Sprint(len(s.Masters)), "nodes": fmt.Sprint(len(s.Nodes)), "timing": string(s.Timing),
		"subnet": s.Subnet.String(), "node-cpu": fmt.Sprint(s.NodeCPU),
		"node-memory": resource.NewQuantity(s.NodeMemory, resource.BinarySI).String(),
		"no-demo":     fmt.Sprint(!s.Demo), "empty": fmt.Sprint(s.Empty),
	}
	for name, is := range now {
		flag := c.Flags().Lookup(name)
		if flag.Changed && flag.Value.String() != is {
			return view.Fail(view.Usage, "lab %q exists with --%s %s; start it without --%s, change it with lab add and lab remove, or delete it first: lab delete%s",
				a.name, name, is, name, a.flag())
		}
	}
	return nil
}

// unpack makes sure that helper binaries and images lie on the disk, and returns the engine's own binary.
func unpack(ctx context.Context, root string) (assets.Dir, string, error) {
	self, err := os.Executable()
	if err != nil {
		return assets.Dir{}, "", err
	}
	dir, err := assets.Unpack(ctx, store.Cache(root))
	if err != nil {
		return dir, "", fmt.Errorf("unpack helper binaries and images: %w", err)
	}
	binary, err := assets.Link(dir, self)
	return dir, binary, err
}

// next says what to do with a lab that has just come up.
func (a *app) next(s topology.Spec) {
	if n := len(s.Masters); n%2 == 0 {
		fmt.Printf("\n%d masters survive the loss of %d, as %d would: an even number needs a larger majority and buys nothing.\n", n, (n-1)/2, n-1)
	}
	lab := "lab" + a.flag()
	fmt.Printf("\nLab %q is up at %s. Next:\n  %s status\n  %s kubectl get pods -A -o wide\n", a.name, s.Subnet, lab, lab)
}
