package master

import (
	"context"
	"fmt"

	"kubelab/core/component"
	"kubelab/core/master/etcd"
)

// CrashEtcd crashes the master's etcd member and waits until its files are closed.
func (m *Master) CrashEtcd(ctx context.Context) error {
	c := m.components[component.Etcd]
	r := c.underWay()
	c.Crash()
	if r == nil {
		return nil // whoever opens the files next waits for the last run
	}
	select {
	case <-r.Done():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for etcd of %s to end: %w", m.cfg.Machine, ctx.Err())
	}
}

// WipeEtcd crashes the master's etcd member and deletes its data directory, as the loss of a disk would. The member
// cannot start again: the others know it, and would be lied to by one that has forgotten what it promised.
func (m *Master) WipeEtcd(ctx context.Context) error {
	if err := m.CrashEtcd(ctx); err != nil {
		return err
	}
	return etcd.Wipe(m.cfg.Dir, m.cfg.Machine)
}

// EtcdWiped reports whether the master has no data of an etcd member.
func (m *Master) EtcdWiped() bool { return !etcd.Exists(m.cfg.Dir, m.cfg.Machine) }
