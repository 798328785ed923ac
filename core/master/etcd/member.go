// Package etcd runs one etcd member as goroutines of the engine: upstream's embed.Etcd with mutual TLS,
// with the lab's timings, and with a crash that looks like one to everybody else. How members come into and
// leave the cluster is in this package as well; what is stored in etcd is not its subject.
//
// The main types are Config and Member, which is one run of a member: it is started once and ends once.
package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"go.etcd.io/etcd/server/v3/embed"

	"kubelab/core/master/logs"
	"kubelab/core/master/socket"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// Config says which member to run.
type Config struct {
	Spec    topology.Spec
	Machine topology.Machine
	Dir     store.Dir
	Log     *logs.Log
	// Failed is called, on any goroutine, when the member ends without being asked to.
	Failed func(error)
}

// Member is one run of an etcd member.
type Member struct {
	cfg  Config
	etcd *embed.Etcd

	done chan struct{} // closed when nothing of the run is left
	once sync.Once     // for ending it

	mu  sync.Mutex // guards err
	err error      // why it ended
}

// Open starts the member and returns when it serves its peers, which is before it is ready for clients: that
// takes a majority of the members.
func Open(ctx context.Context, cfg Config, in Initial) (*Member, error) {
	if err := cfg.Dir.Room(leastRoom); err != nil {
		return nil, fmt.Errorf("start etcd of %s: %w", cfg.Machine, err)
	}
	if isHeld(cfg.Dir.Master(cfg.Machine, dataDir)) {
		return nil, fmt.Errorf("start etcd of %s: an earlier start gave up, see %s, and holds the data until the engine ends: mend them, then lab stop and lab start; or lab wipe %s",
			cfg.Machine, cfg.Dir.Log(cfg.Machine, "etcd"), cfg.Machine)
	}
	c, err := config(cfg, in)
	if err != nil {
		return nil, fmt.Errorf("configure etcd of %s: %w", cfg.Machine, err)
	}
	m := &Member{cfg: cfg, done: make(chan struct{})}
	started := cfg.Log.Go(func() { m.etcd, err = embed.StartEtcd(c) })
	select {
	case <-started:
	case <-ctx.Done():
		// It cannot be interrupted, but what it opened must not stay.
		go func() {
			switch <-started; {
			case err != nil:
			case m.etcd == nil:
				m.givenUp()
			default:
				m.crash(ctx.Err())
			}
		}()
		return nil, fmt.Errorf("start etcd of %s: %w", cfg.Machine, ctx.Err())
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("start etcd of %s: %w", cfg.Machine, err)
	case m.etcd == nil:
		m.givenUp()
		return nil, fmt.Errorf("start etcd of %s: it gave up, see %s", cfg.Machine, cfg.Dir.Log(cfg.Machine, "etcd"))
	}
	cfg.Log.OnFailure(m.crash)
	cfg.Log.Go(m.watch)
	return m, nil
}

// leastRoom, in bytes, is what a member takes of the disk soon: it makes the next file of its log, of
// wal.SegmentSizeBytes, before it needs it, and the database grows by 16 MiB.
const leastRoom = 80 << 20

// givenUp takes back what upstream leaves listening when it gives up in the middle of its start, for example because its
// data is damaged: it means the process to end.
func (m *Member) givenUp() {
	own := m.cfg.Spec.Addr(m.cfg.Machine)
	// It fails only without /proc; then the next start says that the address is in use.
	_, _ = socket.Deafen(netip.AddrPortFrom(own, topology.EtcdPeerPort), netip.AddrPortFrom(own, topology.EtcdClientPort))
	hold(m.cfg.Dir.Master(m.cfg.Machine, dataDir))
}

// watch notices that the member ended by itself, for example because it was removed from the cluster.
func (m *Member) watch() {
	select {
	case <-m.etcd.Server.StopNotify():
		m.crash(errors.New("the member stopped by itself"))
	case err := <-m.etcd.Err():
		if err != nil {
			m.crash(err)
		}
	case <-m.done:
	}
}

// Ready waits until the member serves clients: it knows a leader and has caught up with it.
func (m *Member) Ready(ctx context.Context) error {
	select {
	case <-m.etcd.Server.ReadyNotify():
		return nil
	case <-m.done:
		return fmt.Errorf("etcd of %s ended: %w", m.cfg.Machine, m.Err())
	case <-ctx.Done():
		return fmt.Errorf("wait for etcd of %s: %w", m.cfg.Machine, ctx.Err())
	}
}

