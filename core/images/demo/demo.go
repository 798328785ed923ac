package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// forever is the end of a failure that lasts until /reset.
const forever = 100 * 365 * 24 * time.Hour

// demo is the server and what has been done to it.
type demo struct {
	who    identity
	exit   func(code int)
	random func() float64 // 0 ≤ x < 1, for failures of only a share of the requests

	mu             sync.Mutex // guards what follows
	latency        time.Duration
	failUntil      time.Time
	failRate       float64
	unhealthyUntil time.Time
	held           [][]byte
}

func newDemo(who identity, exit func(int)) *demo {
	return &demo{who: who, exit: exit, random: rand.Float64}
}

func (d *demo) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.answer)
	mux.HandleFunc("GET /healthz", d.healthz)
	for path, set := range map[string]setting{
		"/slow": d.slow, "/fail": d.fail, "/unhealthy": d.unhealthy, "/eat": d.eat, "/crash": d.crash, "/reset": d.reset,
	} {
		mux.HandleFunc("GET "+path, set.serve)
		mux.HandleFunc("POST "+path, set.serve)
	}
	return mux
}

// answer says who this is, late or not at all if that was asked for.
func (d *demo) answer(w http.ResponseWriter, r *http.Request) {
	delay, err := durationIn(r, "delay", 0, maxDelay)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	delay += d.latency
	broken := time.Now().Before(d.failUntil) && d.random() < d.failRate
	d.mu.Unlock()

	if !sleep(r.Context(), delay) {
		slog.Info("request given up by the client", "path", r.URL.Path, "from", r.RemoteAddr)
		return
	}
	status := http.StatusOK
	if broken {
		status = http.StatusInternalServerError
	}
	slog.Info("request", "path", r.URL.Path, "from", r.RemoteAddr, "status", status, "delay", delay)
	if broken {
		http.Error(w, d.who.String()+": failing, because /fail asked for it", status)
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(d.who) // an error means that the client has gone
		return
	}
	fmt.Fprintln(w, d.who)
}

// healthz answers a probe. Slowness and failures of / do not touch it: each knob has one effect.
func (d *demo) healthz(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	ill := time.Now().Before(d.unhealthyUntil)
	d.mu.Unlock()
	if ill {
		slog.Info("probe answered with 500", "from", r.RemoteAddr)
		http.Error(w, "unhealthy, because /unhealthy asked for it", http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (d *demo) slow(r *http.Request) (string, error) {
	latency, err := durationIn(r, "for", -1, maxDelay)
	if err != nil {
		return "", err
	}
	if latency < 0 {
		return "", fmt.Errorf(`"for" is missing: want how long each answer shall take, such as for=2s`)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.latency = latency
	return fmt.Sprintf("every answer of / takes %v from now on", latency), nil
}

func (d *demo) fail(r *http.Request) (string, error) {
	span, err := durationIn(r, "for", forever, maxSpan)
	if err != nil {
		return "", err
	}
	rate, err := rateIn(r)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failUntil, d.failRate = time.Now().Add(span), rate
	return fmt.Sprintf("/ fails for %g %% of requests %s", rate*100, until(span)), nil
}

func (d *demo) unhealthy(r *http.Request) (string, error) {
	span, err := durationIn(r, "for", forever, maxSpan)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unhealthyUntil = time.Now().Add(span)
	return "/healthz answers 500 " + until(span), nil
}

func (d *demo) eat(r *http.Request) (string, error) {
	mib, err := mibIn(r)
	if err != nil {
		return "", err
	}
	block := make([]byte, mib<<20)
	for i := 0; i < len(block); i += os.Getpagesize() {
		block[i] = 1 // memory counts only once it was written to
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held = append(d.held, block)
	total := 0
	for _, b := range d.held {
		total += len(b) >> 20
	}
	return fmt.Sprintf("took %d MiB, %d MiB held in all", mib, total), nil
}

func (d *demo) crash(*http.Request) (string, error) {
	// The answer goes out first; then the process is gone without closing anything.
	time.AfterFunc(100*time.Millisecond, func() { d.exit(1) })
	return "exiting with 1", nil
}

func (d *demo) reset(*http.Request) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.latency, d.failUntil, d.failRate, d.unhealthyUntil, d.held = 0, time.Time{}, 0, time.Time{}, nil
	return "slowness, failures and ill health ended, memory let go", nil
}

// until says how long a setting lasts.
func until(span time.Duration) string {
	if span == forever {
		return "until /reset"
	}
	return fmt.Sprintf("for %v", span)
}

// sleep waits and reports whether it could wait to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
