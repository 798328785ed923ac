package sshd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/cancelreader"
	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// ErrEngineEnded is returned by Attach when the engine went away without a farewell: it crashed or was killed.
var ErrEngineEnded = errors.New("the lab's engine has ended")

// ExitError is returned by Attach when the program ended with an exit code other than 0.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// handshakeBound is for reaching an engine that is busy; a socket whose engine has died fails at once.
const handshakeBound = 10 * time.Second

// Restore puts a terminal back whose program cannot do it any more: end of a picture half sent, keyboard protocols, mouse, focus,
// paste, colours, cursor, then the alternate screen, in the order in which terminals keep them per screen.
const Restore = ansi.ResetModeSynchronizedOutput + ansi.ResetModeUnicodeCore + ansi.ResetModifyOtherKeys + "\x1b[<u" +
	ansi.ResetModeMouseNormal + ansi.ResetModeMouseButtonEvent + ansi.ResetModeMouseAnyEvent + ansi.ResetModeMouseExtSgr +
	ansi.ResetModeFocusEvent + ansi.ResetModeBracketedPaste + ansi.ResetStyle + "\x1b[0 q" +
	ansi.ResetModeAltScreenSaveCursor + ansi.SetModeTextCursorEnable + "\r\n"

// Attach connects a terminal to the engine behind socket until the program there ends, ctx ends or the engine does. hostKey is the
// Config.HostKey of the engine: the one that answers must have that key. The terminal is afterwards as it was, in every case; the
// error says why, if it was not the program's own end. The session gets this process's environment, and environ after it, as far as
// the engine takes it.
func Attach(ctx context.Context, socket, hostKey string, in, out *os.File, environ ...string) (err error) {
	if !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
		return errors.New("attach: standard input and output must be a terminal")
	}
	client, err := dial(ctx, socket, hostKey)
	if err != nil {
		return fmt.Errorf("attach to the lab's engine: %w", err)
	}
	defer client.Close()
	defer context.AfterFunc(ctx, func() { _ = client.Close() })()
	session, err := client.NewSession()
	if err != nil {
		return fmt.Errorf("attach to the lab's engine: %w", err)
	}
	if err := prepare(session, out, environ); err != nil {
		return fmt.Errorf("attach to the lab's engine: %w", err)
	}
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return fmt.Errorf("attach: set the terminal to raw: %w", err)
	}
	defer func() { err = errors.Join(err, term.Restore(int(in.Fd()), before)) }()
	stop, err := passKeys(session, in)
	if err != nil {
		return fmt.Errorf("attach: read the keyboard: %w", err)
	}
	defer func() {
		_ = client.Close() // first, so that nothing waits for the engine
		stop()
	}()
	err = converse(ctx, session, out)
	if exit := (*gossh.ExitError)(nil); err == nil {
		return nil
	} else if errors.As(err, &exit) {
		return &ExitError{exit.ExitStatus()}
	}
	_, _ = io.WriteString(out, Restore) // a terminal that has gone needs nothing
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return ErrEngineEnded
}

// dial connects to the engine and makes sure that it is the one.
func dial(ctx context.Context, socket, hostKey string) (*gossh.Client, error) {
	text, err := os.ReadFile(hostKey + publicSuffix)
	if err != nil {
		return nil, err
	}
	key, _, _, _, err := gossh.ParseAuthorizedKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", hostKey+publicSuffix, err)
	}
	dialer := net.Dialer{Timeout: handshakeBound}
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(handshakeBound)) // cannot fail on an open socket
	c, channels, requests, err := gossh.NewClientConn(conn, socket, &gossh.ClientConfig{
		User:              userName(),
		HostKeyCallback:   gossh.FixedHostKey(key),
		HostKeyAlgorithms: []string{key.Type()},
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	_ = conn.SetDeadline(time.Time{})
	return gossh.NewClient(c, channels, requests), nil
}

// userName is who is at the terminal, for the engine's log and for others who look.
func userName() string {
	name := os.Getenv("SUDO_USER")
	if u, err := user.Current(); err == nil {
		name = cmp.Or(name, u.Username)
	}
	return cmp.Or(name, "root")
}

// prepare asks for a terminal like the one at out.
func prepare(session *gossh.Session, out *os.File, environ []string) error {
	for _, kv := range slices.Concat(os.Environ(), environ) {
		k, v, _ := strings.Cut(kv, "=")
		if takes(gossh.Marshal(struct{ Key, Value string }{k, v})) {
			_ = session.Setenv(k, v) // an engine that does not want it draws as it likes
		}
	}
	width, height, err := term.GetSize(int(out.Fd()))
	if err != nil {
		return err
	}
	return session.RequestPty(cmp.Or(os.Getenv("TERM"), "xterm-256color"), height, width, gossh.TerminalModes{gossh.ECHO: 0})
}

// passKeys sends what is typed to the session until stop is called, which leaves later keys to others.
func passKeys(session *gossh.Session, in *os.File) (stop func(), err error) {
	to, err := session.StdinPipe()
	if err != nil {
		return nil, err
	}
	keys, err := cancelreader.NewReader(in)
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(to, keys) // ends when the session does
		_ = to.Close()           // the terminal is gone: the engine sees the end of its input
	}()
	return func() {
		keys.Cancel()
		<-done
		_ = keys.Close()
	}, nil
}

// converse shows what the program draws, and tells it the terminal's size when that changes, until the program or ctx ends.
func converse(ctx context.Context, session *gossh.Session, out *os.File) error {
	session.Stdout, session.Stderr = out, out
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, unix.SIGWINCH)
	defer signal.Stop(resized)
	if err := session.Shell(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- session.Wait() }()
	resized <- unix.SIGWINCH // the size may have changed since it was asked for
	for {
		select {
		case <-resized:
			if width, height, err := term.GetSize(int(out.Fd())); err == nil {
				_ = session.WindowChange(height, width) // an engine that has gone is noticed by Wait
			}
		case err := <-ended:
			return err
		case <-ctx.Done(): // which closes the connection, so that nothing is drawn any more
			select {
			case <-ended:
			case <-time.After(time.Second): // a terminal that takes nothing
			}
			return ctx.Err()
		}
	}
}
