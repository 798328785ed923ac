// Package core is the engine of a lab, without any front end. It holds nothing itself; the map is:
//
//	topology   what a lab is: machines, addresses, timings; pure data
//	store      the lab's directory on disk, its lock, and what must be swept after a crash
//	pki        the certificate authority, certificates and kubeconfigs
//	component  what every part that can be started, stopped and crashed has in common
//	plain      text that a terminal shows and does not obey
//	network    bridge, network namespaces, links and routes
//	master     etcd, kube-apiserver, kube-scheduler, kube-controller-manager of one machine
//	node       one worker: namespaces, node init, containerd, kubelet, kube-proxy
//	balancer   the TCP load balancer in front of the API servers
//	assets     helper binaries and images that are embedded in the lab binary
//	images     the sources of those images
//	snapshot   the file that a snapshot of etcd is kept in
//	cluster    composes all of the above into one lab
//	target     what people call the parts of a lab: master-1, node-2/kubelet, pod/demo/web-abc
//	fault      breaks a lab and mends it: kinds of faults, predictions, history
//	stopwatch  measures what a failure does: phases, and gaps in what clients are told
//	observe    sees everything that happens in a lab at its source, and makes Snapshots and Events of it
//	story      what happened to an object, through all components
//	byhand     the commands that do by hand what the lab does
//	recording  keeps what a lab shows in a file, and plays it
//	logs       what the parts of a lab have written, also when it does not run
//	live       a running lab behind the one interface that front ends have
//	view       that interface, and the plain data that goes through it
//
// # Words
//
// A master is a control-plane machine, a node a worker machine. A component is one of etcd,
// kube-apiserver, kube-scheduler, kube-controller-manager, kubelet, containerd and kube-proxy. A member
// is etcd's word for its instance. A lab is one cluster with its engine, the process that runs it. A
// link joins two machines. A fault is something that was injected; it has an id, and can be healed. Otherwise the words are Kubernetes' and etcd's own.
package core
