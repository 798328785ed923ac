package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Oldest kernel that kube-proxy uses nftables on: NFTablesKubeProxyKernelVersion in
// k8s.io/kubernetes/pkg/util/kernel/constants.go.
const kernelMajor, kernelMinor = 5, 13

func (m machine) kernel(context.Context) Result {
	release := m.read("/proc/sys/kernel/osrelease")
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		return warn(fmt.Sprintf("cannot tell the kernel's version from %q", release), fmt.Sprintf("make sure it is Linux %d.%d or later: uname -r", kernelMajor, kernelMinor))
	}
	if major < kernelMajor || major == kernelMajor && minor < kernelMinor {
		return fail(fmt.Sprintf("Linux %s is too old for kube-proxy's nftables, which need %d.%d", release, kernelMajor, kernelMinor),
			"upgrade to a distribution of 2022 or later, such as Debian 12, Ubuntu 22.04 or Fedora 36")
	}
	return ok("Linux " + release)
}

// overlay tries a mount on the very file system that images would lie on: some cannot hold the upper layer.
func (m machine) overlay(root string) Result {
	parent := m.nearest(root)
	err := tryOverlay(parent)
	switch {
	case err == nil:
		return ok("works on " + parent)
	case errors.Is(err, unix.ENODEV):
		return fail("the kernel has no overlayfs, which images need", "modprobe overlay")
	case errors.Is(err, unix.EINVAL):
		return fail(fmt.Sprintf("the file system of %s cannot hold an overlay, which images need", parent),
			"keep labs on ext4, xfs or btrfs: export LAB_HOME=/some/other/place")
	}
	return fail(fmt.Sprintf("cannot make an overlay mount on %s (%v), which images need", parent, err),
		"see what the kernel says: dmesg | tail; or keep labs elsewhere: export LAB_HOME=/some/other/place")
}

// nearest is root or, while that does not exist, the folder that it will be made in.
func (m machine) nearest(root string) string {
	for !m.exists(root) && root != filepath.Dir(root) {
		root = filepath.Dir(root)
	}
	return filepath.Join(m.files, root)
}

// tryOverlay mounts in a mount namespace of its own, whose thread and mounts end with it.
func tryOverlay(parent string) (err error) {
	dir, err := os.MkdirTemp(parent, ".lab-doctor-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return err
		}
	}
	return onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
			return err
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
		options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", dir)
		merged := filepath.Join(dir, "merged")
		if err := unix.Mount("overlay", merged, "overlay", 0, options); err != nil {
			return err
		}
		return unix.Unmount(merged, 0)
	})
}

// onOwnThread runs f on a thread that ends with it, and takes along what namespaces f made.
func onOwnThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		done <- f()
	}()
	return <-done
}

func (m machine) cgroups(context.Context) Result {
	unified, hierarchies := m.cgroupMounts()
	if unified == "/sys/fs/cgroup" {
		return m.cgroups2()
	}
	var lacking []string
	for _, c := range []string{"cpu", "cpuacct", "cpuset", "memory", "pids", "devices", "freezer", "blkio"} {
		if !hierarchies[c] {
			lacking = append(lacking, c)
		}
	}
	switch {
	case len(lacking) == 0:
		return ok("version 1, all controllers")
	case len(hierarchies) == 0:
		return fail("no cgroups are mounted, and every container needs them", "mount -t cgroup2 cgroup2 /sys/fs/cgroup")
	}
	return fail("cgroups of version 1 without "+strings.Join(lacking, ", "), controllerFix(lacking[0]))
}

// cgroupMounts reads where version 2 is mounted, and which controllers of version 1 are.
func (m machine) cgroupMounts() (unified string, hierarchies map[string]bool) {
	hierarchies = map[string]bool{}
	for line := range strings.Lines(m.read("/proc/self/mounts")) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		switch f[2] {
		case "cgroup2":
			unified = f[1]
		case "cgroup":
			for _, option := range strings.Split(f[3], ",") {
				hierarchies[option] = true
			}
		}
	}
	return unified, hierarchies
}

// cgroups2 wants the controllers offered where the lab makes its groups. Not yet handed down to children is
// no fault: lab start does that, unless processes sit where it must not be done.
func (m machine) cgroups2() Result {
	const dir = "/sys/fs/cgroup/"
	offered, handed := m.read(dir+"cgroup.controllers"), m.read(dir+"cgroup.subtree_control")
	var lacking, closed []string
	for _, c := range []string{"cpu", "cpuset", "memory", "pids"} {
		if !contains(offered, c) {
			lacking = append(lacking, c)
		} else if !contains(handed, c) {
			closed = append(closed, c)
		}
	}
	// Only a group that is not the machine's root has a type: then lab runs inside a container.
	inside := m.exists(dir + "cgroup.type")
	switch {
	case len(lacking) > 0 && inside:
		return fail("this container has no cgroup controllers "+strings.Join(lacking, ", "),
			"run lab on the machine itself, or docker run --privileged --cgroupns=host")
	case len(lacking) > 0:
		return fail("cgroups of version 2 without "+strings.Join(lacking, ", "), controllerFix(lacking[0]))
	case len(closed) > 0 && inside && m.read(dir+"cgroup.procs") != "":
		return fail("cgroup controllers "+strings.Join(closed, ", ")+" cannot be handed down: processes sit in this container's top group",
			"run lab on the machine itself, or docker run --privileged --cgroupns=host")
	}
	return ok("version 2, all controllers")
}

func contains(list, word string) bool {
	for _, w := range strings.Fields(list) {
		if w == word {
			return true
		}
	}
	return false
}

// controllerFix is about a controller that was switched off when the machine was booted, as memory is on
// a Raspberry Pi.
func controllerFix(controller string) string {
	return fmt.Sprintf("add cgroup_enable=%s to the kernel's command line (GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub or grub2-mkconfig; /boot/cmdline.txt on a Raspberry Pi) and reboot", controller)
}
