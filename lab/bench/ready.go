package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// dialFunc connects to a master from where it can be reached.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// look is how often readiness is asked for: the error of a start's figure.
const look = 20 * time.Millisecond

// clientFor is a client with a kubeconfig's credentials and without client-go's rate limit, which would be
// measured instead of the cluster. An empty server means the kubeconfig's own.
func clientFor(kubeconfig, server string, dial dialFunc) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	if server != "" {
		config.Host = server
	}
	config.Dial, config.QPS = dial, -1
	return kubernetes.NewForConfig(config)
}

// readiness is how long masters took from nothing.
type readiness struct {
	api    time.Duration // until every API server said /readyz
	usable time.Duration // until the default ServiceAccount was there too, without which no pod can be created
}

// waitMasters waits until the masters can be used, and says how long after began that was. It is the same for
// lab and baseline.
func waitMasters(ctx context.Context, began time.Time, kubeconfig string, addrs []netip.Addr, dial dialFunc) (r readiness, err error) {
	if err := waitAPIServers(ctx, kubeconfig, addrs, dial); err != nil {
		return r, err
	}
	r.api = time.Since(began)
	client, err := clientFor(kubeconfig, serverAt(addrs[0]), dial)
	if err != nil {
		return r, err
	}
	err = poll(ctx, "the default ServiceAccount", func(ctx context.Context) error {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	r.usable = time.Since(began)
	return r, err
}

func waitAPIServers(ctx context.Context, kubeconfig string, addrs []netip.Addr, dial dialFunc) error {
	for _, addr := range addrs {
		client, err := clientFor(kubeconfig, serverAt(addr), dial)
		if err != nil {
			return err
		}
		err = poll(ctx, "the API server on "+addr.String(), func(ctx context.Context) error { return readyz(ctx, client.RESTClient()) })
		if err != nil {
			return err
		}
	}
	return nil
}

func serverAt(addr netip.Addr) string { return fmt.Sprintf("https://%s:%d", addr, apiPort) }

func readyz(ctx context.Context, c rest.Interface) error {
	return c.Get().AbsPath("/readyz").Do(ctx).Error()
}

// poll asks for something until there is no error or ctx ends; then it says what was waited for. An answer
// may take a second: a server that is about to start accepts connections and lets them wait.
func poll(ctx context.Context, what string, ask func(context.Context) error) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		one, cancel := context.WithTimeout(ctx, time.Second)
		err := ask(one)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; the last answer was: %w", what, context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}
