// Package pki is the lab's certificate authority: it makes the certificates, keys and kubeconfigs of all
// machines and keeps them under store.Dir.PKI, laid out as kubeadm lays out /etc/kubernetes/pki, with one
// directory for each machine. It is not a general CA: what is issued to whom is fixed by what Kubernetes
// components ask for.
//
// The main types are Authority, and MasterFiles, NodeFiles and AdminFiles, which name the files.
//
// Whatever is missing, damaged, about to expire or no longer fits the lab is issued anew, so a lab that was
// left for a year starts again. Keys are ECDSA P-256: a hundred of them cost less than one RSA key.
package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kubelab/core/store"
	"kubelab/core/topology"
)

// Authority issues what the machines of one lab need. Its methods may be called at the same time.
type Authority struct {
	dir  store.Dir
	spec topology.Spec

	issuing sync.Mutex // a key and its certificate are two files

	cluster, etcd, frontProxy *authority
}

// Open loads the lab's certificate authorities and the service accounts' key, and makes what is missing.
func Open(d store.Dir, s topology.Spec) (*Authority, error) {
	a := &Authority{dir: d, spec: s}
	for _, ca := range []struct {
		into       **authority
		path, name string
	}{
		{&a.cluster, d.PKI("ca"), "kubernetes"},
		{&a.etcd, d.PKI("etcd", "ca"), "etcd-ca"},
		{&a.frontProxy, d.PKI("front-proxy-ca"), "front-proxy-ca"},
	} {
		opened, err := openAuthority(ca.path, ca.name)
		if err != nil {
			return nil, fmt.Errorf("open the certificate authority %s: %w", ca.name, err)
		}
		*ca.into = opened
	}
	if err := openServiceAccountKey(d.PKI("sa")); err != nil {
		return nil, fmt.Errorf("open the service accounts' key: %w", err)
	}
	return a, nil
}

// Made is when the lab was made, to the second: when the cluster's certificate authority was.
func (a *Authority) Made() time.Time { return a.cluster.cert.NotBefore.Add(clockSkew) }

// ClusterPool trusts what API servers and kubelets show to their clients.
func (a *Authority) ClusterPool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cluster.cert)
	return pool
}

// Groups and users that Kubernetes gives rights to.
const (
	groupMasters = "system:masters" // may do everything
	groupNodes   = "system:nodes"
	kubeProxy    = "system:kube-proxy"
	scheduler    = "system:kube-scheduler"
	controllers  = "system:kube-controller-manager"
)

// Admin writes the administrator's kubeconfig, which talks to the load balancer, and a client certificate
// for etcd.
func (a *Authority) Admin() error {
	a.issuing.Lock()
	defer a.issuing.Unlock()
	f := AdminFilesOf(a.dir)
	return errors.Join(
		a.kubeconfig(f.Kubeconfig, a.spec.BalancerURL(), subject{name: "kubernetes-admin", group: groupMasters}),
		a.etcd.issue(f.EtcdClient, subject{name: "lab-etcd-client", group: groupMasters, client: true}),
	)
}

// Master writes what master m needs: it is m's components that read it.
func (a *Authority) Master(m topology.Machine) error {
	a.issuing.Lock()
	defer a.issuing.Unlock()
	f, s := MasterFilesOf(a.dir, m), a.spec
	own := subject{name: m.Name(), addrs: []netip.Addr{s.Addr(m), loopback}, dns: []string{m.Name(), localhost}, server: true}
	both := own // etcd uses the same certificate when it is asked and when it asks
	both.client = true
	api := own
	api.name = "kube-apiserver"
	api.addrs = append([]netip.Addr{s.Balancer(), s.APIService()}, own.addrs...)
	api.dns = append([]string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + topology.ClusterDomain,
	}, own.dns...)
	client := func(name, group string) subject { return subject{name: name, group: group, client: true} }

	err := errors.Join(
		a.etcd.issue(f.EtcdServer, both),
		a.etcd.issue(f.EtcdPeer, both),
		a.etcd.issue(f.EtcdClient, client("kube-apiserver-etcd-client", "")),
		a.cluster.issue(f.APIServer, api),
		a.cluster.issue(f.KubeletClient, client("kube-apiserver-kubelet-client", groupMasters)),
		a.frontProxy.issue(f.FrontProxyClient, client("front-proxy-client", "")),
		a.cluster.issue(f.Scheduler, own),
		a.cluster.issue(f.ControllerManager, own),
		a.kubeconfig(f.SchedulerConf, s.APIServerURL(m), subject{name: scheduler}),
		a.kubeconfig(f.ControllerManagerConf, s.APIServerURL(m), subject{name: controllers}),
	)
	if err != nil {
		return fmt.Errorf("issue the certificates of %s: %w", m, err)
	}
	return nil
}

