package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// baseline is what the lab's masters are compared with: three etcd, kube-apiserver, kube-scheduler and
// kube-controller-manager as twelve processes with the flags that kubeadm gives them for stacked masters.
// Where kubeadm says 127.0.0.1, three masters on one machine need three addresses; that is the only change.
type baseline struct {
	bin, dir string // upstream's binaries; certificates, data and logs
	space    *space
	addrs    []netip.Addr

	mu       sync.Mutex
	stopping bool              // guarded by mu, set once by stop
	running  map[int]*exec.Cmd // by pid, guarded by mu
	ended    int               // guarded by mu
	watchers sync.WaitGroup
}

// newBaseline makes the network and all certificates, but starts nothing.
func newBaseline(bin, dir string) (*baseline, error) {
	b := &baseline{bin: bin, dir: dir, running: map[int]*exec.Cmd{}}
	for i := range 3 {
		b.addrs = append(b.addrs, netip.AddrFrom4([4]byte{10, 255, 0, byte(11 + i)}))
	}
	if err := b.writeCerts(); err != nil {
		return nil, fmt.Errorf("make the baseline's certificates: %w", err)
	}
	var err error
	b.space, err = newSpace(b.addrs)
	return b, err
}

func (b *baseline) pki(elem ...string) string {
	return filepath.Join(append([]string{b.dir, "pki"}, elem...)...)
}

func (b *baseline) writeCerts() error {
	var errs []error
	check := func(err error) { errs = append(errs, err) }
	must := func(a *authority, err error) *authority { check(err); return a }

	ca, etcd, front := must(newAuthority(b.pki(), "ca")), must(newAuthority(b.pki("etcd"), "ca")), must(newAuthority(b.pki(), "front-proxy-ca"))
	if err := errors.Join(errs...); err != nil {
		return err
	}
	check(writeServiceAccountKey(b.pki()))
	check(ca.client("apiserver-kubelet-client", "kube-apiserver-kubelet-client", "system:masters"))
	check(front.client("front-proxy-client", "front-proxy-client"))
	check((&authority{dir: b.pki(), cert: etcd.cert, key: etcd.key}).client("apiserver-etcd-client", "kube-apiserver-etcd-client"))
	check(ca.client("admin", "kubernetes-admin", "system:masters"))
	for i, addr := range b.addrs {
		name := fmt.Sprintf("master-%d", i+1)
		server := fmt.Sprintf("https://%s:%d", addr, apiPort)
		local := netip.MustParseAddr("127.0.0.1")
		// etcd compares a peer's certificate with the address it comes from, and the kernel is free to choose
		// any of the three for a connection that does not leave the machine.
		check(etcd.serve(name, name, append([]netip.Addr{local}, b.addrs...)...))
		check(ca.serve(name+"-apiserver", "kube-apiserver", addr, local, netip.MustParsePrefix(servicePlan).Addr().Next()))
		for _, c := range []string{"controller-manager", "scheduler"} {
			check(ca.client(name+"-"+c, "system:kube-"+c))
			check(writeKubeconfig(b.pki(), name+"-"+c, server))
		}
		if i == 0 {
			check(writeKubeconfig(b.pki(), "admin", server))
		}
	}
	return errors.Join(errs...)
}

// start starts etcd and the API servers at once, and the rest when all API servers answer. kubelets would
// start all twelve at once as static pods; but then schedulers and controller managers spend seconds in
// back-off after being refused, so this order is the faster one. What ends by itself is started again.
func (b *baseline) start(ctx context.Context) (took readiness, err error) {
	began := time.Now()
	if err := b.startOnEach(ctx, b.etcd, b.apiserver); err != nil {
		return took, err
	}
	if err := waitAPIServers(ctx, b.kubeconfig(), b.addrs, b.space.dial); err != nil {
		return took, err
	}
	api := time.Since(began)
	if err := b.startOnEach(ctx, b.controllerManager, b.scheduler); err != nil {
		return took, err
	}
	took, err = waitMasters(ctx, began, b.kubeconfig(), b.addrs, b.space.dial)
	took.api = api
	return took, err
}

func (b *baseline) startOnEach(ctx context.Context, components ...func(master int) []string) error {
	for _, argv := range components {
		for i := range b.addrs {
			if err := b.run(ctx, argv(i), i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *baseline) kubeconfig() string { return b.pki("admin.conf") }

func (b *baseline) run(ctx context.Context, argv []string, master int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopping {
		return nil
	}
	path := filepath.Join(b.dir, fmt.Sprintf("%s-%d.log", argv[0], master+1))
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(b.bin, argv[0]), argv[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	// A group of its own: Ctrl-C reaches the benchmark, which then stops them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	b.space.do(func() { err = startAs(fmt.Sprintf("master-%d", master+1), cmd) })
	if err != nil {
		return fmt.Errorf("start %s of the baseline: %w", argv[0], err)
	}
	b.running[cmd.Process.Pid] = cmd
	b.watchers.Go(func() { b.watch(ctx, cmd, argv, master) })
	return nil
}

// startAs starts cmd on a machine of that name. API servers name their Lease after it: on one machine the
// three would fight over one Lease for ever.
func startAs(hostname string, cmd *exec.Cmd) error {
	if err := unix.Unshare(unix.CLONE_NEWUTS); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(hostname)); err != nil {
		return err
	}
	return cmd.Start()
}

func (b *baseline) watch(ctx context.Context, cmd *exec.Cmd, argv []string, master int) {
	_ = cmd.Wait() // how it ended is in its log
	b.mu.Lock()
	delete(b.running, cmd.Process.Pid)
	stopping := b.stopping
	if !stopping {
		b.ended++
	}
	b.mu.Unlock()
	if stopping {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
		// When it cannot even be started, the wait for readiness runs out and names the logs.
		_ = b.run(ctx, argv, master)
	}
}

// stop kills all processes and takes the network away.
func (b *baseline) stop() {
	b.mu.Lock()
	b.stopping = true
	for _, cmd := range b.running {
		_ = cmd.Process.Kill() // it may have ended just now
	}
	b.mu.Unlock()
	b.watchers.Wait()
	b.space.close()
}

// list picks the baseline's processes out of all; none of them has pods.
func (b *baseline) list(all map[int]process, _ bool) []process {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ours []process
	for pid := range b.running {
		ours = append(ours, all[pid])
	}
	return ours
}

// crashes counts how often a component ended by itself. Figures of such a run are worth nothing.
func (b *baseline) crashes() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended
}
