// Command bench measures a lab and writes BENCHMARKS.md: how long it takes to start and to react, and what
// it costs, each with the bound it has to keep. It drives the real binary in real labs, as root.
//
// Beside the lab's masters it measures, in turn with them, the baseline: the same upstream components of the
// same versions as separate processes with the flags that kubeadm gives them.
//
//	go run ./lab/bench                 everything, about an hour
//	go run ./lab/bench -only faults    failures; the rest of the file stays as it is; so with cost, master-crashes,
//	                                   node-crashes, observing, screen and exercises
//	go run ./lab/bench -only baseline  one side of cost; prints, writes nothing
//
// The files: figures.go says what is measured, rounds.go and faults.go how, lab.go and baseline.go drive the two sides.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"kubelab/core/store"
)

type options struct {
	rounds         int
	only           string
	output         string
	lab            string // its name
	settle, window time.Duration
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "n", 5, "rounds, of which the median counts")
	flag.StringVar(&o.only, "only", "", "measure one part only: cost, faults, master-crashes, node-crashes, observing, screen or exercises; or, without writing anything, lab, masters or baseline")
	flag.StringVar(&o.lab, "lab", "bench", "the name of the lab that is made and deleted; several at once disturb one another's times")
	flag.StringVar(&o.output, "o", "", "the file to write (default BENCHMARKS.md beside go.mod)")
	flag.DurationVar(&o.settle, "settle", 20*time.Second, "how long to let a cluster settle before its idle figures")
	flag.DurationVar(&o.window, "window", 30*time.Second, "how long processor time is counted for")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) error {
	if os.Geteuid() != 0 {
		return errors.New("a lab needs root: run it with sudo")
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	fmt.Printf("load before: %s\n", b.load)
	err = b.measure(ctx)
	if err = errors.Join(err, b.cleanUp(ctx)); err != nil {
		return err
	}
	fmt.Print("\n", b.figures.tables())
	if !b.side() {
		old, _ := os.ReadFile(b.output) // there may be none yet
		if err := store.WriteFile(b.output, []byte(b.report(string(old))), 0o644); err != nil {
			return err
		}
		fmt.Println("written:", b.output)
	}
	if n := b.figures.missed(); n > 0 {
		return fmt.Errorf("%d of the bounds above are missed", n)
	}
	return nil
}

// measurement is one run of the benchmark.
type measurement struct {
	options
	figures  *figures
	lab      lab
	upstream string // folder of upstream's binaries
	began    time.Time
	load     string // of the machine when it began, by others
}

// newBench finds or builds what is measured. It refuses to touch a lab that it did not make.
func newBench(ctx context.Context, o options) (*measurement, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	if o.output == "" {
		o.output = filepath.Join(root, "BENCHMARKS.md")
	}
	b := &measurement{options: o, figures: newFigures(), began: time.Now(), load: load(), upstream: filepath.Join(root, "bin", "upstream")}
	if b.lab.dir, err = store.Open(store.Root(), o.lab); err != nil {
		return nil, err
	}
	if b.lab.bin = os.Getenv("LAB_BIN"); b.lab.bin == "" {
		b.lab.bin = filepath.Join(root, "bin", "lab")
	}
	if b.only != "baseline" {
		if _, err := os.Stat(b.lab.bin); err != nil {
			return nil, fmt.Errorf("%w: build it with make, or name it in LAB_BIN", err)
		}
		if b.lab.dir.Exists() {
			return nil, fmt.Errorf("a lab called %s exists: delete it with lab --name %s delete", o.lab, o.lab)
		}
	}
	if b.wants("cost") || b.only == "baseline" {
		return b, buildUpstream(ctx, b.upstream)
	}
	return b, nil
}

func (b *measurement) wants(part string) bool { return b.only == "" || b.only == part }

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module's folder with go list: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// buildUpstream builds upstream's own commands from this module's versions, with the tags and link flags of
// the lab's binary. No code of ours is in them.
func buildUpstream(ctx context.Context, dir string) error {
	version, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes").Output()
	if err != nil {
		return fmt.Errorf("find the version of Kubernetes with go list: %w", err)
	}
	ldflags := "-s -w -X k8s.io/component-base/version.gitVersion=" + strings.TrimSpace(string(version))
	for target, packages := range map[string][]string{
		dir + "/":                  {"k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kube-controller-manager", "k8s.io/kubernetes/cmd/kube-scheduler"},
		filepath.Join(dir, "etcd"): {"go.etcd.io/etcd/server/v3"},
	} {
		cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-tags", "no_btrfs,no_devmapper,no_zfs", "-ldflags", ldflags, "-o", target}, packages...)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build upstream's components: %w\n%s", err, out)
		}
	}
	return nil
}
