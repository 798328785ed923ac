package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var web = identity{Pod: "web-abc", Node: "node-2", Namespace: "shop", Version: "1"}

// get asks d for path and returns status and body.
func get(t *testing.T, d *demo, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	d.handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func mustGet(t *testing.T, d *demo, path string, status int) string {
	t.Helper()
	code, body := get(t, d, path)
	if code != status {
		t.Fatalf("GET %s: status %d, want %d: %s", path, code, status, body)
	}
	return body
}

func TestAnswerSaysWhoItIs(t *testing.T) {
	d := newDemo(web, nil)
	if got := mustGet(t, d, "/", 200); got != "web-abc version=1 node=node-2 namespace=shop" {
		t.Errorf("plain answer %q", got)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	d.handler().ServeHTTP(w, r)
	var got identity
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got != web {
		t.Errorf("JSON answer %s: %v, %v", w.Body, got, err)
	}
	mustGet(t, d, "/nothing", 404)
}

func TestIdentityFallsBackToTheHostname(t *testing.T) {
	none := func(string) string { return "" }
	got := whoFrom(none, func() (string, error) { return "host", nil })
	if got.String() != "host" {
		t.Errorf("got %q", got)
	}
	if got = whoFrom(none, func() (string, error) { return "", errors.New("none") }); got.String() != "" {
		t.Errorf("without a host name: %q", got)
	}
}

func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDemo(web, nil)
		took := func(path string) time.Duration {
			start := time.Now()
			mustGet(t, d, path, 200)
			return time.Since(start)
		}
		mustGet(t, d, "/slow?for=2s", 200)
		if got := took("/"); got != 2*time.Second {
			t.Errorf("/ took %v, want 2s", got)
		}
		if got := took("/?delay=500ms"); got != 2500*time.Millisecond {
			t.Errorf("/?delay=500ms took %v, want 2.5s", got)
		}
		if got := took("/healthz"); got != 0 {
			t.Errorf("/healthz took %v", got)
		}
		mustGet(t, d, "/reset", 200)
		if got := took("/"); got != 0 {
			t.Errorf("after reset / took %v", got)
		}
	})
}

func TestSlowAnswerEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		r := httptest.NewRequest("GET", "/?delay=1m", nil).WithContext(ctx)
		newDemo(web, nil).handler().ServeHTTP(httptest.NewRecorder(), r)
		if got := time.Since(start); got != time.Second {
			t.Errorf("worked for %v after the client left at 1s", got)
		}
	})
}

func TestFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDemo(web, nil)
		mustGet(t, d, "/fail?for=30s", 200)
		mustGet(t, d, "/", 500)
		mustGet(t, d, "/healthz", 200)
		time.Sleep(30 * time.Second)
		mustGet(t, d, "/", 200)

		mustGet(t, d, "/fail?rate=0.5", 200)
		time.Sleep(24 * time.Hour)
		d.random = func() float64 { return 0.4 }
		mustGet(t, d, "/", 500)
		d.random = func() float64 { return 0.5 }
		mustGet(t, d, "/", 200)
	})
}

func TestUnhealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDemo(web, nil)
		mustGet(t, d, "/unhealthy?for=10s", 200)
		mustGet(t, d, "/healthz", 500)
		mustGet(t, d, "/", 200)
		time.Sleep(10 * time.Second)
		mustGet(t, d, "/healthz", 200)
		mustGet(t, d, "/unhealthy", 200)
		time.Sleep(24 * time.Hour)
		mustGet(t, d, "/healthz", 500)
		mustGet(t, d, "/reset", 200)
		mustGet(t, d, "/healthz", 200)
	})
}

func TestEatHoldsMemory(t *testing.T) {
	d := newDemo(web, nil)
	mustGet(t, d, "/eat?mib=1", 200)
	if got := mustGet(t, d, "/eat?mib=2", 200); got != "took 2 MiB, 3 MiB held in all" {
		t.Errorf("got %q", got)
	}
	mustGet(t, d, "/reset", 200)
	if d.held != nil {
		t.Error("reset kept the memory")
	}
}

func TestCrashAnswersFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code := make(chan int, 1)
		d := newDemo(web, func(c int) { code <- c })
		mustGet(t, d, "/crash", 200)
		if got := <-code; got != 1 {
			t.Errorf("exit code %d", got)
		}
	})
}

func TestBadRequests(t *testing.T) {
	d := newDemo(web, nil)
	for path, want := range map[string]string{
		"/?delay=soon":        "delay",
		"/?delay=61s":         "1m0s",
		"/slow":               "missing",
		"/slow?for=-1s":       "for",
		"/slow?for=2":         "500ms or 2s",
		"/fail?for=2h":        "1h0m0s",
		"/fail?rate=2":        "0 to 1",
		"/fail?rate=NaN":      "0 to 1",
		"/unhealthy?for=x":    "for",
		"/eat":                "mib",
		"/eat?mib=0":          "1 to 4096",
		"/eat?mib=4097":       "1 to 4096",
		"/eat?mib=9999999999": "1 to 4096",
	} {
		if got := mustGet(t, d, path, http.StatusBadRequest); !strings.Contains(got, want) {
			t.Errorf("GET %s: %q does not say %q", path, got, want)
		}
	}
	mustGet(t, d, "/", 200)
}

func TestPort(t *testing.T) {
	for value, want := range map[string]string{"": "8080", "80": "80", "65535": "65535", "0": "", "65536": "", "http": ""} {
		if got, err := portFrom(value); got != want || (err == nil) != (want != "") {
			t.Errorf("PORT=%q: %q, %v", value, got, err)
		}
	}
}
