package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// What follows is the command line of each component as kubeadm writes it into its static pods.

// kubeadm's defaults.
const (
	servicePlan = "10.96.0.0/12"
	etcdClient  = 2379
	etcdPeer    = 2380
	apiPort     = 6443
)

func (b *baseline) etcd(i int) []string {
	name := func(i int) string { return fmt.Sprintf("master-%d", i+1) }
	client, peer := fmt.Sprintf("https://%s:%d", b.addrs[i], etcdClient), fmt.Sprintf("https://%s:%d", b.addrs[i], etcdPeer)
	var cluster []string
	for j, addr := range b.addrs {
		cluster = append(cluster, fmt.Sprintf("%s=https://%s:%d", name(j), addr, etcdPeer))
	}
	crt, key, ca := b.pki("etcd", name(i)+".crt"), b.pki("etcd", name(i)+".key"), b.pki("etcd", "ca.crt")
	// cmd/kubeadm/app/phases/etcd/local.go, getEtcdCommand
	return []string{"etcd", "--name=" + name(i),
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer,
		"--data-dir=" + filepath.Join(b.dir, name(i)+".etcd"),
		"--cert-file=" + crt, "--key-file=" + key, "--trusted-ca-file=" + ca, "--client-cert-auth=true",
		"--peer-cert-file=" + crt, "--peer-key-file=" + key, "--peer-trusted-ca-file=" + ca, "--peer-client-cert-auth=true",
		"--snapshot-count=10000", fmt.Sprintf("--listen-metrics-urls=http://%s:2381", b.addrs[i]),
		"--feature-gates=InitialCorruptCheck=true", "--watch-progress-notify-interval=5s",
		"--initial-cluster=" + strings.Join(cluster, ",")}
}

func (b *baseline) apiserver(i int) []string {
	crt, addr := func(name string) string { return b.pki(name + ".crt") }, b.addrs[i].String()
	serving := fmt.Sprintf("master-%d-apiserver", i+1)
	// cmd/kubeadm/app/phases/controlplane/manifests.go, getAPIServerCommand
	return []string{"kube-apiserver", "--advertise-address=" + addr, "--bind-address=" + addr,
		"--enable-admission-plugins=NodeRestriction", "--service-cluster-ip-range=" + servicePlan,
		"--service-account-key-file=" + b.pki("sa.pub"), "--service-account-signing-key-file=" + b.pki("sa.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local", "--client-ca-file=" + crt("ca"),
		"--tls-cert-file=" + crt(serving), "--tls-private-key-file=" + b.pki(serving+".key"),
		"--kubelet-client-certificate=" + crt("apiserver-kubelet-client"), "--kubelet-client-key=" + b.pki("apiserver-kubelet-client.key"),
		"--enable-bootstrap-token-auth=true", fmt.Sprintf("--secure-port=%d", apiPort), "--allow-privileged=true",
		"--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-client-ca-file=" + crt("front-proxy-ca"),
		"--requestheader-allowed-names=front-proxy-client", "--proxy-client-cert-file=" + crt("front-proxy-client"),
		"--proxy-client-key-file=" + b.pki("front-proxy-client.key"),
		fmt.Sprintf("--etcd-servers=https://%s:%d", addr, etcdClient), "--etcd-cafile=" + b.pki("etcd", "ca.crt"),
		"--etcd-certfile=" + crt("apiserver-etcd-client"), "--etcd-keyfile=" + b.pki("apiserver-etcd-client.key"),
		"--authorization-mode=Node,RBAC"}
}

func (b *baseline) controllerManager(i int) []string {
	conf, ca := b.pki(fmt.Sprintf("master-%d-controller-manager.conf", i+1)), b.pki("ca.crt")
	// the same file, getControllerManagerCommand, with a pod network
	return []string{"kube-controller-manager", "--bind-address=" + b.addrs[i].String(), "--leader-elect=true",
		"--kubeconfig=" + conf, "--authentication-kubeconfig=" + conf, "--authorization-kubeconfig=" + conf,
		"--client-ca-file=" + ca, "--requestheader-client-ca-file=" + b.pki("front-proxy-ca.crt"), "--root-ca-file=" + ca,
		"--service-account-private-key-file=" + b.pki("sa.key"), "--cluster-signing-cert-file=" + ca,
		"--cluster-signing-key-file=" + b.pki("ca.key"), "--use-service-account-credentials=true",
		"--controllers=*,bootstrapsigner,tokencleaner", "--allocate-node-cidrs=true", "--cluster-cidr=10.244.0.0/16",
		"--service-cluster-ip-range=" + servicePlan, "--cluster-name=kubernetes"}
}

func (b *baseline) scheduler(i int) []string {
	conf := b.pki(fmt.Sprintf("master-%d-scheduler.conf", i+1))
	// the same file, getSchedulerCommand
	return []string{"kube-scheduler", "--bind-address=" + b.addrs[i].String(), "--leader-elect=true",
		"--kubeconfig=" + conf, "--authentication-kubeconfig=" + conf, "--authorization-kubeconfig=" + conf}
}
