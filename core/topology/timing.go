package topology

import (
	"fmt"
	"time"
)

// TimingName chooses one of the sets of timings.
type TimingName string

// The sets of timings.
const (
	Workshop TimingName = "workshop" // failures are noticed within seconds, so that people can watch
	Upstream TimingName = "upstream" // Kubernetes' and etcd's own defaults
)

// Timing is how fast the cluster notices failures and acts on them.
type Timing struct {
	// NodeMonitorGrace is how long a node may be silent before it is marked Unknown
	// (kube-controller-manager --node-monitor-grace-period).
	NodeMonitorGrace time.Duration
	// NodeMonitorPeriod is how often the controller manager looks (--node-monitor-period).
	NodeMonitorPeriod time.Duration
	// NodeStatusUpdate is how often kubelet computes its status, NodeStatusReport how often it sends an unchanged one.
	NodeStatusUpdate, NodeStatusReport time.Duration
	// NodeLease is how long kubelet's Lease lasts; it renews every quarter of it.
	NodeLease time.Duration
	// Toleration is how long pods stay on a node that is not ready or unreachable
	// (kube-apiserver --default-not-ready-toleration-seconds and its sibling).
	Toleration time.Duration
	// Lease, RenewDeadline and Retry are the leader election of scheduler and controller manager.
	Lease, RenewDeadline, Retry time.Duration
	// EtcdHeartbeat and EtcdElection are etcd's --heartbeat-interval and --election-timeout.
	EtcdHeartbeat, EtcdElection time.Duration
}

// Values returns the timings that the name stands for.
func (n TimingName) Values() (Timing, error) {
	switch n {
	case Workshop:
		return Timing{
			NodeMonitorGrace: 8 * time.Second, NodeMonitorPeriod: time.Second,
			NodeStatusUpdate: 2 * time.Second, NodeStatusReport: 10 * time.Second, NodeLease: 8 * time.Second,
			Toleration: 3 * time.Second,
			Lease:      4 * time.Second, RenewDeadline: 3 * time.Second, Retry: 500 * time.Millisecond,
			EtcdHeartbeat: 50 * time.Millisecond, EtcdElection: 250 * time.Millisecond,
		}, nil
	case Upstream:
		return Timing{
			NodeMonitorGrace: 50 * time.Second, NodeMonitorPeriod: 5 * time.Second,
			NodeStatusUpdate: 10 * time.Second, NodeStatusReport: 5 * time.Minute, NodeLease: 40 * time.Second,
			Toleration: 300 * time.Second,
			Lease:      15 * time.Second, RenewDeadline: 10 * time.Second, Retry: 2 * time.Second,
			EtcdHeartbeat: 100 * time.Millisecond, EtcdElection: 1000 * time.Millisecond,
		}, nil
	}
	return Timing{}, fmt.Errorf("timing %q: use %s or %s", string(n), Workshop, Upstream)
}
