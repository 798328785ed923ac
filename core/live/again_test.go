package live

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestAskAgain(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.(*net.TCPConn).SetLinger(0) // a reset
				_ = conn.Close()
			}
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	defer server.Close()
	client := http.Client{Transport: again{http.DefaultTransport}}
	r, err := http.NewRequest(http.MethodPatch, server.URL, strings.NewReader("replicas"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatalf("after %d times: %v", asked.Load(), err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "replicas" || asked.Load() != 3 {
		t.Errorf("%q, %v, asked %d times", body, err, asked.Load())
	}
}

// An object whose deletion was carried out, though nobody heard so, is not looked for again.
func TestDoNotDeleteTwice(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	}))
	defer server.Close()
	for _, method := range []string{http.MethodDelete, http.MethodPost} {
		asked.Store(0)
		r, err := http.NewRequest(method, server.URL, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := again{&http.Transport{}}.RoundTrip(r)
		if err == nil {
			answer.Body.Close()
		}
		if err == nil || asked.Load() != 1 {
			t.Errorf("%s: %v, asked %d times", method, err, asked.Load())
		}
	}
}
