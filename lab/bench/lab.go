package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"kubelab/core/store"
)

// lab is the real command, driven as a user drives it.
type lab struct {
	bin string
	dir store.Dir
}

// commandBound ends a command that hangs. It is far above every bound of a figure.
const commandBound = 2 * time.Minute

// command is "lab --name bench ARGS…". When ctx ends it gets SIGTERM first, so that it can tidy up.
func (l lab) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, l.bin, append([]string{"--name", l.dir.Name()}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

func (l lab) run(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, commandBound)
	defer cancel()
	cmd := l.command(ctx, args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("lab %s: %w\n%s", strings.Join(args, " "), err, strings.TrimSpace(output.String()))
	}
	return nil
}

// remove deletes the lab, also when the benchmark was interrupted.
func (l lab) remove(ctx context.Context) error {
	if !l.dir.Exists() {
		return nil
	}
	return l.run(context.WithoutCancel(ctx), "delete")
}

func (l lab) kubeconfig() string { return l.dir.PKI("admin.conf") }

// startTo runs a start command and returns how long it took until the lab was usable: as many nodes Ready as
// it has, and the demo's Service answering. That is looked at from outside, after the command has returned.
func (l lab) startTo(ctx context.Context, args ...string) (time.Duration, error) {
	began := time.Now()
	if err := l.run(ctx, args...); err != nil {
		return 0, err
	}
	client, err := clientFor(l.kubeconfig(), "", nil)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandBound)
	defer cancel()
	err = poll(ctx, "all nodes to be Ready", func(ctx context.Context) error { return l.nodesReady(ctx, client) })
	if err != nil {
		return 0, err
	}
	err = poll(ctx, "the demo's Service", func(ctx context.Context) error { return serviceAnswers(ctx, client) })
	return time.Since(began), err
}

// startMasters starts a lab without nodes and returns how long it took until its masters were ready, by the
// same look from outside that the baseline gets.
func (l lab) startMasters(ctx context.Context) (readiness, error) {
	ctx, cancel := context.WithTimeout(ctx, commandBound)
	defer cancel()
	began := time.Now()
	started := make(chan error, 1)
	go func() { started <- l.run(ctx, "start", "--masters", "3", "--nodes", "0", "--no-demo", "--detach") }()
	var addrs []netip.Addr
	err := poll(ctx, "the lab's kubeconfig", func(context.Context) (err error) {
		addrs, err = l.masters()
		return err
	})
	var took readiness
	if err == nil {
		took, err = waitMasters(ctx, began, l.kubeconfig(), addrs, new(net.Dialer).DialContext)
	}
	if err != nil {
		cancel() // the command is of no use any more
	}
	return took, errors.Join(err, <-started)
}

// masters are the addresses of the API servers, once the lab's files are written.
func (l lab) masters() ([]netip.Addr, error) {
	spec, err := l.dir.Load()
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	for _, m := range spec.Masters {
		addrs = append(addrs, spec.Addr(m))
	}
	_, err = os.Stat(l.kubeconfig())
	return addrs, err
}

func (l lab) nodesReady(ctx context.Context, client kubernetes.Interface) error {
	spec, err := l.dir.Load()
	if err != nil {
		return err
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	ready := 0
	for _, n := range nodes.Items {
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
				ready++
			}
		}
	}
	if ready != len(spec.Nodes) {
		return fmt.Errorf("%d of %d nodes are Ready", ready, len(spec.Nodes))
	}
	return nil
}

func serviceAnswers(ctx context.Context, client kubernetes.Interface) error {
	service, err := client.CoreV1().Services(demoNamespace).Get(ctx, demoName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	url := fmt.Sprintf("http://%s:%d/", service.Spec.ClusterIP, service.Spec.Ports[0].Port)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}

// engine is the id of the lab's engine.
func (l lab) engine() (int, error) {
	pid, held := l.dir.Holder()
	if !held || pid == 0 {
		return 0, fmt.Errorf("the engine of lab %s does not run", l.dir.Name())
	}
	return pid, nil
}
