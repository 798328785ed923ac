package sshd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"charm.land/ssh"
)

// errInterrupted ends a session in which somebody pressed Ctrl-C, or to which a signal was sent.
var errInterrupted = errors.New("interrupted")

// command runs the command of a session and returns its exit code.
func (s *Server) command(c *channel, sess ssh.Session, who Session) int {
	argv, err := Words(sess.RawCommand())
	if err != nil {
		fmt.Fprintf(sess.Stderr(), "Read the command: %v\n", err)
		return 2
	}
	var from io.Reader = sess
	if who.Terminal {
		from = newTyped(sess, func() { c.end(errInterrupted) })
	}
	// A file, because a process can be given it as it is: os/exec waits for the end of any other input, even when the process has ended.
	in, to, err := os.Pipe()
	if err != nil {
		fmt.Fprintf(sess.Stderr(), "Read the input: %v\n", err)
		return 1
	}
	defer in.Close()
	go func() {
		_, _ = io.Copy(to, from) // ends with the session, which ends with the command
		_ = to.Close()
	}()
	code := s.cfg.Command(c.life, argv, in, sess, sess.Stderr(), who)
	switch context.Cause(c.life) {
	case errClosing:
		fmt.Fprintf(sess.Stderr(), "%s\n", clean(s.farewell))
	case errInterrupted:
		code = 130
	}
	return code
}

// Keys that a terminal in a shell would not pass on to a command.
const (
	ctrlC = 3
	ctrlD = 4
)

// typed is what is typed in a terminal while a command runs. There is no real terminal on this side, whose driver would know
// Ctrl-C and Ctrl-D.
type typed struct {
	keys chan []byte
	rest []byte
}

// newTyped reads keys all the time, so that Ctrl-C is seen also when the command does not read, and calls interrupt then.
func newTyped(from io.Reader, interrupt func()) *typed {
	t := &typed{keys: make(chan []byte, 64)}
	go func() {
		defer close(t.keys)
		for {
			b := make([]byte, 1024)
			n, err := from.Read(b)
			b = bytes.ReplaceAll(b[:n], []byte("\r"), []byte("\n"))
			if bytes.IndexByte(b, ctrlC) >= 0 {
				interrupt()
				return
			}
			b, _, end := bytes.Cut(b, []byte{ctrlD})
			select {
			case t.keys <- b:
			default: // nobody reads them
			}
			if end || err != nil {
				return
			}
		}
	}()
	return t
}

func (t *typed) Read(p []byte) (int, error) {
	for len(t.rest) == 0 {
		b, ok := <-t.keys
		if !ok {
			return 0, io.EOF
		}
		t.rest = b
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}
