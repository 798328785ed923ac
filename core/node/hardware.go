package node

import (
	"fmt"
	"regexp"
	"strings"

	"kubelab/core/node/control"
)

// tunables are settings of the host's kernel that kubelet wants to have these values and would set (setupKernelTunables
// in pkg/kubelet/cm/container_manager_linux.go). It finds them set, in files.
var tunables = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// hardwareFiles stand in for files of the kernel that tell the size of the machine and which boot this is.
func hardwareFiles(cores int, memory int64, cpuinfo, bootID string) []control.File {
	files := []control.File{
		{Target: "/proc/meminfo", Content: meminfo(memory)},
		{Target: "/proc/cpuinfo", Content: cpuInfo(cpuinfo, cores)},
		{Target: "/proc/swaps", Content: "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"},
		{Target: "/proc/sys/kernel/random/boot_id", Content: bootID + "\n"},
	}
	for key, value := range tunables {
		files = append(files, control.File{Target: "/proc/sys/" + key, Content: value + "\n"})
	}
	return files
}

// hardwareTrees stand in for directories of /sys. Without a directory node0 there, cAdvisor counts the cores in
// the other one (lib/utils/sysinfo). possible is the host's, since programs size their maps in the kernel by it.
func hardwareTrees(cores int, possible string) []control.Tree {
	all := fmt.Sprintf("0-%d\n", cores-1)
	if cores == 1 {
		all = "0\n"
	}
	files := map[string]string{"online": all, "present": all, "possible": possible}
	for i := range cores {
		dir := fmt.Sprintf("cpu%d/topology/", i)
		files[dir+"core_id"] = fmt.Sprintf("%d\n", i)
		files[dir+"physical_package_id"] = "0\n"
	}
	return []control.Tree{
		{Target: "/sys/devices/system/cpu", Files: files},
		{Target: "/sys/devices/system/node"},
	}
}

// meminfo says that all of the memory is free: nothing on a node asks for more than the total.
func meminfo(memory int64) string {
	kib := memory >> 10
	var b strings.Builder
	for _, l := range []struct {
		name string
		kib  int64
	}{{"MemTotal", kib}, {"MemFree", kib}, {"MemAvailable", kib}, {"Buffers", 0}, {"Cached", 0}, {"SwapTotal", 0}, {"SwapFree", 0}} {
		fmt.Fprintf(&b, "%-15s %8d kB\n", l.name+":", l.kib)
	}
	return b.String()
}

var (
	processorLine = regexp.MustCompile(`(?m)^(processor|core id|apicid|initial apicid)(\s*:).*$`)
	packageLine   = regexp.MustCompile(`(?m)^(physical id)(\s*:).*$`)
	countLine     = regexp.MustCompile(`(?m)^(siblings|cpu cores)(\s*:).*$`)
)

// cpuInfo repeats the host's first processor.
func cpuInfo(host string, cores int) string {
	first, _, _ := strings.Cut(host, "\n\n")
	first = packageLine.ReplaceAllString(first, "$1$2 0")
	first = countLine.ReplaceAllString(first, fmt.Sprintf("$1$2 %d", cores))
	var b strings.Builder
	for i := range cores {
		b.WriteString(processorLine.ReplaceAllString(first, fmt.Sprintf("$1$2 %d", i)) + "\n\n")
	}
	return b.String()
}
