// Package cluster composes masters, nodes, network and balancer into one lab: it brings a lab up, adds
// machines to it and takes them away, stops it, and brings it back. How a component is started or stopped is
// not its subject; in which order, and what is undone when a step fails, is.
//
// The main type is Cluster. Sweep removes what a lab holds of the machine without needing one.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"sync"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"kubelab/core/assets"
	"kubelab/core/balancer"
	"kubelab/core/master"
	"kubelab/core/master/logs"
	"kubelab/core/network"
	"kubelab/core/node"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Config is what a lab is made from.
type Config struct {
	Spec   topology.Spec
	Fresh  bool // it has never been up
	Dir    store.Dir
	Assets assets.Dir   // helper binaries and images
	Log    *slog.Logger // the engine's own
	Logs   *logs.Router // the components' of masters
	Hooks  master.Hooks // into the components of masters
}

// Cluster is one lab while its engine runs.
type Cluster struct {
	fresh  bool // DNS and demo are still to be put in
	dir    store.Dir
	assets assets.Dir
	log    *slog.Logger
	logs   *logs.Router
	hooks  master.Hooks

	images    *node.ImageStore
	network   *network.Network
	authority *pki.Authority
	balancer  *balancer.Balancer

	// The engine's own access to the API, through the balancer as everybody's.
	client  kubernetes.Interface
	dynamic dynamic.Interface
	caches  *caches

	running context.Context // ends when the lab is stopped
	end     context.CancelFunc

	changing turns // whose turn it is to change what the lab is made of, or whether it runs

	mu      sync.Mutex // guards what follows
	spec    topology.Spec
	state   view.State // Healthy once it is up; Snapshot looks closer then
	since   time.Time  // when it came up
	masters map[topology.Machine]*master.Master
	nodes   map[topology.Machine]*node.Node
}

// New prepares a lab. It touches nothing but the lab's directory.
func New(cfg Config) (*Cluster, error) {
	c := &Cluster{
		fresh: cfg.Fresh, dir: cfg.Dir, assets: cfg.Assets, log: cfg.Log, logs: cfg.Logs, hooks: cfg.Hooks,
		spec: cfg.Spec, state: view.Starting, since: time.Now(), changing: newTurns(),
		masters: map[topology.Machine]*master.Master{}, nodes: map[topology.Machine]*node.Node{},
		network: network.New(cfg.Spec, cfg.Log),
		images:  node.NewImageStore(cfg.Assets.Root, cfg.Assets.Images),
	}
	c.running, c.end = context.WithCancel(context.Background())
	var err error
	if c.authority, err = pki.Open(cfg.Dir, cfg.Spec); err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	if err := c.authority.Admin(); err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	c.balancer = balancer.New(balancer.Config{
		Listen: netip.AddrPortFrom(cfg.Spec.Balancer(), topology.APIServerPort),
		Source: cfg.Spec.Balancer(), Roots: c.authority.ClusterPool(), Log: cfg.Log,
	})
	for _, m := range cfg.Spec.Masters {
		if err := c.makeMaster(m); err != nil {
			return nil, err
		}
	}
	for _, m := range cfg.Spec.Nodes {
		if err := c.makeNode(m); err != nil {
			return nil, err
		}
	}
	return c, c.connect()
}

// Spec is what the lab is at the moment.
func (c *Cluster) Spec() topology.Spec {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spec
}

func (c *Cluster) makeMaster(m topology.Machine) error {
	if err := c.authority.Master(m); err != nil {
		return fmt.Errorf("make certificates of %s: %w", m, err)
	}
	made := master.New(master.Config{Spec: c.Spec(), Machine: m, Dir: c.dir, PKI: c.authority, Logs: c.logs, Hooks: c.hooks})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.masters[m] = made
	return nil
}

func (c *Cluster) makeNode(m topology.Machine) error {
	if err := c.authority.Node(m); err != nil {
		return fmt.Errorf("make certificates of %s: %w", m, err)
	}
	made := node.New(node.Config{
		Spec: c.Spec(), Machine: m, Dir: c.dir, Network: c.network,
		Bin: c.assets.Bin, Images: c.images, Log: c.log,
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes[m] = made
	return nil
}

// Master is the master on machine m, nil where there is none.
func (c *Cluster) Master(m topology.Machine) *master.Master {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.masters[m]
}

// Node is the node on machine m, nil where there is none.
func (c *Cluster) Node(m topology.Machine) *node.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes[m]
}

// Network is the lab's wiring.
func (c *Cluster) Network() *network.Network { return c.network }

// Balancer is the load balancer in front of the API servers.
func (c *Cluster) Balancer() *balancer.Balancer { return c.balancer }

// Client is the engine's own access to the API, through the balancer as everybody's.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// ClientConfig is how others can have the same access.
func (c *Cluster) ClientConfig() (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.dir.PKI("admin.conf"))
	if err != nil {
		return nil, fmt.Errorf("read the admin's kubeconfig: %w", err)
	}
	return config, nil
}

// machines are copies of what runs now.
func (c *Cluster) machines() (map[topology.Machine]*master.Master, map[topology.Machine]*node.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.masters), maps.Clone(c.nodes)
}

func (c *Cluster) setState(s view.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = s
	if s == view.Healthy {
		c.since = time.Now()
	}
}

// connect prepares the engine's access to the API. Nothing is sent before the balancer serves.
func (c *Cluster) connect() error {
	config, err := c.ClientConfig()
	if err != nil {
		return err
	}
	// The engine asks little, but what it asks at start must not queue behind the default of 5 a second.
	config.QPS, config.Burst, config.UserAgent = 100, 200, "lab-engine"
	if c.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if c.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	c.caches, err = newCaches(c.client, c.podRangesChanged)
	return err
}

// Sweep removes from the machine whatever the lab of that name holds: processes, mounts, cgroups, network. It
// needs no engine and nothing of the lab's directory, and does nothing where there is nothing.
func Sweep(ctx context.Context, name string) error {
	return errors.Join(node.Sweep(name), network.Sweep(ctx, name))
}

// backends are the API servers that there are, running or not.
func (c *Cluster) backends() []netip.AddrPort {
	spec := c.Spec()
	var list []netip.AddrPort
	for _, m := range spec.Masters {
		list = append(list, netip.AddrPortFrom(spec.Addr(m), topology.APIServerPort))
	}
	return list
}
