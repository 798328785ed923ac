// Package worker reads from the host's side what the components of a node say themselves: containerd's events,
// containers and images, kubelet's metrics, and the rules that kube-proxy has made in nftables. None of it asks an API
// server or etcd, so it goes on while they are down. It does not know what Kubernetes wants of a node, and changes
// nothing there.
//
// Follow and FollowRules tell what happens, for as long as their contexts last; Containers, Kubelet and Proxy tell how
// things are at the moment.
package worker
