// Command demo is the HTTP server that exercises deploy: it says who it is, and it can be made slow,
// failing, unhealthy or hungry for memory, so that people see what Kubernetes does about it.
//
//	GET /                   one line with pod, node, namespace and version; JSON on Accept: application/json
//	GET /?delay=500ms       the same, but this answer takes that long
//	GET /healthz            200, for readiness and liveness probes
//	GET /slow?for=2s        every later answer of / takes that long; for=0s ends it
//	GET /fail?for=30s       / answers 500 for that long; with rate=0.5 only that share of requests
//	GET /unhealthy?for=30s  /healthz answers 500 for that long
//	GET /eat?mib=64         takes that much memory and keeps it
//	GET /crash              the process exits with 1
//	GET /reset              ends slowness, failures and ill health, and lets go of the memory
//
// /fail and /unhealthy without "for" last until /reset. Each of them changes this pod only.
//
// Environment: POD_NAME, NODE_NAME, POD_NAMESPACE, VERSION say who it is, PORT where it listens (8080).
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// drain is how long requests under way may take after SIGTERM. Kubernetes kills after 30 s by default.
const drain = 25 * time.Second

func main() {
	if err := run(); err != nil {
		slog.Error(err.Error())
		os.Exit(1)
	}
}

func run() error {
	port, err := portFrom(os.Getenv("PORT"))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	who := whoFrom(os.Getenv, os.Hostname)
	server := &http.Server{
		Addr:              net.JoinHostPort("", port),
		Handler:           newDemo(who, os.Exit).handler(),
		ReadHeaderTimeout: 10 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	slog.Info("serving", "port", port, "pod", who.Pod, "version", who.Version)

	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP on port %s: %w", port, err)
	case <-ctx.Done():
	}
	slog.Info("stopping: asked by a signal, finishing requests")
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	err = server.Shutdown(ctx)
	if serveErr := <-failed; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}

func portFrom(value string) (string, error) {
	if value == "" {
		return "8080", nil
	}
	if n, err := strconv.Atoi(value); err != nil || n < 1 || n > 65535 {
		return "", fmt.Errorf("read PORT %q: want a number from 1 to 65535", value)
	}
	return value, nil
}

// identity is who answers.
type identity struct {
	Pod       string `json:"pod"`
	Node      string `json:"node"`
	Namespace string `json:"namespace"`
	Version   string `json:"version"`
}

// whoFrom reads the identity from the environment. A pod's host name is its own name, so that is what
// it falls back to.
func whoFrom(env func(string) string, hostname func() (string, error)) identity {
	who := identity{Pod: env("POD_NAME"), Node: env("NODE_NAME"), Namespace: env("POD_NAMESPACE"), Version: env("VERSION")}
	if who.Pod == "" {
		if name, err := hostname(); err == nil {
			who.Pod = name
		}
	}
	return who
}

// String is the plain answer. What is not known is left out.
func (w identity) String() string {
	line := w.Pod
	for _, part := range []struct{ label, value string }{
		{"version", w.Version}, {"node", w.Node}, {"namespace", w.Namespace},
	} {
		if part.value != "" {
			line += " " + part.label + "=" + part.value
		}
	}
	return line
}
