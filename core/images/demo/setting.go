package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"
)

// Bounds of what a request may ask for: nobody shall have to wait for the end of a typing error.
const (
	maxDelay = time.Minute
	maxSpan  = time.Hour
	maxMiB   = 4096
)

// setting changes the server and says in a sentence what it did. An error is the client's fault.
type setting func(*http.Request) (string, error)

func (s setting) serve(w http.ResponseWriter, r *http.Request) {
	done, err := s(r)
	if err != nil {
		http.Error(w, fmt.Sprintf("%s: %v", r.URL.Path, err), http.StatusBadRequest)
		return
	}
	slog.Info(done, "path", r.URL.Path, "from", r.RemoteAddr)
	fmt.Fprintln(w, done)
	if r.URL.Path == "/reset" {
		debug.FreeOSMemory() // or the pod would keep what /eat took until the runtime thinks of it
	}
}

// durationIn reads a parameter such as 500ms or 2s, from 0 to most; absent when there is none.
func durationIn(r *http.Request, key string, absent, most time.Duration) (time.Duration, error) {
	value := r.URL.Query().Get(key)
	if value == "" {
		return absent, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 || d > most {
		return 0, fmt.Errorf("%s=%q: want a duration from 0s to %v, such as 500ms or 2s", key, value, most)
	}
	return d, nil
}

// rateIn reads the share of requests that fail, from 0 to 1; all of them when nothing is said.
func rateIn(r *http.Request) (float64, error) {
	value := r.URL.Query().Get("rate")
	if value == "" {
		return 1, nil
	}
	rate, err := strconv.ParseFloat(value, 64)
	if err != nil || !(rate >= 0 && rate <= 1) { // written so that NaN is refused too
		return 0, fmt.Errorf("rate=%q: want a share from 0 to 1, such as 0.5", value)
	}
	return rate, nil
}

// mibIn reads how much memory to take, in MiB.
func mibIn(r *http.Request) (int, error) {
	value := r.URL.Query().Get("mib")
	mib, err := strconv.Atoi(value)
	if err != nil || mib < 1 || mib > maxMiB {
		return 0, fmt.Errorf("mib=%q: want a number from 1 to %d, such as 64", value, maxMiB)
	}
	return mib, nil
}
