package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubelab/core/topology"
)

// The demo workload of manifests/demo.yaml.
const demoNamespace, demoName = "demo", "web"

// pollEvery is how often the engine looks for what it waits for where nothing can tell it.
const pollEvery = 20 * time.Millisecond

// poll calls done until it reports true, or ctx ends; then it says what it waited for last.
func poll(ctx context.Context, done func(context.Context) (ok bool, waiting string)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		ok, waiting := done(ctx)
		if ok {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w; %s", context.Cause(ctx), waiting)
		}
	}
}

// answerTimeout is how long one request to the demo may take. After a restart the Service still leads to pods
// that are gone, and the next request may find one that is there.
const answerTimeout = 250 * time.Millisecond

// podsCanBeMade waits until the controller manager has made what every pod needs.
func (c *Cluster) podsCanBeMade(ctx context.Context) error {
	return poll(ctx, func(ctx context.Context) (bool, string) {
		_, err := c.client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, fmt.Sprintf("the default service account does not exist: %v", err)
	})
}

// nodesReady waits until every one of nodes is called ready, and was heard of after it was started: a node
// that comes back is still called ready from before.
func (c *Cluster) nodesReady(ctx context.Context, nodes []topology.Machine, since time.Time) error {
	heard := map[topology.Machine]bool{}
	return poll(ctx, func(ctx context.Context) (bool, string) {
		for _, m := range nodes {
			n := c.caches.node(m)
			if !ready(n, time.Time{}) {
				return false, fmt.Sprintf("%s is not ready: %s", m, notReady(n))
			}
			if heard[m] = heard[m] || ready(n, since) || c.renewed(ctx, m, since); !heard[m] {
				return false, fmt.Sprintf("nothing was heard of %s", m)
			}
		}
		return true, ""
	})
}

// renewed reports whether the node's kubelet has renewed its Lease, the heartbeat that it sends between two
// reports of its status.
func (c *Cluster) renewed(ctx context.Context, m topology.Machine, since time.Time) bool {
	lease, err := c.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(ctx, m.Name(), metav1.GetOptions{})
	return err == nil && lease.Spec.RenewTime != nil && !lease.Spec.RenewTime.Time.Before(since)
}

// notReady is the node's own word for why it is not ready.
func notReady(n *corev1.Node) string {
	if n == nil {
		return "its kubelet has not registered it"
	}
	for _, cond := range n.Status.Conditions {
		if cond.Type == corev1.NodeReady {
			return cond.Message
		}
	}
	return "its kubelet has not said how it is"
}

// applyWorkload puts the cluster's DNS and, where wanted, the demo into a new cluster: the Deployments, or
// what their pods need. Deployments come once all nodes are ready: the scheduler binds what it finds at once,
// and would put everything on the first node.
func (c *Cluster) applyWorkload(ctx context.Context, deployments bool) error {
	spec := c.Spec()
	names := []string{"dns.yaml"}
	if spec.Demo {
		names = append(names, "demo.yaml")
	}
	values := valuesFor(spec, resolvers("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"))
	for _, name := range names {
		err := apply(ctx, c.dynamic, name, values, func(kind string) bool { return (kind == "Deployment") == deployments })
		if err != nil {
			return err
		}
	}
	return nil
}

// resolvers lists the name servers in the first of files that pods could use as well: not those that the
// host runs on loopback, as systemd-resolved does.
func resolvers(files ...string) string {
	for _, file := range files {
		b, _ := os.ReadFile(file) // a file that is not there names no server
		var servers []string
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) > 1 && f[0] == "nameserver" && !strings.HasPrefix(f[1], "127.") && !strings.Contains(f[1], ":") {
				servers = append(servers, f[1])
			}
		}
		if len(servers) > 0 {
			return strings.Join(servers, " ")
		}
	}
	return ""
}

// demoAnswers waits until the demo's Service answers a real request, unless somebody has removed it or
// scaled it to nothing.
func (c *Cluster) demoAnswers(ctx context.Context) error {
	service, err := c.client.CoreV1().Services(demoNamespace).Get(ctx, demoName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	web, err := c.client.AppsV1().Deployments(demoNamespace).Get(ctx, demoName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || err == nil && web.Spec.Replicas != nil && *web.Spec.Replicas == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	url := "http://" + service.Spec.ClusterIP
	// A connection per request: the Service chooses a pod for each.
	client := http.Client{Timeout: answerTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	return poll(ctx, func(ctx context.Context) (bool, string) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false, err.Error()
		}
		answer, err := client.Do(r)
		if err != nil {
			return false, err.Error()
		}
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body) // its status has been read
		return answer.StatusCode == http.StatusOK, url + " answers " + answer.Status
	})
}
