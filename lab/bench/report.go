package main

import (
	"bufio"
	"debug/buildinfo"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// report is BENCHMARKS.md.
func (b *measurement) report() string {
	var s strings.Builder
	fmt.Fprintf(&s, "# Benchmarks\n\nWritten by `make bench` on %s; do not edit. Median of %d rounds, and the worst of them.\n\n",
		b.began.Format("2006-01-02"), b.rounds)
	s.WriteString(machine())
	s.WriteString(versions(b.lab.bin))
	fmt.Fprintf(&s, "- Load before the first round: %s processes on average over a minute\n", b.load)
	s.WriteString("\n" + b.figures.tables())
	fmt.Fprintf(&s, `
How it is measured:

- Everything is done with the real command in real labs, and looked at from outside. A start is over when the
  benchmark itself sees all nodes Ready and gets an answer from the demo's Service.
- Pods are followed by a watch: the time ends with the event that says Ready.
- Memory is the proportional set size (Pss in /proc/PID/smaps_rollup) of the engine and all processes of its
  nodes, after %s of rest. Containers of pods are left out, their shims are not.
- Processor time is user and system time of the same processes, and of the containers, for %s after that rest.
- Upstream's processes are 3 × etcd, kube-apiserver, kube-controller-manager and kube-scheduler: upstream's own
  commands, built from the same modules with the same build flags, started with kubeadm's flags, with ECDSA
  certificates made beforehand and addresses in a network namespace of their own. Controller managers and
  schedulers are started when the API servers answer, because that is faster than all at once. Masters are
  ready when every API server says so at /readyz and the default ServiceAccount exists. Of the time between
  the two, a controller manager with kubeadm's flags spends several seconds below its own limit of 20 requests
  a second, in which it makes an account for each of its controllers.
- Lab and upstream take turns within each round.
`, b.settle, b.window)
	return s.String()
}

// tables shows what was measured and leaves out what was not.
func (f *figures) tables() string {
	var own, beside strings.Builder
	for _, one := range f.ofLab() {
		if one.measured() {
			fmt.Fprintf(&own, "| %s | %s | %s | %s | %s |\n", one.what, one.format(one.median()), one.format(one.worst()), one.format(one.bound), mark(one.holds()))
		}
	}
	for _, p := range f.compared() {
		if p.lab.measured() || p.upstream.measured() {
			fmt.Fprintf(&beside, "| %s | %s | %s | %s |\n", p.what, p.lab.summary(), p.upstream.summary(), p.verdict())
		}
	}
	var faults, grown strings.Builder
	for _, one := range f.ofFaults() {
		if one.measured() {
			fmt.Fprintf(&faults, "| %s | %s | %s | %s | %s |\n", one.what, one.format(one.median()), one.format(one.worst()), one.format(one.bound), mark(one.holds()))
		}
	}
	if f.masterGrowth.measured() {
		grown.WriteString(f.masterGrowth.row("masters"))
	}
	if f.nodeGrowth.measured() {
		grown.WriteString(f.nodeGrowth.row("nodes"))
	}
	var s strings.Builder
	if own.Len() > 0 {
		s.WriteString("| what | median | worst | bound | |\n|---|---|---|---|---|\n" + own.String())
	}
	if beside.Len() > 0 {
		s.WriteString("\n| the masters alone, median (worst) | lab | upstream's processes | lab : upstream |\n|---|---|---|---|\n" + beside.String())
	}
	if faults.Len() > 0 {
		fmt.Fprintf(&s, "\n| failures, by the lab's stopwatch, %d of each | median | worst | bound | |\n|---|---|---|---|---|\n%s", faultRounds, &faults)
	}
	if grown.Len() > 0 {
		fmt.Fprintf(&s, "\n| crashed and started %d times: in use after %d rounds → after all | goroutines | open files | mounts | cgroups | memory | most grown, bound %d %% |\n|---|---|---|---|---|---|---|\n%s",
			crashRounds, warmRounds, maxGrowth, &grown)
	}
	return s.String()
}

func (f *figure) summary() string {
	if !f.measured() {
		return "–"
	}
	return fmt.Sprintf("%s (%s)", f.format(f.median()), f.format(f.worst()))
}

func (p *pair) verdict() string {
	if !p.lab.measured() || !p.upstream.measured() {
		return "–"
	}
	if !p.bounded {
		return fmt.Sprintf("%.2f", p.ratio())
	}
	return fmt.Sprintf("%.2f, bound 1 %s", p.ratio(), mark(p.holds()))
}

func mark(ok bool) string {
	if ok {
		return "✓"
	}
	return "✗"
}

func machine() string {
	model := valueIn("/proc/cpuinfo", "model name")
	if model == "" {
		model = runtime.GOARCH // ARM has no such line
	}
	var u unix.Utsname
	kernel := "unknown"
	if unix.Uname(&u) == nil {
		kernel = unix.ByteSliceToString(u.Release[:])
	}
	return fmt.Sprintf("- Machine: %s, %d cores, %s of memory, Linux %s\n", model, runtime.NumCPU(), gib(valueIn("/proc/meminfo", "MemTotal")), kernel)
}

func gib(kib string) string {
	var n float64
	if _, err := fmt.Sscan(kib, &n); err != nil {
		return "?"
	}
	return fmt.Sprintf("%.0f GiB", n/(1<<20))
}

// valueIn is what stands after a key and a colon in a file of /proc.
func valueIn(path, key string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// load is how many processes wanted to run during the last minute: what others do spoils every figure.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "an unknown number of"
	}
	minute, _, _ := strings.Cut(string(b), " ")
	return minute
}

// versions reads from the binary itself what it was built from.
func versions(bin string) string {
	info, err := buildinfo.ReadFile(bin)
	if err != nil {
		return fmt.Sprintf("- Versions: unknown (%v)\n", err)
	}
	names := map[string]string{
		"k8s.io/kubernetes": "Kubernetes", "go.etcd.io/etcd/server/v3": "etcd", "github.com/containerd/containerd/v2": "containerd",
	}
	list := []string{strings.Replace(info.GoVersion, "go", "Go ", 1)}
	for _, dep := range info.Deps {
		if name, ok := names[dep.Path]; ok {
			list = append(list, name+" "+strings.TrimPrefix(dep.Version, "v"))
		}
	}
	return "- Versions: " + strings.Join(list, ", ") + "\n"
}
