package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"kubelab/core/node/control"
)

// directories of the node's disk that must be there before anything runs.
var directories = []string{
	"dev", "etc", "home", "mnt", "opt", "proc", "root", "run", "sys", "srv", "tmp",
	"var/lib/containerd", "var/lib/kubelet", "var/lib/cni", "var/log/pods", "var/tmp", "etc/cni/net.d", "etc/kubernetes",
}

// overDir is where the content of control.File lies, in the node's /run.
const overDir = "run/lab/over"

// setup makes the machine: its own file system with the host's programs in it, its own /proc, /sys and /dev, its
// cgroups as the root of all cgroups, its name. Nothing of it can be seen from the host.
func setup(boot control.Boot) error {
	// The engine has put us into the node's cgroups; from here on they are "/".
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("new cgroup namespace: %w", err)
	}
	if err := unix.Sethostname([]byte(boot.Hostname)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	// Before anything else is mounted: the host's / is usually shared, and would get it all.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := bind(boot.Root, boot.Root, false); err != nil {
		return err
	}
	m := machine{boot.Root}
	for _, step := range []func(control.Boot) error{
		m.system, m.kernel, m.cgroups, m.binds, m.trees, m.files,
	} {
		if err := step(boot); err != nil {
			return err
		}
	}
	return m.enter()
}

// machine is the node's file system while it is still below a directory of the host's.
type machine struct{ root string }

func (m machine) at(path string) string { return filepath.Join(m.root, path) }

// system makes directories, and shows the host's programs and libraries read-only: kubelet and kube-proxy need
// mount and nft, and people a shell. What a pod writes to a hostPath stays on the node's own disk.
func (m machine) system(boot control.Boot) error {
	for _, d := range directories {
		if err := os.MkdirAll(m.at(d), 0o755); err != nil {
			return err
		}
	}
	// The old name of /run. As a directory of its own it would keep, over a power loss, what must not be kept.
	if err := os.Symlink("../run", m.at("var/run")); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, d := range boot.System {
		info, err := os.Lstat(d)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 { // such as /bin, to usr/bin
			to, err := os.Readlink(d)
			if err != nil {
				return err
			}
			if err := os.Symlink(to, m.at(d)); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
			continue
		}
		if err := bind(d, m.at(d), true); err != nil {
			return err
		}
	}
	return nil
}

// kernel mounts what the kernel shows of itself. /sys is read-only for this machine, as nothing on a node has to
// set anything there: what would be set is the host's.
func (m machine) kernel(control.Boot) error {
	for _, fs := range []struct {
		kind, at, options string
		flags             uintptr
	}{
		{"proc", "proc", "", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
		{"sysfs", "sys", "", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
		{"tmpfs", "run", "mode=755", unix.MS_NOSUID | unix.MS_NODEV},
		{"tmpfs", "tmp", "mode=1777", unix.MS_NOSUID | unix.MS_NODEV},
	} {
		if err := unix.Mount(fs.kind, m.at(fs.at), fs.kind, fs.flags, fs.options); err != nil {
			return fmt.Errorf("mount %s on %s: %w", fs.kind, fs.at, err)
		}
	}
	if err := readOnly(m.at("sys")); err != nil {
		return err
	}
	if err := bind("/dev", m.at("dev"), false); err != nil {
		return err
	}
	// These two would be the host's, not of the node's own IPC namespace. Kernels may lack the second.
	if err := os.MkdirAll(m.at("dev/shm"), 0o1777); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", m.at("dev/shm"), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777"); err != nil {
		return fmt.Errorf("mount /dev/shm: %w", err)
	}
	_ = unix.Mount("mqueue", m.at("dev/mqueue"), "mqueue", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	return m.readableLog()
}

// readableLog hides the kernel's log where it may not be read: kubelet looks for out-of-memory kills in it, and
// does not start when it cannot.
func (m machine) readableLog() error {
	f, err := os.OpenFile("/dev/kmsg", os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err == nil {
		return f.Close()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // and none can be made: this /dev is the host's
	}
	return bind("/dev/null", m.at("dev/kmsg"), false)
}

func (m machine) binds(boot control.Boot) error {
	for _, b := range boot.Binds {
		if err := bind(b.Source, m.at(b.Target), b.ReadOnly); err != nil {
			return err
		}
	}
	return nil
}

func (m machine) trees(boot control.Boot) error {
	for _, t := range boot.Trees {
		if _, err := os.Stat(m.at(t.Target)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := unix.Mount("tmpfs", m.at(t.Target), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=755"); err != nil {
			return fmt.Errorf("mount over %s: %w", t.Target, err)
		}
		for path, content := range t.Files {
			if err := write(m.at(filepath.Join(t.Target, path)), content); err != nil {
				return err
			}
		}
		if err := readOnly(m.at(t.Target)); err != nil {
			return err
		}
	}
	return nil
}

func (m machine) files(boot control.Boot) error {
	for _, f := range boot.Files {
		if _, err := os.Stat(m.at(f.Target)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		source := m.at(filepath.Join(overDir, strings.ReplaceAll(strings.Trim(f.Target, "/"), "/", "-")))
		if err := write(source, f.Content); err != nil {
			return err
		}
		if err := bind(source, m.at(f.Target), false); err != nil {
			return err
		}
	}
	return nil
}

// enter makes the machine's file system the only one, and its mounts shared among themselves, as kubelet wants
// them and as systemd leaves them.
func (m machine) enter() error {
	if err := os.Chdir(m.root); err != nil {
		return err
	}
	// The old root ends up on top of the new one, as pivot_root(2) explains, and is taken off.
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot to %s: %w", m.root, err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("take off the host's file system: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("make mounts shared: %w", err)
	}
	return nil
}

// bind makes source visible at target, which it makes where it is missing.
func bind(source, target string, ro bool) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(target, 0o755)
	} else if _, statErr := os.Stat(target); errors.Is(statErr, fs.ErrNotExist) {
		err = write(target, "")
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", source, target, err)
	}
	if ro {
		return readOnly(target)
	}
	return nil
}

// readOnly changes the mount at path, not what is mounted.
func readOnly(path string) error {
	if err := unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("make %s read-only: %w", path, err)
	}
	return nil
}

func write(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o644)
}
