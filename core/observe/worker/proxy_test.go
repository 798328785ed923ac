package worker

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/view"
)

var web = view.Service{Namespace: "demo", Name: "web", IP: "10.96.0.5", Ports: []string{"53/UDP", "80/TCP"}}

// serve answers as the demo does, or in another way.
func serve(t *testing.T, namespace, addr string, answer http.HandlerFunc) {
	t.Helper()
	server := &http.Server{Handler: answer}
	go server.Serve(listenIn(t, namespace, addr)) // ends when the listener is closed
	t.Cleanup(func() { server.Close() })
}

func demo(pod string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" || r.Header.Get("Accept") != "application/json" {
			http.Error(w, "want / in JSON", http.StatusNotAcceptable)
			return
		}
		fmt.Fprintf(w, `{"pod": %q, "node": "node-1"}`, pod)
	}
}

func pointTo(t *testing.T, rule string) {
	t.Helper()
	nft(t, slices.Concat(base, point(rule), []string{capture})...)
}

const both = "meta l4proto tcp dnat ip addr . port to numgen random mod 2 map { 0 : 10.180.0.4 . 8080, 1 : 10.180.0.5 . 8080 }"

func TestRequestsAreSpread(t *testing.T) {
	namespace := newNamespace(t)
	pointTo(t, both)
	serve(t, namespace, "10.180.0.4:8080", demo("web-a"))
	serve(t, namespace, "10.180.0.5:8080", demo("web-b"))
	p, err := proxyIn(t.Context(), namespace, web, 200)
	if err != nil {
		t.Fatal(err)
	}
	a, b := p.Answered["web-a"], p.Answered["web-b"]
	// That one of two gets less than a quarter has a probability of one in 10¹³.
	if a+b != 200 || a < 50 || b < 50 || p.Failed > 0 || len(p.Answered) != 2 {
		t.Errorf("answered: %v, failed: %d, %s", p.Answered, p.Failed, p.Why)
	}
	if want := []string{"10.180.0.4:8080", "10.180.0.5:8080"}; !slices.Equal(p.Endpoints, want) || len(p.Rules) != 2 {
		t.Errorf("leads to %q, want %q; rules: %q", p.Endpoints, want, p.Rules)
	}
}

func TestAnswersWithoutAName(t *testing.T) {
	namespace := newNamespace(t)
	pointTo(t, both)
	serve(t, namespace, "10.180.0.4:8080", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "failing, because somebody asked for it", http.StatusInternalServerError)
	})
	greeter := listenIn(t, namespace, "10.180.0.5:8080")
	go func() {
		for {
			c, err := greeter.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(c, "220 this is no HTTP")
			c.Close()
		}
	}()
	service := web
	service.Endpoints = []view.Endpoint{{Address: "10.180.0.4", Pod: "web-a"}, {Address: "10.180.0.5"}}
	p, err := proxyIn(t.Context(), namespace, service, 40)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"10.180.0.5:8080", "web-a"}
	if got := slices.Sorted(maps.Keys(p.Answered)); !slices.Equal(got, want) || p.Answered[want[0]]+p.Answered[want[1]] != 40 {
		t.Errorf("answered: %v, failed: %d, %s; want answers of %q", p.Answered, p.Failed, p.Why, want)
	}
}

func TestNobodyAnswers(t *testing.T) {
	namespace := newNamespace(t)
	for _, c := range []struct {
		name, rule, why string
		prepare         func()
	}{
		{"nobody listens", "meta l4proto tcp dnat to 10.180.0.6:8080", "refused", nil},
		{"nobody accepts", "meta l4proto tcp dnat to 10.180.0.7:8080", "no answer", func() { listenIn(t, namespace, "10.180.0.7:8080") }},
	} {
		pointTo(t, c.rule)
		if c.prepare != nil {
			c.prepare()
		}
		began := time.Now()
		p, err := proxyIn(t.Context(), namespace, web, 8)
		if err != nil {
			t.Fatal(err)
		}
		if p.Failed != 8 || len(p.Answered) > 0 || !strings.Contains(p.Why, c.why) {
			t.Errorf("%s: answered: %v, failed: %d, %q", c.name, p.Answered, p.Failed, p.Why)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: took %s", c.name, took)
		}
	}
}

func TestNothingToTry(t *testing.T) {
	namespace := newNamespace(t)
	for why, s := range map[string]view.Service{
		"address": {Name: "headless", IP: "None", Ports: []string{"80/TCP"}},
		"TCP":     {Name: "dns", IP: "10.96.0.10", Ports: []string{"53/UDP"}},
	} {
		p, err := proxyIn(t.Context(), namespace, s, 1)
		if err != nil || !strings.Contains(p.Why, why) || p.Failed > 0 {
			t.Errorf("%+v, %v; want it to speak of %s", p, err, why)
		}
	}
}

func TestRequestsEndWithTheirContext(t *testing.T) {
	namespace := newNamespace(t)
	pointTo(t, "meta l4proto tcp dnat to 10.180.0.7:8080")
	silent := listenIn(t, namespace, "10.180.0.7:8080")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if c, err := silent.Accept(); err == nil {
			cancel()
			defer c.Close()
			_, _ = c.Read(make([]byte, 1<<10))
			_, _ = c.Read(make([]byte, 1)) // until the other end is closed
		}
	}()
	began := time.Now()
	p, err := proxyIn(ctx, namespace, web, maxTry)
	if err != nil || p.Failed != maxTry {
		t.Errorf("%d failed, %v; want %d", p.Failed, err, maxTry)
	}
	if took := time.Since(began); took > 10*time.Second { // all of them would take two minutes
		t.Errorf("took %s", took)
	}
}
