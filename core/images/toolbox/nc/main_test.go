package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

// echo answers one line in upper case once it has seen the end of what was said.
func echo(t *testing.T) (host, port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			said, _ := io.ReadAll(conn)
			io.WriteString(conn, strings.ToUpper(string(said)))
			conn.Close()
		}
	}()
	host, port, _ = net.SplitHostPort(listener.Addr().String())
	return host, port
}

func TestTalk(t *testing.T) {
	host, port := echo(t)
	var out strings.Builder
	if err := (options{}).run([]string{host, port}, strings.NewReader("hello"), &out, io.Discard); err != nil || out.String() != "HELLO" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestZero(t *testing.T) {
	host, port := echo(t)
	var log strings.Builder
	o := options{zero: true, verbose: true, wait: 5}
	if err := o.run([]string{host, port}, nil, nil, &log); err != nil || !strings.Contains(log.String(), "open") {
		t.Errorf("%q, %v", log.String(), err)
	}
	if err := o.run([]string{host, "1"}, nil, nil, &log); err == nil {
		t.Error("a closed port was called open")
	}
}

func TestListen(t *testing.T) {
	said, log := io.Pipe()
	heard := make(chan string, 1)
	go func() {
		in, typed := io.Pipe()
		out := &answering{typed: typed}
		if err := (options{listen: true, verbose: true, port: "0"}).run(nil, in, out, log); err != nil {
			t.Error(err)
		}
		heard <- out.String()
	}()
	lines := bufio.NewScanner(said)
	lines.Scan()
	go io.Copy(io.Discard, said)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(lines.Text(), "listening on "))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "hi")
	reply, err := io.ReadAll(conn)
	if err != nil || string(reply) != "bye" {
		t.Errorf("the listener said %q, %v", reply, err)
	}
	conn.Close()
	if got := <-heard; got != "hi" {
		t.Errorf("the listener heard %q", got)
	}
}

// answering says bye as soon as it has heard something.
type answering struct {
	strings.Builder
	typed *io.PipeWriter
}

func (a *answering) Write(p []byte) (int, error) {
	go func() {
		io.WriteString(a.typed, "bye")
		a.typed.Close()
	}()
	return a.Builder.Write(p)
}

func TestWrongUse(t *testing.T) {
	for _, o := range []options{{}, {listen: true}} {
		if err := o.run(nil, nil, nil, io.Discard); err == nil {
			t.Errorf("%+v without arguments was accepted", o)
		}
	}
}
