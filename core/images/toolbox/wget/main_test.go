package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func server(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, r.Method+" "+r.Host+" "+r.Header.Get("X-Test")+string(body))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestFetchToOutput(t *testing.T) {
	url := server(t)
	var out, log strings.Builder
	o := options{output: "-", quiet: true, header: []string{"X-Test: yes", "Host: web"}}
	// Without a scheme, as people type it.
	if err := fetch(context.Background(), strings.TrimPrefix(url, "http://"), o, &out, &log); err != nil {
		t.Fatal(err)
	}
	if out.String() != "GET web yes" || log.String() != "" {
		t.Errorf("output %q, log %q", out.String(), log.String())
	}
}

func TestFetchToFile(t *testing.T) {
	url := server(t)
	name := filepath.Join(t.TempDir(), "page")
	var log strings.Builder
	o := options{output: name, post: true, body: "hello", header: []string{"Host: x"}}
	if err := fetch(context.Background(), url, o, nil, &log); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "POST x hello" {
		t.Errorf("file holds %q, %v", got, err)
	}
	if !strings.HasPrefix(log.String(), "Connecting to 127.0.0.1:") {
		t.Errorf("log %q", log.String())
	}
}

func TestFetchErrors(t *testing.T) {
	url := server(t)
	err := fetch(context.Background(), url+"/broken", options{output: "-"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "500 Internal Server Error: no") {
		t.Errorf("an answer of 500: %v", err)
	}
	if err := fetch(context.Background(), url, options{header: []string{"nonsense"}}, io.Discard, io.Discard); err == nil {
		t.Error("a header without a value was accepted")
	}
}

func TestFileNames(t *testing.T) {
	for path, want := range map[string]string{"": "index.html", "/": "index.html", "/a/b.txt": "b.txt"} {
		if got := (options{}).file(path); got != want {
			t.Errorf("address with path %q goes to %q, want %q", path, got, want)
		}
	}
}
