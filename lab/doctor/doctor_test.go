package doctor

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kubelab/core/topology"
)

var spec = topology.New("lab", netip.MustParsePrefix("10.100.0.0/16"), 3, 3)

// with is a machine that has these files and no others.
func with(t *testing.T, files map[string]string) machine {
	t.Helper()
	root := t.TempDir()
	for path, text := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return machine{files: root}
}

// expect wants a level, and a word in what was found or in the fix.
func expect(t *testing.T, r Result, level Level, word string) {
	t.Helper()
	if r.Level != level || !strings.Contains(r.Found+" → "+r.Fix, word) {
		t.Errorf("got %s: %s → %s; want %s with %q", r.Level, r.Found, r.Fix, level, word)
	}
	if (r.Fix == "") != (r.Level == OK) {
		t.Errorf("%s: level %s has fix %q", r.Found, r.Level, r.Fix)
	}
}

func TestKernel(t *testing.T) {
	for release, want := range map[string]Level{
		"6.1.0-18-amd64": OK, "5.13.0": OK, "5.10.0-28-amd64": Fail, "4.18.0-553.el8.x86_64": Fail, "odd": Warn, "10.0": OK,
	} {
		m := with(t, map[string]string{"/proc/sys/kernel/osrelease": release})
		expect(t, m.kernel(t.Context()), want, "")
	}
}

func TestCapabilities(t *testing.T) {
	for status, want := range map[string]struct {
		level Level
		word  string
	}{
		"CapEff:\t000001ffffffffff": {OK, "all"},
		"CapEff:\t000001fffeffffff": {OK, "SYS_RESOURCE"},
		"CapEff:\t00000000a80425fb": {Fail, "SYS_ADMIN, NET_ADMIN"}, // docker run
		"Name:\tlab":                {Fail, "mount"},
	} {
		m := with(t, map[string]string{"/proc/self/status": status})
		expect(t, m.capabilities(t.Context()), want.level, want.word)
	}
}

func TestCgroups(t *testing.T) {
	const v2 = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0"
	v1 := func(controllers ...string) string {
		var lines []string
		for _, c := range controllers {
			lines = append(lines, "cgroup /sys/fs/cgroup/"+c+" cgroup rw,relatime,"+c+" 0 0")
		}
		return strings.Join(append(lines, "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0"), "\n")
	}
	for name, c := range map[string]struct {
		files map[string]string
		level Level
		word  string
	}{
		"v1": {map[string]string{"/proc/self/mounts": v1("cpu,cpuacct", "cpuset", "memory", "pids", "devices", "freezer", "blkio")}, OK, "version 1"},
		"v1 without memory": {map[string]string{"/proc/self/mounts": v1("cpu,cpuacct", "cpuset", "pids", "devices", "freezer", "blkio")},
			Fail, "cgroup_enable=memory"},
		"v2": {map[string]string{"/proc/self/mounts": v2, "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids",
			"/sys/fs/cgroup/cgroup.subtree_control": "cpuset cpu io memory pids"}, OK, "version 2"},
		"v2, not handed down yet": {map[string]string{"/proc/self/mounts": v2, "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids",
			"/sys/fs/cgroup/cgroup.procs": "1"}, OK, "version 2"},
		"v2 without memory": {map[string]string{"/proc/self/mounts": v2, "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids"},
			Fail, "cgroup_enable=memory"},
		"v2 in a container": {map[string]string{"/proc/self/mounts": v2, "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids",
			"/sys/fs/cgroup/cgroup.procs": "1", "/sys/fs/cgroup/cgroup.type": "domain"}, Fail, "--cgroupns=host"},
		"none": {map[string]string{"/proc/self/mounts": "proc /proc proc rw 0 0"}, Fail, "mount -t cgroup2"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, with(t, c.files).cgroups(t.Context()), c.level, c.word) })
	}
}

func TestMemory(t *testing.T) {
	for kib, c := range map[string]struct {
		level Level
		word  string
	}{
		"24000000": {OK, "22.9 GiB free"},
		"1500000":  {Warn, "little memory"},
		"900000":   {Fail, "--masters 1 --nodes 1"},
	} {
		m := with(t, map[string]string{"/proc/meminfo": "MemTotal: 1 kB\nMemAvailable:   " + kib + " kB"})
		expect(t, m.memory(spec), c.level, c.word)
	}
}

func TestDiskAndInodes(t *testing.T) {
	expect(t, diskResult(500*gib, "/", spec), OK, "500.0 GiB")
	expect(t, diskResult(1536*mib, "/", spec), Warn, "evict")
	expect(t, diskResult(100*mib, "/", spec), Fail, "LAB_HOME")
	expect(t, inodesResult(0, 0, "/"), OK, "as needed")
	expect(t, inodesResult(10_000_000, 9_000_000, "/"), OK, "9000000")
	expect(t, inodesResult(10_000_000, 150_000, "/"), Warn, "few")
	expect(t, inodesResult(10_000_000, 50_000, "/"), Fail, "LAB_HOME")
}

func TestInotify(t *testing.T) {
	limits := func(instances, watches string) machine {
		return with(t, map[string]string{"/proc/sys/fs/inotify/max_user_instances": instances, "/proc/sys/fs/inotify/max_user_watches": watches})
	}
	large := topology.New("lab", spec.Subnet, 3, 20)
	all := func(upTo int) int { return upTo }
	expect(t, limits("128", "8192").inotifyOf(spec, all), OK, "128")
	expect(t, limits("128", "500000").inotifyOf(large, all), Fail, "sysctl -w fs.inotify.max_user_instances=1024")
	expect(t, limits("1024", "4096").inotifyOf(large, all), Fail, "sysctl -w fs.inotify.max_user_watches=524288")
	expect(t, with(t, nil).inotifyOf(spec, all), Fail, "inotify")
	expect(t, limits("128", "8192").inotifyOf(spec, func(int) int { return 7 }), Fail, "7 are free")
	if n := inotifyFree(3); n < 1 || n > 3 {
		t.Errorf("%d of 3 are free", n)
	}
}

