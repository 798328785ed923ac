// Package node runs one worker of a lab: a tree of processes in namespaces and cgroups of its own, with kubelet,
// kube-proxy and containerd in it. It switches the machine on and off, crashes it, does the same to each component,
// and imports images. It does not wait for the cluster to call the node Ready, and makes no certificates.
//
// Node is the main type, Component a handle on one of its components. Sweep removes what is left of a lab's
// nodes when their engine was killed.
//
// # How a node is made
//
// The engine makes the node's network namespace and cgroups and starts core/node/cmd/node-init in them as process
// 1 of new PID, mount, UTS and IPC namespaces. A thread of the engine goes ahead into cgroups and network
// namespace, has the process made there, and ends. The init gets a Boot (package control) which says all there is
// to say, and makes the file system: the node's directory is its disk and becomes its /; the host's /usr and
// the like are in it read-only. So every component has its default paths, what a pod writes to a hostPath is
// the node's own and goes with the lab, and no mount of the node can reach the host or pin what the host unmounts.
//
// Then the engine has containerd started, imports the images, and has kubelet and kube-proxy started. They are
// this very program under another name (package applet).
//
// # What a node shows as its hardware
//
// Kubelet takes capacity from /proc/meminfo and from /sys/devices/system/cpu; files over these give a node the
// size that the Spec says. Memory is also limited by the node's cgroup. Fewer cores than the host's are given
// by a cpuset, not by a quota: with cgroups of version 1 a container's limit could not exceed its node's quota, and
// a limit above what a node has is perfectly legal. More cores than the host's are only shown.
package node
