package socket

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

func listen(t *testing.T) *Listener {
	t.Helper()
	l, err := Listen(t.Context(), netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func connect(t *testing.T, l *Listener) (client, server net.Conn) {
	t.Helper()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server = <-accepted
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// Both ends are reset, at once, also when somebody waits on them; other connections live on.
func TestReset(t *testing.T) {
	victim, other := listen(t), listen(t)
	client, server := connect(t, victim)
	otherClient, otherServer := connect(t, other)

	waits := make(chan error, 2)
	for _, c := range []net.Conn{client, server} {
		go func() {
			_, err := c.Read(make([]byte, 1))
			waits <- err
		}()
	}
	port := victim.Addr().(*net.TCPAddr).AddrPort().Port()
	start := time.Now()
	n, err := Reset(func(local, _ netip.AddrPort) bool { return local.Port() == port })
	if n != 1 || err != nil {
		t.Fatalf("Reset() = %d, %v, want 1", n, err)
	}
	t.Logf("took %s", time.Since(start))
	for range 2 {
		select {
		case err := <-waits:
			if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.ENOTCONN) {
				t.Errorf("a reader got %v, want a reset", err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("a reader did not notice")
		}
	}
	if _, err := server.Write([]byte("x")); err == nil {
		t.Error("the dead end still writes")
	}
	if _, err := otherClient.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(otherServer, make([]byte, 1)); err != nil {
		t.Error(err)
	}
}

// Where nobody listens any more somebody else can; others go on listening.
func TestDeafen(t *testing.T) {
	other := listen(t)
	lost, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lost.Close()
	at := lost.Addr().(*net.TCPAddr).AddrPort()
	accepted := make(chan error, 1)
	go func() {
		_, err := lost.Accept()
		accepted <- err
	}()
	if n, err := Deafen(at); n != 1 || err != nil {
		t.Fatalf("Deafen() = %d, %v, want 1", n, err)
	}
	select {
	case err := <-accepted:
		if err == nil {
			t.Error("it has accepted something")
		}
	case <-time.After(5 * time.Second):
		t.Error("who accepts is not told")
	}
	again, err := Listen(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	connect(t, again)
	connect(t, other)
	if n, err := Deafen(netip.MustParseAddrPort("127.0.0.1:1")); n != 0 || err != nil {
		t.Errorf("Deafen() where nobody listens = %d, %v", n, err)
	}
}

func TestAbandon(t *testing.T) {
	l := listen(t)
	addr := l.Addr().(*net.TCPAddr).AddrPort()
	accept := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		accept <- err
	}()
	l.Abandon()
	again, err := Listen(t.Context(), addr)
	if err != nil {
		t.Fatalf("the address is not free: %v", err)
	}
	defer again.Close()
	select {
	case err := <-accept:
		t.Fatalf("Accept returned %v before Close", err)
	case <-time.After(50 * time.Millisecond):
	}
	l.Close()
	if err := <-accept; err == nil {
		t.Error("Accept returned a connection after Close")
	}
}
