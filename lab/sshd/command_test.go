package sshd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

func TestCommand(t *testing.T) {
	st := newStage(t, nil)
	st.command = func(_ context.Context, argv []string, in io.Reader, out, errOut io.Writer, s Session) int {
		text, _ := io.ReadAll(in)
		fmt.Fprintf(out, "%s %q %s\n", s.Role, argv, text)
		fmt.Fprintln(errOut, "seven")
		return 7
	}
	session, err := st.local(t).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader("input"), &out, &errOut
	if code := exitCode(t, session.Run(`kill 'pod/demo/a b' "c 'd'" e\ f ""`)); code != 7 {
		t.Errorf("exit code %d", code)
	}
	if want := `instructor ["kill" "pod/demo/a b" "c 'd'" "e f" ""] input` + "\n"; out.String() != want {
		t.Errorf("output %q, not %q", out.String(), want)
	}
	if errOut.String() != "seven\n" {
		t.Errorf("error output %q", errOut.String())
	}
}

func TestCommandThatCannotBeRead(t *testing.T) {
	st := newStage(t, nil)
	session, err := st.local(t).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	text, err := session.CombinedOutput(`kill 'pod`)
	if code := exitCode(t, err); code != 2 || !strings.Contains(string(text), "Read the command") {
		t.Errorf("exit code %d, %q", code, text)
	}
}

func TestShellWithoutATerminal(t *testing.T) {
	st := newStage(t, nil)
	st.command = func(_ context.Context, argv []string, _ io.Reader, out, _ io.Writer, _ Session) int {
		fmt.Fprintf(out, "%d arguments", len(argv))
		return 0
	}
	session, err := st.local(t).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	session.Stdout = &out
	if err := errors.Join(session.Shell(), session.Wait()); err != nil || out.String() != "0 arguments" {
		t.Errorf("%v, %q", err, out.String())
	}
}

// waiting is a command that runs until its session ends, and says why it ended.
func (st *stage) waiting() (began chan Session, ended chan error) {
	began, ended = make(chan Session, 1), make(chan error, 1)
	st.command = func(ctx context.Context, _ []string, _ io.Reader, out, _ io.Writer, s Session) int {
		fmt.Fprint(out, "first\nsecond\n")
		began <- s
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return 3
	}
	return began, ended
}

func TestCommandIsCancelled(t *testing.T) {
	for _, test := range []struct {
		name     string
		terminal bool
		cancel   func(st *stage, c *gossh.Client, s *gossh.Session, keys io.Writer)
		why      error
		code     int
	}{
		{"session closed", false, func(_ *stage, _ *gossh.Client, s *gossh.Session, _ io.Writer) { _ = s.Close() }, errGone, -1},
		{"connection closed", false, func(_ *stage, c *gossh.Client, _ *gossh.Session, _ io.Writer) { _ = c.Close() }, errGone, -1},
		{"signal", false, func(_ *stage, _ *gossh.Client, s *gossh.Session, _ io.Writer) { _ = s.Signal(gossh.SIGINT) }, errInterrupted, 130},
		{"Ctrl-C", true, func(_ *stage, _ *gossh.Client, _ *gossh.Session, keys io.Writer) {
			_, _ = keys.Write([]byte("unread\x03"))
		}, errInterrupted, 130},
		{"server closed", true, func(st *stage, _ *gossh.Client, _ *gossh.Session, _ io.Writer) { _ = st.server.Close("goodbye") }, errClosing, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			st := newStage(t, nil)
			began, ended := st.waiting()
			c := st.local(t)
			session, err := c.NewSession()
			if err != nil {
				t.Fatal(err)
			}
			keys, err := session.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			session.Stdout = &out
			if test.terminal {
				if err := session.RequestPty("xterm", 24, 80, gossh.TerminalModes{}); err != nil {
					t.Fatal(err)
				}
			}
			if err := session.Start("wait"); err != nil {
				t.Fatal(err)
			}
			if s := <-began; s.Terminal != test.terminal {
				t.Errorf("terminal: %v", s.Terminal)
			}
			test.cancel(st, c, session, keys)
			select {
			case why := <-ended:
				if why != test.why {
					t.Errorf("ended because %v, not %v", why, test.why)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the command goes on")
			}
			if code := exitCode(t, session.Wait()); code != test.code {
				t.Errorf("exit code %d, not %d", code, test.code)
			}
			if test.terminal && !strings.HasPrefix(out.String(), "first\r\nsecond\r\n") {
				t.Errorf("lines for a terminal: %q", out.String())
			}
			if test.why == errClosing {
				st.server = nil
			}
		})
	}
}

