package main

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

const head = "# Benchmarks\n\nWritten by `make bench`; do not edit. Each part says when it was measured, and on what.\n"

// part is a part of the benchmark, and of BENCHMARKS.md. A run that measures only one leaves the others as they were.
type part struct {
	name    string // for -only
	title   string
	measure func(context.Context) error
	text    func() string
}

func (b *measurement) parts() []part {
	return []part{
		{"cost", "Start and cost", b.rounded, b.costs},
		{"faults", "Failures", b.faults, b.failures},
		{"master-crashes", "A hundred crashes of masters", b.masterCrashes, b.mastersLeft},
		{"node-crashes", "A hundred crashes of nodes", b.nodeCrashes, b.nodesLeft},
		{"observing", "What seeing costs", b.observe, b.observed},
		{"screen", "The screen", b.screens, b.looked},
		{"exercises", "The exercises", b.learn, b.learned},
	}
}

// report is BENCHMARKS.md, made of an old one.
func (b *measurement) report(old string) string {
	var s strings.Builder
	s.WriteString(head)
	for _, p := range b.parts() {
		heading := "\n## " + p.title + "\n"
		text := ""
		if b.wants(p.name) {
			text = p.text()
		} else if _, rest, there := strings.Cut(old, heading); there {
			text, _, _ = strings.Cut(rest, "\n## ")
		}
		s.WriteString(heading + strings.TrimRight(text, "\n") + "\n")
	}
	return s.String()
}

// circumstances say when and on what something was measured.
func (b *measurement) circumstances(of string) string {
	return fmt.Sprintf("\n- %s%s\n%s%s- Load before: %s processes on average over a minute\n\n",
		b.began.Format("2006-01-02"), of, machine(), versions(b.lab.bin), b.load)
}

func (b *measurement) costs() string {
	return b.circumstances(medians(b.rounds)) + b.figures.costs() + fmt.Sprintf(`
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
}

func (b *measurement) failures() string {
	return b.circumstances(medians(faultRounds)) + b.figures.failures() + `
How it is measured:

- Failures are injected and watched as "lab kill" and "lab heal" do it, in a lab of 3 masters and 3 nodes, by the
  lab's own stopwatch: 20 writes and 20 reads a second through the load balancer, each given up after a second, and
  a look at the members, the Leases and the pods every 5 ms.
`
}

func medians(rounds int) string {
	return fmt.Sprintf(", median of %d rounds, and the worst of them", rounds)
}

func (b *measurement) mastersLeft() string {
	return b.circumstances("") + leftovers(b.figures.masterGrowth, "masters") + left(fmt.Sprintf("as fast as they come back, and what is in use after a rest of %s: "+
		"API servers keep every change of the last 75 seconds\n  for their watchers", masterRest))
}

func (b *measurement) nodesLeft() string {
	return b.circumstances("") + leftovers(b.figures.nodeGrowth, "nodes") + left(fmt.Sprintf("every %s, so that the first %d outlast the 75 seconds\n  for which API servers keep every change, "+
		"and what is in use after a rest of %s: so long the kernel holds connections of pods\n  whose address is gone", nodeEvery, warmRounds, nodeRest))
}

// left says how what is left of crashes is measured.
func left(how string) string {
	return fmt.Sprintf(`
How it is measured:

- Machines of a lab of 3 masters and 3 nodes are crashed and started one after the other, %d times, %s.
- It is counted when etcd was compacted and defragmented: goroutines and open files of the engine, mounts of the lab on the host and in the nodes,
  its cgroups, and memory as above. The engine collects its garbage and gives back what it does not use before each of ten looks in 20 seconds,
  and the one with the least memory counts.
`, crashRounds, how)
}

// tables shows what was measured and leaves out what was not.
func (f *figures) tables() string {
	seen, _ := f.observing.rows()
	looked, _ := f.screen.rows()
	return f.costs() + f.failures() + leftovers(f.masterGrowth, "masters") + leftovers(f.nodeGrowth, "nodes") + seen + looked + f.learning.rows()
}

func rows(list []*figure) string {
	var s strings.Builder
	for _, one := range list {
		if one.measured() {
			fmt.Fprintf(&s, "| %s | %s | %s | %s | %s |\n", one.what, one.format(one.median()), one.format(one.worst()), one.format(one.bound), mark(one.holds()))
		}
	}
	return s.String()
}

const columns = "median | worst | bound | |\n|---|---|---|---|---|\n"

func (f *figures) costs() string {
	var s, beside strings.Builder
	if own := rows(f.ofLab()); own != "" {
		s.WriteString("| what | " + columns + own)
	}
	for _, p := range f.compared() {
		if p.lab.measured() || p.upstream.measured() {
			fmt.Fprintf(&beside, "| %s | %s | %s | %s |\n", p.what, p.lab.summary(), p.upstream.summary(), p.verdict())
		}
	}
	if beside.Len() > 0 {
		s.WriteString("\n| the masters alone, median (worst) | lab | upstream's processes | lab : upstream |\n|---|---|---|---|\n" + beside.String())
	}
	return s.String()
}

func (f *figures) failures() string {
	if faults := rows(f.ofFaults()); faults != "" {
		return "| failure | " + columns + faults
	}
	return ""
}

func leftovers(g growth, what string) string {
	if !g.measured() {
		return ""
	}
	return fmt.Sprintf("| in use after %d → %d crashes | goroutines | open files | mounts | cgroups | memory | most grown, bound %d %% |\n|---|---|---|---|---|---|---|\n%s",
		warmRounds, crashRounds, maxGrowth, g.row(what))
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
