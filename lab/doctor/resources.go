package doctor

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"kubelab/core/topology"
)

const (
	mib = 1 << 20
	gib = 1 << 30
)

// What a lab takes, measured on labs of several sizes with the demo in them: the engine, and each master and
// node on top of it.
const (
	memoryEngine, memoryMaster, memoryNode    = 150 * mib, 210 * mib, 140 * mib
	diskEngine, diskMaster, diskNode          = 300 * mib, 200 * mib, 60 * mib // etcd's write-ahead log is laid out in advance
	inotifyHost, inotifyMaster, inotifyNode   = 32, 10, 10                     // instances; the host's own on top
	watchesMaster, watchesNode                = 20, 300
	filesEngine, filesMaster, processesOfNode = 1024, 1024, 300
	inodesNeeded                              = 20_000
)

func (m machine) memory(s topology.Spec) Result {
	var available int64
	if _, err := fmt.Sscanf(m.value("/proc/meminfo", "MemAvailable"), "%d kB", &available); err != nil {
		return warn("cannot tell how much memory is free", "look yourself: free -m")
	}
	available <<= 10
	need := memoryOf(len(s.Masters), len(s.Nodes))
	found := fmt.Sprintf("%s free; %s takes about %s", size(available), shape(s), size(need))
	switch {
	case available < need:
		return fail("not enough memory: "+found, fmt.Sprintf("end other programs, or start a smaller lab: lab start --masters 1 --nodes 1 takes %s", size(memoryOf(1, 1))))
	case available < need+need/2:
		return warn("little memory: "+found, "end other programs before pods are added")
	}
	return ok(found)
}

func memoryOf(masters, nodes int) int64 {
	return memoryEngine + int64(masters)*memoryMaster + int64(nodes)*memoryNode
}

func (m machine) swap(context.Context) Result {
	lines := strings.Split(m.read("/proc/swaps"), "\n")
	if len(lines) < 2 {
		return ok("none")
	}
	return ok("in use; kubelets are told to put up with it")
}

func (m machine) disk(root string, s topology.Spec) Result {
	at := m.nearest(root)
	var fs unix.Statfs_t
	if err := unix.Statfs(at, &fs); err != nil {
		return warn(fmt.Sprintf("cannot tell how much of %s is free (%v)", at, err), "look yourself: df -h "+at)
	}
	if fs.Flags&unix.ST_NOEXEC != 0 {
		return fail(fmt.Sprintf("%s is mounted noexec, and helper programs are to run from there", at), "keep labs elsewhere: export LAB_HOME=/some/other/place")
	}
	return diskResult(int64(fs.Bavail)*fs.Bsize, at, s)
}

func diskResult(free int64, at string, s topology.Spec) Result {
	need := int64(diskEngine) + int64(len(s.Masters))*diskMaster + int64(len(s.Nodes))*diskNode
	found := fmt.Sprintf("%s free in %s; %s takes about %s", size(free), at, shape(s), size(need))
	switch {
	case free < need:
		return fail("not enough disk: "+found, "make room, or keep labs elsewhere: export LAB_HOME=/some/other/place")
	case free < 2*need:
		return warn("little disk: "+found, "make room: kubelets evict pods when the disk is full")
	}
	return ok(found)
}

func (m machine) inodes(root string) Result {
	at := m.nearest(root)
	var fs unix.Statfs_t
	if err := unix.Statfs(at, &fs); err != nil {
		return warn(fmt.Sprintf("cannot tell how many inodes of %s are free (%v)", at, err), "look yourself: df -i "+at)
	}
	return inodesResult(fs.Files, fs.Ffree, at)
}

// inodesResult knows that kubelets evict pods when one in a hundred is left, and that btrfs counts none.
func inodesResult(all, free uint64, at string) Result {
	found := fmt.Sprintf("%d of %d free in %s", free, all, at)
	fix := "remove small files, or keep labs elsewhere: export LAB_HOME=/some/other/place"
	switch {
	case all == 0:
		return ok("the file system of " + at + " makes them as needed")
	case free < inodesNeeded || free < all/100:
		return fail("not enough inodes: "+found, fix)
	case free < all/50:
		return warn("few inodes: "+found, fix)
	}
	return ok(found)
}

func (m machine) inotify(s topology.Spec) Result { return m.inotifyOf(s, inotifyFree) }

func (m machine) inotifyOf(s topology.Spec, free func(upTo int) int) Result {
	const instances, watches = "fs.inotify.max_user_instances", "fs.inotify.max_user_watches"
	have, ok1 := m.number("/proc/sys/fs/inotify/max_user_instances")
	haveWatches, ok2 := m.number("/proc/sys/fs/inotify/max_user_watches")
	if !ok1 || !ok2 {
		return fail("the kernel has no inotify, which kubelets need", "boot a distribution's own kernel, it has CONFIG_INOTIFY_USER")
	}
	masters, nodes := len(s.Masters), len(s.Nodes)
	if need := inotifyHost + masters*inotifyMaster + nodes*inotifyNode; have < need {
		return fail(fmt.Sprintf("%s is %d, and %s needs about %d", instances, have, shape(s), need), sysctl(instances, max(1024, 2*need)))
	}
	need := masters*inotifyMaster + nodes*inotifyNode
	if got := free(need); got < need {
		return fail(fmt.Sprintf("%s is %d, of which %d are free, and %s needs about %d", instances, have, got, shape(s), need),
			sysctl(instances, max(1024, 2*have))+"; or stop other labs")
	}
	if need := masters*watchesMaster + nodes*watchesNode; haveWatches < need {
		return fail(fmt.Sprintf("%s is %d, and %s needs about %d", watches, haveWatches, shape(s), need), sysctl(watches, 524288))
	}
	return ok(fmt.Sprintf("%d instances, %d watches for each user", have, haveWatches))
}

// inotifyFree is how many instances of inotify this user can have now, up to some number: it has them for a moment.
func inotifyFree(upTo int) (n int) {
	var fds []int
	defer func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}()
	for len(fds) < upTo {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			break
		}
		fds = append(fds, fd)
	}
	return len(fds)
}

func (m machine) openFiles(context.Context) Result {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return warn(fmt.Sprintf("cannot tell the limit (%v)", err), "look yourself: ulimit -Hn")
	}
	return openFilesResult(limit.Max)
}

func openFilesResult(hard uint64) Result {
	const need = filesEngine + topology.MaxMasters*filesMaster
	if hard < need {
		return warn(fmt.Sprintf("a process may open %d, and an engine with %d masters needs up to %d", hard, topology.MaxMasters, need),
			"ulimit -n 65536, and for good: echo 'root - nofile 65536' >> /etc/security/limits.conf")
	}
	return ok(fmt.Sprintf("%d for each process", hard))
}

func (m machine) processes(context.Context) Result {
	const key = "kernel.pid_max"
	have, known := m.number("/proc/sys/kernel/pid_max")
	if !known {
		return warn("cannot tell how many processes there may be", "look yourself: sysctl "+key)
	}
	if have < 32768 {
		return warn(fmt.Sprintf("%s is %d, and each node alone may have %d processes and threads", key, have, processesOfNode), sysctl(key, 4194304))
	}
	return ok(fmt.Sprintf("up to %d", have))
}

// shape is a lab in words.
func shape(s topology.Spec) string {
	return fmt.Sprintf("a lab of %s and %s", count(len(s.Masters), "master"), count(len(s.Nodes), "node"))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// size is bytes for people.
func size(n int64) string {
	if n < gib {
		return fmt.Sprintf("%d MiB", n/mib)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/gib)
}
