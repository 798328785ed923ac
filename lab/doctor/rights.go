package doctor

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func (m machine) user(context.Context) Result {
	if uid := os.Geteuid(); uid != 0 {
		return fail(fmt.Sprintf("lab runs as user %d, and network namespaces, cgroups and mounts need root", uid), "run it with sudo")
	}
	return ok("root")
}

// needed are the capabilities that engine, nodes or ordinary containers use.
var needed = []struct {
	bit  int
	name string
}{
	{unix.CAP_SYS_ADMIN, "SYS_ADMIN"}, {unix.CAP_NET_ADMIN, "NET_ADMIN"}, {unix.CAP_NET_RAW, "NET_RAW"},
	{unix.CAP_SYS_CHROOT, "SYS_CHROOT"}, {unix.CAP_SYS_PTRACE, "SYS_PTRACE"}, {unix.CAP_MKNOD, "MKNOD"},
	{unix.CAP_CHOWN, "CHOWN"}, {unix.CAP_DAC_OVERRIDE, "DAC_OVERRIDE"}, {unix.CAP_FOWNER, "FOWNER"},
	{unix.CAP_FSETID, "FSETID"}, {unix.CAP_SETUID, "SETUID"}, {unix.CAP_SETGID, "SETGID"},
	{unix.CAP_SETPCAP, "SETPCAP"}, {unix.CAP_SETFCAP, "SETFCAP"}, {unix.CAP_KILL, "KILL"},
	{unix.CAP_NET_BIND_SERVICE, "NET_BIND_SERVICE"}, {unix.CAP_AUDIT_WRITE, "AUDIT_WRITE"},
}

func (m machine) capabilities(context.Context) Result {
	have, err := strconv.ParseUint(m.value("/proc/self/status", "CapEff"), 16, 64)
	if err != nil {
		return fail("/proc/self/status does not tell the capabilities", "mount /proc: mount -t proc proc /proc")
	}
	var lacking []string
	for _, c := range needed {
		if have&(1<<c.bit) == 0 {
			lacking = append(lacking, c.name)
		}
	}
	if len(lacking) > 0 {
		return fail("root lacks "+strings.Join(lacking, ", "),
			"run lab on the machine itself, or give the container all rights (docker run --privileged)")
	}
	if have&(1<<unix.CAP_SYS_RESOURCE) == 0 {
		return ok("all that are needed; without SYS_RESOURCE no process is shielded from the kernel's OOM killer")
	}
	return ok("all that are needed")
}

func (m machine) namespaces(context.Context) Result {
	var lacking []string
	for _, ns := range []string{"cgroup", "ipc", "mnt", "net", "pid", "uts"} {
		if !m.exists("/proc/self/ns/" + ns) {
			lacking = append(lacking, ns)
		}
	}
	if len(lacking) > 0 {
		return fail("the kernel has no namespaces of kind "+strings.Join(lacking, ", "),
			"boot a distribution's own kernel, it has them all (CONFIG_NAMESPACES)")
	}
	return ok("all kinds")
}

func (m machine) seccomp(context.Context) Result {
	if !m.exists("/proc/sys/kernel/seccomp/actions_avail") {
		return fail("the kernel cannot filter system calls (seccomp), and kubelet wants every pod filtered",
			"boot a distribution's own kernel, it has CONFIG_SECCOMP_FILTER")
	}
	return ok("system calls can be filtered")
}

// kernelMessages matter because kubelet does not start without them: it watches for victims of the OOM killer.
func (m machine) kernelMessages(context.Context) Result {
	f, err := os.OpenFile(m.files+"/dev/kmsg", os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return fail(fmt.Sprintf("kubelet cannot read the kernel's messages (%v)", err),
			"on a machine: mknod /dev/kmsg c 1 11; in a container: docker run --privileged --device /dev/kmsg")
	}
	f.Close()
	return ok("/dev/kmsg can be read")
}
