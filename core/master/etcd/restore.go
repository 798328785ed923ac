package etcd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"

	"kubelab/core/store"
	"kubelab/core/topology"
)

// revisionBump is added to the revision of a restored cluster, so that no client that remembers a later one finds the
// past going on: what it remembers counts as compacted, and it lists anew. It is what etcd's documentation proposes.
const revisionBump = 1_000_000_000

// aside is where a member's data lies while another one is tried in its place.
const aside = dataDir + ".before-restore"

// Restore puts the database db in the place of the data of the member on machine m, as a member of a new cluster of
// all masters of s. The ids of the cluster and of its members are made of token, so it has to be the same for all members
// and another one each time: a member of the old cluster must not be taken for one of the new. The old data is kept aside until Settle or Revert, one of which must have been called after an
// earlier Restore. The member must not run.
func Restore(d store.Dir, s topology.Spec, m topology.Machine, db, token string) error {
	err := os.Rename(d.Master(m, dataDir), d.Master(m, aside))
	if errors.Is(err, fs.ErrNotExist) {
		// A member without data must be one again after Revert, and not the only one that keeps what was restored.
		err = os.MkdirAll(d.Master(m, aside), modeDir)
	}
	if err != nil {
		return err
	}
	initial := NewCluster(s, s.Masters...)
	err = snapshot.NewV3(zap.NewNop()).Restore(snapshot.RestoreConfig{
		SnapshotPath: db, Name: m.Name(), OutputDataDir: d.Master(m, dataDir), PeerURLs: []string{s.EtcdPeerURL(m)},
		InitialCluster: initial.String(), InitialClusterToken: token,
		RevisionBump: revisionBump, MarkCompacted: true,
	})
	if err != nil {
		return fmt.Errorf("restore etcd of %s: %w", m, err)
	}
	return nil
}

// Revert puts the data back that Restore has put aside, if it has: also when the engine ended before it could say how
// the restore went.
func Revert(d store.Dir, m topology.Machine) error {
	if _, err := os.Stat(d.Master(m, aside)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.RemoveAll(d.Master(m, dataDir)); err != nil {
		return err
	}
	return os.Rename(d.Master(m, aside), d.Master(m, dataDir))
}

// Settle deletes what Restore has put aside.
func Settle(d store.Dir, m topology.Machine) error { return os.RemoveAll(d.Master(m, aside)) }
