package balancer

import (
	"bufio"
	"testing"
	"time"
)

// A server that is drained keeps the clients it has, also when it says that it is not ready, and gets no new ones.
func TestDrain(t *testing.T) {
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

	b.Drain(one.addr())
	for range 10 {
		if body, err := get(client, url); err != nil || body != "two" {
			t.Errorf("answer %q, %v; want two's", body, err)
		}
	}
	one.ready.Store(false) // as it does while it shuts down
	healthy(t, b, 1)
	held(t, b, one, 1)

	one.ready.Store(true)
	healthy(t, b, 2)
	b.Undrain(one.addr())
	seen := map[string]bool{}
	for range 20 {
		body, err := get(client, url)
		if err != nil {
			t.Fatal(err)
		}
		seen[body] = true
	}
	if !seen["one"] {
		t.Error("it gets no connections after it was drained")
	}
}

// Draining the only server that is ready must not keep clients from it.
func TestDrainTheOnlyOne(t *testing.T) {
	one := newServer(t, "one")
	b, client, url := start(t, one)
	healthy(t, b, 1)
	b.Drain(one.addr())
	if body, err := get(client, url); err != nil || body != "one" {
		t.Errorf("answer %q, %v", body, err)
	}
}

// What is held back arrives once it is released, and nothing is lost.
func TestHold(t *testing.T) {
	one := newServer(t, "one")
	b, client, url := start(t, one)
	healthy(t, b, 1)
	release := b.Hold()
	answered := make(chan error, 1)
	go func() {
		_, err := get(client, url)
		answered <- err
	}()
	held(t, b, one, 1) // it is connected
	select {
	case err := <-answered:
		t.Errorf("it was answered while it was held back: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	release()
	select {
	case err := <-answered:
		if err != nil {
			t.Errorf("the answer after the release: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("there is no answer after the release")
	}
}
