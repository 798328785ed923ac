package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/view"
)

// following is a followTable that runs.
type following struct {
	events chan view.Event
	health chan string // empty for all is well
}

func follow(t *testing.T, namespace string) following {
	t.Helper()
	f := following{make(chan view.Event), make(chan string, 100)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- followTable(ctx, namespace, func(err error) {
			if err == nil {
				f.health <- ""
			} else {
				f.health <- err.Error()
			}
		}, func(at time.Time, r view.RuleChange) {
			select {
			case f.events <- ruleEvent("node-1/kube-proxy", at, r):
			case <-ctx.Done():
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := take(t, ended, "it ends"); err != context.Canceled {
			t.Errorf("ended with %v", err)
		}
	})
	if why := take(t, f.health, "it is connected"); why != "" {
		t.Fatalf("not connected: %s", why)
	}
	return f
}

// expect waits for events with these texts, in this order.
func (f following) expect(t *testing.T, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if e := take(t, f.events, want); e.Text != want {
			t.Fatalf("told %q, want %q", e.Text, want)
		}
	}
}

func TestRulesAreFollowed(t *testing.T) {
	namespace := newNamespace(t)
	f := follow(t, namespace) // before there is a table

	began := time.Now()
	nft(t, slices.Concat(base, point("meta l4proto tcp dnat to 10.180.0.4:80"), []string{capture})...)
	e := take(t, f.events, "the first endpoint")
	service := view.Object{Resource: "services", Namespace: "demo", Name: "web"}
	if e.Kind != view.RuleChanged || e.Source != "node-1/kube-proxy" || e.Object == nil || *e.Object != service ||
		e.Time.Before(began) || e.Time.After(time.Now()) || e.Text != "rule to 10.180.0.4:80 of Service demo/web made" {
		t.Errorf("told %+v", e)
	}
	if want := (view.RuleChange{Service: service, Endpoint: "10.180.0.4:80"}); e.Rule == nil || *e.Rule != want {
		t.Errorf("told %+v, want %+v", e.Rule, want)
	}

	nft(t, point("meta l4proto tcp dnat ip addr . port to numgen random mod 2 map { 0 : 10.180.0.4 . 80, 1 : 10.180.0.5 . 80 }")...)
	f.expect(t, "rule to 10.180.0.5:80 of Service demo/web made")
	nft(t, "add table ip other", "add chain ip other c", "add rule ip other c accept") // not kube-proxy's
	nft(t, point("meta l4proto tcp dnat to 10.180.0.5:80")...)
	f.expect(t, "rule to 10.180.0.4:80 of Service demo/web removed")

	// With session affinity, each endpoint has a chain of its own.
	const endpoint = "endpoint-GTK6MW7G-demo/web/tcp/http__10.180.0.6/80"
	nft(t, slices.Concat([]string{"add chain ip kube-proxy " + endpoint, "add rule ip kube-proxy " + endpoint + " meta l4proto tcp dnat to 10.180.0.6:80"},
		point("numgen random mod 1 vmap { 0 : goto "+endpoint+" }"))...)
	f.expect(t, "rule to 10.180.0.5:80 of Service demo/web removed", "rule to 10.180.0.6:80 of Service demo/web made")

	// Without endpoints a Service has a chain no more, as kube-proxy leaves it for a second.
	nft(t, "delete element ip kube-proxy service-ips { 10.96.0.5 . tcp . 80 }", "flush chain ip kube-proxy "+chain)
	f.expect(t, "rule to 10.180.0.6:80 of Service demo/web removed")
	nft(t, append(point("meta l4proto tcp dnat to 10.180.0.4:80"), capture)...)
	f.expect(t, "rule to 10.180.0.4:80 of Service demo/web made")
	nft(t, "delete table ip kube-proxy")
	f.expect(t, "rule to 10.180.0.4:80 of Service demo/web removed")
}

func TestRulesThatAreThereAreNotTold(t *testing.T) {
	namespace := newNamespace(t)
	nft(t, slices.Concat(base, point("meta l4proto tcp dnat to 10.180.0.4:80"), []string{capture})...)
	f := follow(t, namespace)
	nft(t, point("meta l4proto tcp dnat to 10.180.0.5:80")...)
	f.expect(t, "rule to 10.180.0.4:80 of Service demo/web removed", "rule to 10.180.0.5:80 of Service demo/web made")
}

// While nobody takes what is told, the kernel runs out of room for notices.
func TestOverrunLosesNothingForGood(t *testing.T) {
	namespace := newNamespace(t)
	f := follow(t, namespace)
	nft(t, slices.Concat(base, point("meta l4proto tcp dnat to 10.180.0.4:80"), []string{capture})...)
	// It is telling of the first endpoint now, or will be.
	lines := []string{"add table ip kube-proxy", "add chain ip kube-proxy many"}
	for n := range 20_000 {
		lines = append(lines, fmt.Sprintf("add rule ip kube-proxy many ip saddr 10.1.%d.%d accept", n>>8, n&0xff))
	}
	nft(t, lines...)
	nft(t, "delete chain ip kube-proxy many")
	nft(t, point("meta l4proto tcp dnat to 10.180.0.5:80")...)
	f.expect(t, "rule to 10.180.0.4:80 of Service demo/web made")
	f.expect(t, "rule to 10.180.0.4:80 of Service demo/web removed", "rule to 10.180.0.5:80 of Service demo/web made")
	for {
		why := take(t, f.health, "an overrun is told")
		if strings.Contains(why, "faster") {
			break
		}
	}
	if why := take(t, f.health, "it is over"); why != "" {
		t.Errorf("after the overrun: %s", why)
	}
	nft(t, point("meta l4proto tcp dnat to 10.180.0.6:80")...)
	f.expect(t, "rule to 10.180.0.5:80 of Service demo/web removed", "rule to 10.180.0.6:80 of Service demo/web made")
}