// Etcd is upstream's member: its Server tells leader, term and indexes. It must only be read.
func (m *Member) Etcd() *embed.Etcd { return m.etcd }

// Leading reports whether the member leads the cluster.
func (m *Member) Leading() bool {
	s := m.etcd.Server
	return !m.ended() && s.Leader() == s.MemberID()
}

// Stop ends the member in good order: it hands its leadership over and closes its files. When ctx ends
// first the rest is done as in a crash.
func (m *Member) Stop(ctx context.Context) error {
	m.once.Do(func() {
		m.cfg.Log.OnFailure(nil)
		go func() {
			defer close(m.done)
			closed := m.cfg.Log.Go(m.etcd.Close)
			// Close waits for clients that watch, and API servers always do. Whoever has a request under
			// way gets this long to have it answered. Peers stay: one of them is to take over the lead.
			cut := time.AfterFunc(drain, m.resetClients)
			defer cut.Stop()
			select {
			case <-m.etcd.Server.StopNotify():
				m.reset() // Close would wait for the peers to hang up
			case <-time.After(handOver):
				m.windDown()
			case <-ctx.Done():
				m.abandon()
				m.windDown()
			}
			<-closed
		}()
	})
	select {
	case <-m.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop etcd of %s: %w", m.cfg.Machine, ctx.Err())
	}
}

const (
	// drain is how long requests under way may take when a member stops.
	drain = 200 * time.Millisecond
	// handOver is how long a member that stops tries to. It takes milliseconds, but seconds when the peer
	// that is to take over has just stopped as well.
	handOver = time.Second
)

// Crash ends the member as a power failure would, and returns at once: its connections are reset, nobody
// takes over its leadership. Done tells when its files are closed.
func (m *Member) Crash() { m.crash(nil) }

func (m *Member) crash(err error) {
	m.once.Do(func() {
		m.cfg.Log.OnFailure(nil)
		m.abandon()
		go func() {
			defer close(m.done)
			m.windDown()
			<-m.cfg.Log.Go(m.etcd.Close)
		}()
		if err != nil {
			m.mu.Lock()
			m.err = err
			m.mu.Unlock()
			m.cfg.Failed(err)
		}
	})
}

// abandon cuts the member off from everybody.
func (m *Member) abandon() {
	for _, l := range m.etcd.Peers {
		_ = l.Close() // only its end matters
	}
	for _, l := range m.etcd.Clients {
		_ = l.Close()
	}
	m.reset()
}

// windDown stops an abandoned member without a word to its peers.
func (m *Member) windDown() {
	stopped := m.cfg.Log.Go(m.etcd.Server.HardStop)
	for {
		// Its goroutines redial their peers until they notice that they are to stop.
		select {
		case <-stopped:
			m.reset()
			return
		case <-time.After(redial):
			m.reset()
		}
	}
}

// redial is how long a crashed member's new connections can live, at most.
const redial = 2 * time.Millisecond

// resetClients ends the connections of the member's clients.
func (m *Member) resetClients() {
	own := netip.AddrPortFrom(m.cfg.Spec.Addr(m.cfg.Machine), topology.EtcdClientPort)
	_, _ = socket.Reset(func(local, _ netip.AddrPort) bool { return local == own }) // it fails only without /proc
}

// reset ends all connections of the member's clients and peers.
func (m *Member) reset() {
	own := m.cfg.Spec.Addr(m.cfg.Machine)
	// Connections of others to this member have its address and port here; its own to its peers have its
	// address here, because it dials from it, and the peer's port there.
	_, _ = socket.Reset(func(local, remote netip.AddrPort) bool {
		return local.Addr() == own && (local.Port() == topology.EtcdClientPort ||
			local.Port() == topology.EtcdPeerPort || remote.Port() == topology.EtcdPeerPort)
	})
}

// Done is closed when the run ended and its files are closed: then the member can be started again.
func (m *Member) Done() <-chan struct{} { return m.done }

// Err is why the run ended, nil when it was asked to.
func (m *Member) Err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

func (m *Member) ended() bool {
	select {
	case <-m.etcd.Server.StoppingNotify():
		return true
	default:
		return false
	}
}
