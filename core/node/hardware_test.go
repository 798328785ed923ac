package node

import (
	"strings"
	"testing"
)

func TestCPUInfo(t *testing.T) {
	host := "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu MHz\t\t: 2100.000\nphysical id\t: 3\nsiblings\t: 2\ncore id\t\t: 5\ncpu cores\t: 1\n\n" +
		"processor\t: 1\nvendor_id\t: GenuineIntel\n\n"
	got := cpuInfo(host, 3)
	want := "processor\t: 2\nvendor_id\t: GenuineIntel\ncpu MHz\t\t: 2100.000\nphysical id\t: 0\nsiblings\t: 3\ncore id\t\t: 2\ncpu cores\t: 3\n\n"
	if strings.Count(got, "processor") != 3 || !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s", got)
	}
}

func TestHardwareTree(t *testing.T) {
	for cores, online := range map[int]string{1: "0\n", 4: "0-3\n"} {
		tree := hardwareTrees(cores, "0-127\n")[0]
		if tree.Files["online"] != online || tree.Files["possible"] != "0-127\n" || len(tree.Files) != 3+2*cores {
			t.Errorf("%d cores: %v", cores, tree.Files)
		}
	}
}
