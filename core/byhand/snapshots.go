package byhand

import (
	"fmt"
	"strings"

	"kubelab/core/view"
)

// snapshot are the lines for what is done with snapshots. A file of the lab is a tar archive of manifest.json and etcd.db,
// which is what etcdctl writes. etcdutl comes with etcd and not with the lab.
func (l lab) snapshot(a view.Action) []string {
	if a.Verb == view.ListSnapshots {
		return []string{"ls -l " + l.dir("snapshots")}
	}
	name := ""
	if len(a.Targets) > 0 {
		name = a.Targets[0]
	}
	switch {
	case a.Verb == view.SaveSnapshot:
		return l.saveSnapshot(name)
	case name == "":
		return []string{comment("which snapshot? See: ls %s", l.dir("snapshots"))}
	case a.Verb == view.VerifySnapshot:
		file := l.snapshotFile(name)
		return []string{
			"tar -xOf " + file + ` manifest.json | grep '"sha256"'`,
			"tar -xOf " + file + " etcd.db | sha256sum",
		}
	}
	return l.restoreSnapshot(l.snapshotFile(name))
}

// snapshotFile is the file that is meant, as a word for a shell: a path if it looks like one, or a name.
func (l lab) snapshotFile(name string) string {
	if strings.Contains(name, "/") {
		return quote(name)
	}
	const extension = ".snapshot"
	return l.dir("snapshots", strings.TrimSuffix(name, extension)+extension)
}

// saveSnapshot asks one member, the leader if there is one.
func (l lab) saveSnapshot(name string) []string {
	members := l.members()
	if len(members) == 0 {
		return []string{comment("no member of etcd runs")}
	}
	if name == "" {
		return []string{l.tool("etcdctl", l.endpoints(members[0]), "snapshot", "save") + " $(date +%Y-%m-%d-%H%M%S).db"}
	}
	if strings.HasPrefix(name, "-") { // it would be read as a flag
		name = "./" + name
	}
	return []string{l.tool("etcdctl", l.endpoints(members[0]), "snapshot", "save", name+".db")}
}

// restoreSnapshot makes new members of all masters, from the same database.
func (l lab) restoreSnapshot(file string) []string {
	var names []string
	for _, m := range l.spec.Masters {
		names = append(names, m.Name())
	}
	lines := []string{
		"tar -xf " + file + " -C /tmp etcd.db",
		comment("the components of the masters are goroutines of the engine; on masters of kubeadm's: mv %s/*.yaml %s/", manifests, aside),
		l.tool(append([]string{"kill"}, names...)...),
	}
	for _, m := range l.spec.Masters {
		data := l.dir("masters", m.Name(), "etcd")
		lines = append(lines, "mv "+data+" "+l.dir("masters", m.Name(), "etcd.before-restore"),
			fmt.Sprintf("etcdutl snapshot restore /tmp/etcd.db --name %s --data-dir %s --initial-advertise-peer-urls %s --initial-cluster %s "+
				"--initial-cluster-token %s-restored --bump-revision 1000000000 --mark-compacted", m, data, l.spec.EtcdPeerURL(m), l.initialCluster(), l.Name))
	}
	return append(lines, l.tool(append([]string{"start"}, names...)...))
}
