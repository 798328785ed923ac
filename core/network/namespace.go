package network

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"kubelab/core/topology"
)

// namespaceDir is where `ip netns` keeps names.
const namespaceDir = "/run/netns"

// newNamespace makes a named network namespace that forwards packets, as a Kubernetes node must.
func newNamespace(name string) (ns netns.NsHandle, err error) {
	ns = netns.None()
	err = onThread(func() error {
		home, err := netns.Get()
		if err != nil {
			return err
		}
		defer home.Close()
		if err := shareNamespaceDir(); err != nil {
			return fmt.Errorf("share %s: %w", namespaceDir, err)
		}
		if ns, err = netns.NewNamed(name); err != nil {
			return fmt.Errorf("make network namespace %s: %w", name, err)
		}
		for _, key := range []string{"net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables"} {
			if err := setSysctl(key, "1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		_ = setSysctl("net/ipv6/conf/default/disable_ipv6", "1") // see makeBridge
		return nil
	})
	if err != nil {
		err = errors.Join(err, removeNamespace(name))
	}
	return ns, err
}

// shareNamespaceDir makes namespaceDir a mount of its own, as ip-netns(8) does when it adds its first name. Were it
// left to ip, our names made before would be mounted twice, once of it hidden, and could not be removed.
func shareNamespaceDir() error {
	if err := os.MkdirAll(namespaceDir, 0o755); err != nil {
		return err
	}
	err := unix.Mount("", namespaceDir, "", unix.MS_SHARED|unix.MS_REC, "")
	if err != unix.EINVAL { // it is no mount yet
		return err
	}
	if err := unix.Mount(namespaceDir, namespaceDir, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	return unix.Mount("", namespaceDir, "", unix.MS_SHARED|unix.MS_REC, "")
}

// InNamespace runs f on an operating-system thread of its own in the network namespace at path, such as AttachNode
// has returned. What f does to the thread, or to processes it starts, touches nothing else; InNamespace returns when
// the thread has ended.
func InNamespace(path string, f func() error) error {
	return onThread(func() error {
		ns, err := netns.GetFromPath(path)
		if err != nil {
			return fmt.Errorf("open network namespace: %w", err)
		}
		defer ns.Close()
		if err := netns.Set(ns); err != nil {
			return fmt.Errorf("enter network namespace %s: %w", path, err)
		}
		return f()
	})
}

// onThread runs f on an operating-system thread of its own, which f may move into other namespaces: the thread ends
// with f. The process's first thread cannot end, so when it is what we were given, it is held until another
// one is found.
func onThread(f func() error) error {
	done, id := make(chan error), 0
	go func() {
		runtime.LockOSThread()
		if id = unix.Gettid(); id == os.Getpid() {
			defer runtime.UnlockOSThread()
			done <- onThread(f)
			return
		}
		done <- f()
	}()
	err := <-done
	for start := time.Now(); id != os.Getpid() && time.Since(start) < threadBound; {
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", id)); err != nil {
			break
		}
		time.Sleep(50 * time.Microsecond)
	}
	return err
}

// threadBound is how long a thread whose goroutine has returned may take to end. It takes some microseconds.
const threadBound = time.Second

func namespacePath(lab string, m topology.Machine) string {
	return namespaceDir + "/" + Namespace(lab, m)
}

func removeNamespace(name string) error {
	path := namespaceDir + "/" + name
	// EINVAL: the file is there, but nothing is mounted on it; it was left between the two.
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && err != unix.ENOENT && err != unix.EINVAL {
		return fmt.Errorf("unmount %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