func TestLimits(t *testing.T) {
	expect(t, openFilesResult(1048576), OK, "1048576")
	expect(t, openFilesResult(1024), Warn, "ulimit -n")
	expect(t, with(t, map[string]string{"/proc/sys/kernel/pid_max": "4194304"}).processes(t.Context()), OK, "")
	expect(t, with(t, map[string]string{"/proc/sys/kernel/pid_max": "4096"}).processes(t.Context()), Warn, "kernel.pid_max=4194304")
	expect(t, with(t, map[string]string{"/proc/swaps": "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2"}).swap(t.Context()), OK, "in use")
	expect(t, with(t, map[string]string{"/proc/swaps": "Filename Type Size Used Priority"}).swap(t.Context()), OK, "none")
}

func TestNftVersion(t *testing.T) {
	for line, want := range map[string]Level{
		"nftables v1.0.6 (Lester Gooch #5)": OK, "nftables v1.1.0 (Commodore)": OK, "nftables v2.0 (x)": OK, "nftables v1.0.1 (Fearless Fosdick #3)": OK,
		"nftables v0.9.8 (E.D.S.)": Fail, "nftables v1.0.0 (x)": Fail, "what": Warn,
	} {
		expect(t, nftVersion(line, "fix"), want, "")
	}
}

func TestPorts(t *testing.T) {
	const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	tcp := func(address, state string) map[string]string {
		return map[string]string{"/proc/net/tcp": header +
			"   0: " + address + " 00000000:0000 " + state + " 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0"}
	}
	expect(t, with(t, tcp("00000000:192B", "0A")).ports(t.Context()), Fail, "port 6443")
	expect(t, with(t, tcp("0100007F:192B", "0A")).ports(t.Context()), OK, "free") // on 127.0.0.1 only
	expect(t, with(t, tcp("00000000:192B", "01")).ports(t.Context()), OK, "free") // a connection
	expect(t, with(t, tcp("00000000:0016", "0A")).ports(t.Context()), OK, "free") // sshd
	six := map[string]string{"/proc/net/tcp6": header +
		"   0: 00000000000000000000000000000000:094B 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4712 1 0 100 0 0 10 0"}
	m := with(t, six)
	expect(t, m.ports(t.Context()), Fail, "a program listens on port 2379")

	process := filepath.Join(m.files, "proc", "812")
	if err := os.MkdirAll(filepath.Join(process, "fd"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(filepath.Join(process, "comm"), []byte("etcd\n"), 0o600),
		os.Symlink("socket:[4712]", filepath.Join(process, "fd", "7"))); err != nil {
		t.Fatal(err)
	}
	expect(t, m.ports(t.Context()), Fail, "etcd (process 812)")
}

func TestInstallNamesTheRightTool(t *testing.T) {
	for release, want := range map[string]string{
		"ID=debian": "apt-get install -y nftables", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"": "apt-get install -y nftables",
		"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"": "dnf install -y nftables", "ID=void": "apt-get install -y nftables, or dnf",
	} {
		got := with(t, map[string]string{"/etc/os-release": release}).install("nftables", "nftables")
		if !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", release, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	taken := func(topology.Spec) error { return errors.New("subnet 10.100.0.0/16 overlaps eth0") }
	expect(t, addresses(Options{Spec: spec, Collisions: taken}), Fail, "eth0")
	expect(t, addresses(Options{Spec: spec, Collisions: func(topology.Spec) error { return nil }}), OK, "free")
	expect(t, addresses(Options{}), OK, "chosen")
}

func TestPrint(t *testing.T) {
	results := []Result{{"user", OK, "root", ""}, {"memory", Fail, "not enough", "end something"}}
	var table, text strings.Builder
	if err := errors.Join(Print(&table, results, false), Print(&text, results, true)); err != nil {
		t.Fatal(err)
	}
	if want := "✓ user    root\n✗ memory  not enough\n          → end something\n"; table.String() != want {
		t.Errorf("got\n%s\nwant\n%s", table.String(), want)
	}
	var back []Result
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil || len(back) != 2 || back[1] != results[1] {
		t.Errorf("JSON gives back %v, %v", back, err)
	}
}

// TestThisMachine does the real checks: they must not fail where the other tests make labs, and must leave
// nothing behind.
func TestThisMachine(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("most checks need root")
	}
	parent := t.TempDir()
	o := Options{Root: filepath.Join(parent, "not", "there", "yet"), Spec: spec}
	for _, r := range Checks(t.Context(), o) {
		t.Logf("%s %s: %s %s", r.Level, r.Name, r.Found, r.Fix)
		if (r.Fix == "") != (r.Level == OK) {
			t.Errorf("%s: level %s has fix %q", r.Name, r.Level, r.Fix)
		}
		if r.Level == Fail {
			t.Errorf("%s fails: %s: %s", r.Name, r.Found, r.Fix)
		}
	}
	began := time.Now()
	if err := Preflight(t.Context(), o); err != nil {
		t.Error(err)
	}
	t.Logf("Preflight took %s", time.Since(began))
	if left, _ := os.ReadDir(parent); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
