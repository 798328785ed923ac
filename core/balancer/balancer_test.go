package balancer

import (
	"bufio"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

// server answers /readyz as it is told, and everything else with its name; /hold keeps the connection.
type server struct {
	*httptest.Server
	ready atomic.Bool
}

func newServer(t *testing.T, name string) *server {
	s := &server{}
	s.ready.Store(true)
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/readyz" && !s.ready.Load():
			w.WriteHeader(http.StatusInternalServerError)
		case r.URL.Path == "/hold":
			fmt.Fprintln(w, name)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		default:
			fmt.Fprint(w, name)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) addr() netip.AddrPort { return s.Listener.Addr().(*net.TCPAddr).AddrPort() }

func start(t *testing.T, servers ...*server) (*Balancer, *http.Client, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().(*net.TCPAddr).AddrPort()
	l.Close()
	roots := x509.NewCertPool()
	for _, s := range servers {
		roots.AddCert(s.Certificate())
	}
	b := New(Config{Listen: listen, Source: netip.MustParseAddr("127.0.0.1"), Roots: roots, Log: slog.New(slog.DiscardHandler)})
	for _, s := range servers {
		b.SetBackends(append(b.addrs(), s.addr()))
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	client := servers[0].Client()
	client.Transport.(*http.Transport).DisableKeepAlives = true
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	client.Timeout = 5 * time.Second
	return b, client, "https://" + listen.String()
}

func (b *Balancer) addrs() (list []netip.AddrPort) {
	for _, k := range b.backends {
		list = append(list, k.addr)
	}
	return list
}

func healthy(t *testing.T, b *Balancer, want int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for len(b.Healthy()) != want {
		if time.Now().After(deadline) {
			t.Fatalf("healthy: %v, want %d", b.Healthy(), want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func get(c *http.Client, url string) (string, error) {
	r, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return string(body), err
}

func TestSpreadsOverHealthyOnes(t *testing.T) {
	one, two := newServer(t, "one"), newServer(t, "two")
	b, client, url := start(t, one, two)
	healthy(t, b, 2)
	seen := map[string]int{}
	for range 20 {
		body, err := get(client, url)
		if err != nil {
			t.Fatal(err)
		}
		seen[body]++
	}
	if seen["one"] == 0 || seen["two"] == 0 {
		t.Errorf("answers came from %v, want both", seen)
	}

	two.ready.Store(false)
	healthy(t, b, 1)
	for range 10 {
		if body, err := get(client, url); err != nil || body != "one" {
			t.Errorf("answer %q, %v; want only from one", body, err)
		}
	}
	two.ready.Store(true)
	healthy(t, b, 2)
}

func TestAServerThatDiesCostsNoNewConnection(t *testing.T) {
	one, two := newServer(t, "one"), newServer(t, "two")
	b, client, url := start(t, one, two)
	healthy(t, b, 2)
	two.Listener.Close() // from here on it refuses, and no probe has noticed yet
	for range 10 {
		if body, err := get(client, url); err != nil || body != "one" {
			t.Errorf("answer %q, %v; want one's", body, err)
		}
	}
}

func TestConnectionsOfALostServerAreReset(t *testing.T) {
	one := newServer(t, "one")
	b, client, url := start(t, one)
	healthy(t, b, 1)
	r, err := client.Get(url + "/hold")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	lines := bufio.NewReader(r.Body)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	b.SetBackends(nil)
	begin := time.Now()
	if _, err := lines.ReadString('\n'); err == nil {
		t.Error("the connection goes on")
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("noticed after %s", took)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	one := newServer(t, "one")
	b, client, url := start(t, one)
	healthy(t, b, 1)
	r, err := client.Get(url + "/hold")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	done := make(chan struct{})
	go func() { _ = b.Close(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("Close waits for a client")
	}
	if _, err := get(client, url); err == nil {
		t.Error("it still takes connections")
	}
}

// A server that answers but is not ready, as when its etcd member is gone, loses its clients to one that is.
func TestClientsLeaveAServerThatIsNotReady(t *testing.T) {
	one, two := newServer(t, "one"), newServer(t, "two")
	two.ready.Store(false)
	b, client, url := start(t, one, two)
	healthy(t, b, 1)
	r, err := client.Get(url + "/hold")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	lines := bufio.NewReader(r.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "one\n" {
		t.Fatalf("%q, %v", line, err)
	}
	two.ready.Store(true)
	healthy(t, b, 2)
	one.ready.Store(false)
	if _, err := lines.ReadString('\n'); err == nil {
		t.Error("the connection goes on")
	}
	held(t, b, one, 0)
	for _, s := range b.Status() {
		if s.Addr == one.addr() && (s.Ready || s.Total != 1 || s.Error == "") {
			t.Errorf("status %+v", s)
		}
	}
}

// held waits until as many connections to s are left.
func held(t *testing.T, b *Balancer, s *server, want int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		for _, k := range b.Status() {
			if k.Addr == s.addr() && k.Connections == want {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("want %d connections: %+v", want, b.Status())
		}
		time.Sleep(time.Millisecond)
	}
}

// When no server is ready, as when etcd has lost its majority, clients keep what they have and still get
// through: the server's own error says more than ours.
func TestNoServerIsReady(t *testing.T) {
	one := newServer(t, "one")
	b, client, url := start(t, one)
	healthy(t, b, 1)
	r, err := client.Get(url + "/hold")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	one.ready.Store(false)
	healthy(t, b, 0)
	if body, err := get(client, url); err != nil || body != "one" {
		t.Errorf("answer %q, %v", body, err)
	}
	held(t, b, one, 1)
}

func TestNoServerAtAll(t *testing.T) {
	one := newServer(t, "one")
	b, client, url := start(t, one)
	b.SetBackends(nil)
	if _, err := get(client, url); err == nil {
		t.Error("somebody answered")
	}
}

func TestCloseAfterAStartThatFailed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := New(Config{Listen: l.Addr().(*net.TCPAddr).AddrPort(), Log: slog.New(slog.DiscardHandler)})
	if err := b.Start(t.Context()); err == nil {
		t.Fatal("it listens on an address that is taken")
	}
	closed := make(chan error, 1)
	go func() { closed <- b.Close() }()
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Fatal("Close does not return")
	}
}
