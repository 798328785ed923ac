// Package observe sees everything that happens in a lab, at its source, and without changing it: requests in the API servers' audit, keys in
// etcd, decisions between the scheduler and its plugins, containers in containerd, rules in nftables. It folds that into Snapshots, and
// tells each thing as an Event. What it shows goes on while API servers or etcd are down, as far as its source lives; what is cut off is
// called stale, with since when.
//
// One file is one source: audit.go and admission.go (API servers), members.go and keys.go (etcd), objects.go and kinds.go (what is kept
// there), decisions.go and whatif.go (scheduler), controllers.go (controller manager); package worker has those of nodes. compose.go makes
// Snapshots of it all, journal.go remembers and tells events, ask.go answers questions.
//
// The main type is Observer.
package observe

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/server/v3/embed"

	"kubelab/core/cluster"
	"kubelab/core/master"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Names of sources that are no component.
const (
	lab     = "lab"
	objects = "objects" // all that is kept in etcd
)

// Observer sees one lab. Its methods may be called from any goroutine.
type Observer struct {
	log       *slog.Logger
	journal   *journal
	health    *health
	catalogue *catalogue

	// Set by Run or Glance, before anything reads them.
	cluster *cluster.Cluster
	faults  func() []view.Fault
	glances bool

	current   atomic.Pointer[view.Snapshot]
	composing sync.Mutex // held while a Snapshot is made; guards what follows
	members   members
	elections elections
	doubts    map[string]time.Time // since when a member hears no leader
	followed  map[topology.Machine]context.CancelFunc

	controllers controllers

	mu         sync.Mutex // guards schedulers
	schedulers map[topology.Machine]*schedulerTerm
}

// New makes an Observer. Its Hooks go into the cluster that it is to see; Run begins.
func New(log *slog.Logger) *Observer {
	o := &Observer{
		log: log, journal: newJournal(), doubts: map[string]time.Time{}, followed: map[topology.Machine]context.CancelFunc{},
		schedulers: map[topology.Machine]*schedulerTerm{},
	}
	o.health = &health{tell: o.journal.tell, stale: map[string]view.Stale{}}
	o.catalogue = newCatalogue(o.journal.tell)
	o.current.Store(&view.Snapshot{State: view.Starting})
	return o
}

// Hooks are what has to be given to the masters' components for them to be seen.
func (o *Observer) Hooks() master.Hooks {
	return master.Hooks{APIServer: o.auditAPIServer, Scheduler: o.watchScheduler}
}

// Run sees the cluster until ctx ends. faults are what is injected.
func (o *Observer) Run(ctx context.Context, c *cluster.Cluster, faults func() []view.Fault) {
	o.cluster, o.faults = c, faults
	o.Refresh()
	go (&follower{o: o, to: o.catalogue}).run(ctx)
	go o.compose(ctx)
}

// Glance is Run for who wants to know what seeing costs: sources are not followed, and a Snapshot is made when it is asked for,
// of what the engine knows without them.
func (o *Observer) Glance(c *cluster.Cluster, faults func() []view.Fault) {
	o.cluster, o.faults, o.glances = c, faults, true
	o.Refresh()
}

// Snapshot is the lab as it was last seen, at most a fifteenth of a second ago.
func (o *Observer) Snapshot() *view.Snapshot {
	if o.glances {
		o.Refresh()
	}
	return o.current.Load()
}

// Watch tells what happens from now on, until ctx ends.
func (o *Observer) Watch(ctx context.Context) <-chan view.Event { return o.journal.watch(ctx) }

// Events are those that are remembered and that q selects.
func (o *Observer) Events(q view.Query) []view.Event { return o.journal.events(q) }

// Tell tells everybody who watches of something that happened elsewhere in the engine.
func (o *Observer) Tell(e view.Event) { o.journal.tell(e) }

// etcdWiped reports whether the master has no data of a member of etcd.
func (o *Observer) etcdWiped(m topology.Machine) bool {
	made := o.cluster.Master(m)
	return made != nil && made.EtcdWiped()
}

// etcdOf is the master's running etcd, nil where there is none.
func (o *Observer) etcdOf(m topology.Machine) *embed.Etcd {
	if made := o.cluster.Master(m); made != nil {
		return made.Etcd()
	}
	return nil
}
