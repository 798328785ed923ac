package e2e

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
)

// terminal is a command on a terminal of its own, whose screen can be read.
type terminal struct {
	command *exec.Cmd
	master  *os.File
	screen  *vt.SafeEmulator
	ended   chan struct{} // closed when the command has ended and all of its output was read

	mu  sync.Mutex // guards raw
	raw strings.Builder
}

// screens are the terminals of a script, by name.
type screens struct {
	mu   sync.Mutex
	open map[string]*terminal
}

const columns, rows = 120, 40

// do opens a terminal, presses keys in it, waits for what it shows, or ends it:
//
//	screen NAME open COMMAND...
//	screen NAME keys KEY...      a text, or one of enter esc tab up down left right
//	screen NAME shows TEXT       until it does, or does not with !
//	screen NAME ends             wants the command to have ended by itself, and the terminal to be as it was
func (s *screens) do(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: screen NAME open|keys|shows|ends …")
	}
	name, verb, rest := args[0], args[1], args[2:]
	s.mu.Lock()
	t := s.open[name]
	s.mu.Unlock()
	if t == nil && verb != "open" {
		ts.Fatalf("no screen %s is open", name)
	}
	switch verb {
	case "open":
		s.start(ts, name, rest)
	case "keys":
		for _, k := range rest {
			_, err := t.master.WriteString(typed(k))
			ts.Check(err)
			time.Sleep(20 * time.Millisecond) // as fast as nobody types
		}
	case "shows":
		t.shows(ts, strings.Join(rest, " "), neg)
	case "ends":
		t.ends(ts)
	default:
		ts.Fatalf("a screen cannot %s", verb)
	}
}

func typed(key string) string {
	names := map[string]string{"enter": "\r", "esc": "\x1b", "tab": "\t", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "space": " "}
	if seq, ok := names[key]; ok {
		return seq
	}
	return key
}

func (s *screens) start(ts *testscript.TestScript, name string, args []string) {
	c := command(ts, args)
	c.Env = append(c.Env, "TERM=xterm-256color")
	master, err := pty.StartWithSize(c, &pty.Winsize{Rows: rows, Cols: columns})
	ts.Check(err)
	t := &terminal{command: c, master: master, screen: vt.NewSafeEmulator(columns, rows), ended: make(chan struct{})}
	go func() {
		defer close(t.ended)
		buf := make([]byte, 32<<10)
		for {
			n, err := master.Read(buf)
			t.mu.Lock()
			t.raw.Write(buf[:n])
			t.mu.Unlock()
			_, _ = t.screen.Write(buf[:n])
			if err != nil {
				_ = c.Wait()
				return
			}
		}
	}()
	go func() { // what the terminal answers to questions about itself
		buf := make([]byte, 1<<10)
		for {
			n, err := t.screen.Read(buf)
			if err != nil {
				return
			}
			_, _ = master.Write(buf[:n])
		}
	}()
	ts.Defer(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case <-t.ended:
		case <-time.After(5 * time.Second):
			_ = c.Process.Kill()
		}
		_ = master.Close()
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]*terminal{}
	}
	s.open[name] = t
}

func (t *terminal) text() string { return ansi.Strip(t.screen.Render()) }

func (t *terminal) shows(ts *testscript.TestScript, text string, neg bool) {
	for begin := time.Now(); time.Since(begin) < waitBound; time.Sleep(50 * time.Millisecond) {
		if strings.Contains(t.text(), text) != neg {
			ts.Logf("after %s", time.Since(begin).Round(10*time.Millisecond))
			return
		}
	}
	ts.Fatalf("not within %s; the screen is\n%s", waitBound, t.text())
}

func (t *terminal) ends(ts *testscript.TestScript) {
	select {
	case <-t.ended:
	case <-time.After(waitBound):
		ts.Fatalf("the command does not end; the screen is\n%s", t.text())
	}
	t.mu.Lock()
	raw := t.raw.String()
	t.mu.Unlock()
	if in, out := strings.LastIndex(raw, ansi.SetModeAltScreenSaveCursor), strings.LastIndex(raw, ansi.ResetModeAltScreenSaveCursor); in > out {
		ts.Fatalf("the alternate screen was not left")
	}
	if hidden, shown := strings.LastIndex(raw, ansi.ResetModeTextCursorEnable), strings.LastIndex(raw, ansi.SetModeTextCursorEnable); hidden > shown {
		ts.Fatalf("the cursor was not shown again")
	}
	ts.Logf("exit code %d\n%s", t.command.ProcessState.ExitCode(), t.text())
	if !errors.Is(syscall.Kill(t.command.Process.Pid, 0), syscall.ESRCH) {
		ts.Fatalf("process %d is still there", t.command.Process.Pid)
	}
}
