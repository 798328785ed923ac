// Package images names the container images every node starts with.
//
// There is no registry in a lab: the images are built from Go source beside this file (one folder, one
// program each), written into OCI archives by core/images/archive and imported into containerd when a
// node starts. This package holds only their names, so that whoever writes a pod manifest or a
// containerd configuration agrees with whoever built the archive. It is not the place for pulling,
// importing or unpacking.
package images

// The names under which the images are imported. A manifest that uses one needs
// imagePullPolicy IfNotPresent (the default for a tag other than latest): lab.local resolves nowhere.
const (
	// Pause is the sandbox container of every pod: it holds the namespaces and reaps orphans.
	Pause = "lab.local/pause:1"

	// Demo1 and Demo2 are one HTTP server under two tags, which differ only in the VERSION it reports:
	// what a rollout and a rollback need.
	Demo1 = "lab.local/demo:1"
	Demo2 = "lab.local/demo:2"

	// Toolbox has a shell, wget, nslookup and the usual commands, and by default waits to be stopped.
	Toolbox = "lab.local/toolbox:1"

	// CoreDNS is the cluster's DNS server with the plugins named in its folder. It reads /etc/coredns/Corefile.
	CoreDNS = "lab.local/coredns:1"
)

// All lists every image of a node, the sandbox first: without it no pod can start.
func All() []string { return []string{Pause, CoreDNS, Demo1, Demo2, Toolbox} }