// Node writes what node m needs. Its kubeconfigs talk to the load balancer and hold their certificates, so
// that nothing outside the node's own directory is read on the node.
func (a *Authority) Node(m topology.Machine) error {
	a.issuing.Lock()
	defer a.issuing.Unlock()
	f, s := NodeFilesOf(a.dir, m), a.spec
	err := errors.Join(
		a.cluster.issue(f.Kubelet, subject{
			name: "system:node:" + m.Name(), group: groupNodes, server: true,
			addrs: []netip.Addr{s.Addr(m)}, dns: []string{m.Name()},
		}),
		a.kubeconfig(f.KubeletConf, s.BalancerURL(), subject{name: "system:node:" + m.Name(), group: groupNodes}),
		a.kubeconfig(f.KubeProxyConf, s.BalancerURL(), subject{name: kubeProxy}),
	)
	if err != nil {
		return fmt.Errorf("issue the certificates of %s: %w", m, err)
	}
	return nil
}

// Remove deletes what was issued to m. The certificates themselves stay valid until they expire: Kubernetes
// has no revocation.
func (a *Authority) Remove(m topology.Machine) error {
	a.issuing.Lock()
	defer a.issuing.Unlock()
	return os.RemoveAll(a.dir.PKI(m.Name()))
}

const localhost = "localhost"

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// Pair names a certificate and its key.
type Pair struct{ Cert, Key string }

func pair(elem ...string) Pair {
	p := filepath.Join(elem...)
	return Pair{p + ".crt", p + ".key"}
}

// SharedFiles names what all machines trust, and the key that signs service accounts' tokens.
type SharedFiles struct {
	CA, EtcdCA, FrontProxyCA             Pair
	ServiceAccountKey, ServiceAccountPub string
}

// SharedFilesOf names the files that the machines of a lab share.
func SharedFilesOf(d store.Dir) SharedFiles {
	return SharedFiles{
		CA: pair(d.PKI("ca")), EtcdCA: pair(d.PKI("etcd", "ca")), FrontProxyCA: pair(d.PKI("front-proxy-ca")),
		ServiceAccountKey: d.PKI("sa.key"), ServiceAccountPub: d.PKI("sa.pub"),
	}
}

// AdminFiles names what the lab's administrator uses.
type AdminFiles struct {
	Kubeconfig string
	EtcdClient Pair
}

// AdminFilesOf names the administrator's files.
func AdminFilesOf(d store.Dir) AdminFiles {
	return AdminFiles{d.PKI("admin.conf"), pair(d.PKI("etcd", "client"))}
}

// MasterFiles names what was issued to one master.
type MasterFiles struct {
	EtcdServer, EtcdPeer, EtcdClient           Pair
	APIServer, KubeletClient, FrontProxyClient Pair
	Scheduler, ControllerManager               Pair // what they serve with
	SchedulerConf, ControllerManagerConf       string
}

// MasterFilesOf names the files of master m.
func MasterFilesOf(d store.Dir, m topology.Machine) MasterFiles {
	in := func(name string) Pair { return pair(d.PKI(m.Name(), name)) }
	return MasterFiles{
		EtcdServer: in("etcd-server"), EtcdPeer: in("etcd-peer"), EtcdClient: in("apiserver-etcd-client"),
		APIServer: in("apiserver"), KubeletClient: in("apiserver-kubelet-client"), FrontProxyClient: in("front-proxy-client"),
		Scheduler: in("scheduler"), ControllerManager: in("controller-manager"),
		SchedulerConf:         d.PKI(m.Name(), "scheduler.conf"),
		ControllerManagerConf: d.PKI(m.Name(), "controller-manager.conf"),
	}
}

// NodeFiles names what was issued to one node.
type NodeFiles struct {
	Kubelet                    Pair // what it serves with
	KubeletConf, KubeProxyConf string
}

// NodeFilesOf names the files of node m.
func NodeFilesOf(d store.Dir, m topology.Machine) NodeFiles {
	return NodeFiles{
		Kubelet:       pair(d.PKI(m.Name(), "kubelet")),
		KubeletConf:   d.PKI(m.Name(), "kubelet.conf"),
		KubeProxyConf: d.PKI(m.Name(), "kube-proxy.conf"),
	}
}
