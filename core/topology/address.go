package topology

import (
	"fmt"
	"net/netip"
)

// The plan of a lab's /16, here 10.100.0.0/16:
//
//	.0.0/24    machines: .0.1 the host, .0.10 the balancer, .0.11… masters, .0.101… nodes
//	.64.0/18   Services: .64.1 the API servers, .64.10 the cluster's DNS
//	.128.0/17  pods: a /24 for each node, given out by the controller manager

// Ports that a lab listens on, all of them on the lab's own addresses.
const (
	APIServerPort          = 6443
	EtcdClientPort         = 2379
	EtcdPeerPort           = 2380
	SchedulerPort          = 10259
	ControllerManagerPort  = 10257
	KubeletPort            = 10250
	ClusterDomain          = "cluster.local"
	machineHost            = 1
	machineBalancer        = 10
	firstMaster, firstNode = 10, 100
	serviceNet, podNet     = 64, 128
	serviceBits, podBits   = 18, 17
	PodRangeBits           = 24 // of each node
	apiService, dnsService = 1, 10
)

// EtcdQuota is how large the database of an etcd member may grow, in bytes (--quota-backend-bytes). Upstream's
// default of 2 GiB is more than a machine with several labs on it has to spare; a lab of 50 nodes and 1,000 pods
// uses a tenth of this.
const EtcdQuota = 256 << 20

// ValidateSubnet reports whether p can hold a lab: a private IPv4 /16, written with its first address.
func ValidateSubnet(p netip.Prefix) error {
	switch {
	case !p.IsValid() || !p.Addr().Is4() || p.Bits() != 16 || p.Masked() != p:
		return fmt.Errorf("subnet %s: use an IPv4 /16 such as 10.100.0.0/16", p)
	case !p.Addr().IsPrivate():
		return fmt.Errorf("subnet %s is not private: use one in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16", p)
	}
	return nil
}

func (s Spec) at(third, fourth byte) netip.Addr {
	b := s.Subnet.Addr().As4()
	return netip.AddrFrom4([4]byte{b[0], b[1], third, fourth})
}

// Addr is the machine's address on the lab's bridge.
func (s Spec) Addr(m Machine) netip.Addr {
	if m.Kind == Master {
		return s.at(0, byte(firstMaster+m.Number))
	}
	return s.at(0, byte(firstNode+m.Number))
}

// Host is the host's own address on the bridge: the nodes' default gateway.
func (s Spec) Host() netip.Addr { return s.at(0, machineHost) }

// Balancer is the address of the load balancer in front of the API servers.
func (s Spec) Balancer() netip.Addr { return s.at(0, machineBalancer) }

// MachineRange is the /24 of the bridge.
func (s Spec) MachineRange() netip.Prefix { return netip.PrefixFrom(s.at(0, 0), 24) }

// ServiceRange is the range of cluster IPs.
func (s Spec) ServiceRange() netip.Prefix { return netip.PrefixFrom(s.at(serviceNet, 0), serviceBits) }

// PodRange is the range that the nodes' pod ranges are cut from.
func (s Spec) PodRange() netip.Prefix { return netip.PrefixFrom(s.at(podNet, 0), podBits) }

// APIService is the cluster IP of the Service "kubernetes".
func (s Spec) APIService() netip.Addr { return s.at(serviceNet, apiService) }

// DNSService is the cluster IP of the cluster's DNS.
func (s Spec) DNSService() netip.Addr { return s.at(serviceNet, dnsService) }

// APIServerURL is where one master's API server answers.
func (s Spec) APIServerURL(m Machine) string { return url(s.Addr(m), APIServerPort) }

// BalancerURL is where kubelets, kube-proxies and kubectl find the API.
func (s Spec) BalancerURL() string { return url(s.Balancer(), APIServerPort) }

// EtcdClientURL is where one master's etcd member serves clients.
func (s Spec) EtcdClientURL(m Machine) string { return url(s.Addr(m), EtcdClientPort) }

// EtcdPeerURL is where one master's etcd member serves its peers.
func (s Spec) EtcdPeerURL(m Machine) string { return url(s.Addr(m), EtcdPeerPort) }

func url(a netip.Addr, port uint16) string { return "https://" + netip.AddrPortFrom(a, port).String() }
