package observe

import (
	"slices"
	"testing"

	"kubelab/core/view"
)

// A snapshot that is restored makes a new cluster, whose terms begin anew.
func TestElectionsOfANewCluster(t *testing.T) {
	var told []string
	var e elections
	note := func(cluster, leader string, term uint64) {
		each := []view.EtcdMember{{Name: "master-1"}, {Name: "master-2", Cluster: cluster}}
		e.note(view.Etcd{Leader: leader, Term: term, Each: each}, func(ev view.Event) { told = append(told, ev.Text) })
	}
	note("a", "master-2", 7)
	note("a", "master-1", 6) // what is behind says nothing new
	note("", "", 0)          // no member runs
	note("b", "", 1)
	note("b", "master-2", 2)
	note("b", "master-2", 2)
	if want := []string{"master-2 leads etcd in term 7", "etcd has no leader in term 1", "master-2 leads etcd in term 2"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