// A client keeps its end of the input open until the command has ended.
func TestCommandThatIsAProcess(t *testing.T) {
	st := newStage(t, nil)
	st.command = func(ctx context.Context, argv []string, in io.Reader, out, errOut io.Writer, _ Session) int {
		c := exec.CommandContext(ctx, argv[0], argv[1:]...)
		c.Stdin, c.Stdout, c.Stderr = in, out, errOut
		_ = c.Run() // its exit code says it
		return c.ProcessState.ExitCode()
	}
	for _, terminal := range []bool{false, true} {
		session, err := st.local(t).NewSession()
		if err != nil {
			t.Fatal(err)
		}
		keys, err := session.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		session.Stdout = &out
		if terminal {
			if err := session.RequestPty("xterm", 24, 80, gossh.TerminalModes{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := session.Start(`sh -c 'read line; echo "[$line]"; exit 4'`); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(keys, map[bool]string{false: "hello\n", true: "hello\r"}[terminal]); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- session.Wait() }()
		select {
		case err := <-ended:
			if code := exitCode(t, err); code != 4 || strings.TrimSpace(out.String()) != "[hello]" {
				t.Errorf("exit code %d, %q", code, out.String())
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the session waits for input that nobody reads")
		}
	}
}

func TestTyped(t *testing.T) {
	text, err := io.ReadAll(newTyped(strings.NewReader("yes\rno\x04more"), func() { t.Error("interrupted") }))
	if err != nil || string(text) != "yes\nno" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestEnvironment(t *testing.T) {
	st := newStage(t, nil)
	began, _ := st.waiting()
	session, err := st.local(t).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	screen := `{"note":"` + strings.Repeat("n", 1980) + `"}`
	for _, v := range []struct {
		key, value string
		taken      bool
	}{
		{"COLORTERM", "truecolor", true},
		{"LC_ALL", "de_DE.UTF-8", true},
		{"LD_PRELOAD", "/evil.so", false},
		{"LANG", "\x1b[31m", false},
		{"NO_COLOR", strings.Repeat("1", 1000), false},
		{"LC_OTHER", strings.Repeat("1", 1000), false},
		{ScreenVariable, strings.Repeat("1", 2040), false},
		{ScreenVariable, `{"note":"` + "\x1b[2J" + `"}`, false},
		{ScreenVariable, screen, true},
	} {
		if err := session.Setenv(v.key, v.value); (err == nil) != v.taken {
			t.Errorf("%s=%q: %v", v.key, v.value, err)
		}
	}
	if err := session.RequestPty("xterm-\x1b256color", 0, 0, gossh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if err := session.Start("wait"); err != nil {
		t.Fatal(err)
	}
	s := <-began
	if want := []string{"COLORTERM=truecolor", "LC_ALL=de_DE.UTF-8", ScreenVariable + "=" + screen, "TERM=xterm-256color"}; !slices.Equal(s.Environ, want) {
		t.Errorf("environment %q, not %q", s.Environ, want)
	}
	if s.Width != 80 || s.Height != 24 || s.Remote != "local" || s.ColorProfile.String() != "TrueColor" {
		t.Errorf("%+v", s)
	}
}
