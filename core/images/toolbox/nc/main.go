// Command nc connects its input and output to a TCP or UDP port, or listens on one.
//
//	nc [-u] [-v] [-w SECONDS] HOST PORT       talk
//	nc -z [-v] [-w SECONDS] HOST PORT         only see whether it can be reached
//	nc -l [-u] [-k] [-v] [-p] PORT            wait for somebody; -k: and for the next one
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/spf13/pflag"
)

func main() {
	var o options
	flags := pflag.NewFlagSet("nc", pflag.ExitOnError)
	flags.BoolVarP(&o.udp, "udp", "u", false, "UDP instead of TCP")
	flags.BoolVarP(&o.zero, "zero", "z", false, "only see whether the port can be reached")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "say what happens")
	flags.BoolVarP(&o.listen, "listen", "l", false, "wait for a connection")
	flags.BoolVarP(&o.keep, "keep-open", "k", false, "when listening, go on after a connection has ended")
	flags.StringVarP(&o.port, "port", "p", "", "port to listen on")
	flags.Float64VarP(&o.wait, "wait", "w", 0, "seconds to wait for a connection (default: as long as the system does)")
	flags.BoolP("numeric", "n", false, "accepted and ignored")
	flags.Parse(os.Args[1:])
	if err := o.run(flags.Args(), os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "nc:", err)
		os.Exit(1)
	}
}

type options struct {
	udp, zero, verbose, listen, keep bool
	port                             string
	wait                             float64
}

func (o options) run(args []string, in io.Reader, out, log io.Writer) error {
	if !o.verbose {
		log = io.Discard
	}
	if o.listen {
		if o.port == "" && len(args) > 0 {
			o.port = args[len(args)-1]
		}
		if o.port == "" {
			return errors.New("want a port to listen on")
		}
		return o.serve(in, out, log)
	}
	if len(args) != 2 {
		return errors.New("want a host and a port")
	}
	conn, err := net.DialTimeout(o.network(), net.JoinHostPort(args[0], args[1]), time.Duration(o.wait*float64(time.Second)))
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintf(log, "%s (%s) open\n", net.JoinHostPort(args[0], args[1]), conn.RemoteAddr())
	if o.zero {
		return nil
	}
	return talk(conn, in, out)
}

func (o options) network() string {
	if o.udp {
		return "udp"
	}
	return "tcp"
}

func (o options) serve(in io.Reader, out, log io.Writer) error {
	address := net.JoinHostPort("", o.port)
	if o.udp {
		conn, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		return receive(conn, out)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	defer listener.Close()
	fmt.Fprintln(log, "listening on", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		fmt.Fprintln(log, "connection from", conn.RemoteAddr())
		err = talk(conn, in, out)
		conn.Close()
		if !o.keep {
			return err
		}
	}
}

// talk passes everything on in both directions until the other side has finished. The end of our input
// is passed on as well, so that a server which answers a whole request gets to see its end.
func talk(conn net.Conn, in io.Reader, out io.Writer) error {
	// Nobody waits for this one: reading a terminal cannot be given up, and the process ends anyway.
	go func() {
		io.Copy(conn, in) // an error shows on the other direction
		if half, ok := conn.(*net.TCPConn); ok {
			half.CloseWrite()
		}
	}()
	_, err := io.Copy(out, conn)
	return err
}

// receive prints datagrams, from whomever.
func receive(conn net.PacketConn, out io.Writer) error {
	defer conn.Close()
	packet := make([]byte, 64<<10)
	for {
		n, _, err := conn.ReadFrom(packet)
		if err != nil {
			return err
		}
		if _, err := out.Write(packet[:n]); err != nil {
			return err
		}
	}
}
