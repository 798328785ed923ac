package node

import (
	"reflect"
	"testing"

	"kubelab/core/node/control"
)

const (
	version1 = `24 1 0:22 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
25 24 0:23 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate
26 24 0:24 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,xattr,name=systemd
27 24 0:25 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct
28 24 0:26 / /sys/fs/cgroup/cpuset rw,nosuid - cgroup cgroup rw,cpuset,clone_children
99 1 0:26 / /var/lib/other/cpuset rw - cgroup cgroup rw,cpuset
`
	version2 = `30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`
)

func TestHierarchiesOfVersion1(t *testing.T) {
	list := parseHierarchies(version1)
	want := []control.Cgroup{
		{Dir: "unified"},
		{Dir: "systemd", Options: "xattr,none,name=systemd"},
		{Dir: "cpu,cpuacct", Options: "cpu,cpuacct", Links: []string{"cpu", "cpuacct"}},
		{Dir: "cpuset", Options: "cpuset"},
	}
	if got := mounts(list); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !list[0].unified || list[1].unified {
		t.Errorf("got %+v", list)
	}
}

func TestHierarchyOfVersion2(t *testing.T) {
	list := parseHierarchies(version2)
	if len(list) != 1 || !list[0].unified || mounts(list) != nil {
		t.Errorf("got %+v", list)
	}
}

func TestWhoseProcessItIs(t *testing.T) {
	c := nodeCgroup(nil, "a", "node-1")
	for list, want := range map[string]bool{
		"5:memory:/lab/a/node-1\n":                    true,
		"5:memory:/lab/a/node-1/kubepods/x\n0::/\n":   true,
		"0::/docker/4711/lab/a/node-1/init.scope\n":   true,
		"5:memory:/lab/a/node-11\n":                   false,
		"5:memory:/lab/b/node-1\n1:name=x:/lab/a\n":   false,
		"5:memory:/user.slice/session:with:colons:\n": false,
	} {
		if got := c.holds(list); got != want {
			t.Errorf("%q: %v", list, got)
		}
	}
}
