package sshd

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// tty is a real terminal with somebody at it.
type tty struct {
	keyboard *os.File
	line     *os.File // what a process has as its standard input and output
	before   unix.Termios
	screen   *screen
	ended    chan error
}

// attachTTY runs Attach in a new terminal.
func attachTTY(t *testing.T, ctx context.Context, dir string, environ ...string) *tty {
	t.Helper()
	keyboard, line, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = keyboard.Close(), line.Close() })
	if err := pty.Setsize(line, &pty.Winsize{Cols: 90, Rows: 20}); err != nil {
		t.Fatal(err)
	}
	x := &tty{keyboard, line, termios(t, line), newScreen(90, 20), make(chan error, 1)}
	go func() { _, _ = io.Copy(x.screen, keyboard) }()
	go x.screen.answer(keyboard)
	t.Cleanup(func() { _ = x.screen.emu.Close() })
	go func() {
		x.ended <- Attach(ctx, filepath.Join(dir, "attach.sock"), filepath.Join(dir, "host_key"), line, line, environ...)
	}()
	return x
}

func termios(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *state
}

func (x *tty) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := x.keyboard.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// end waits for the end of Attach, makes sure that the terminal is as it was, and returns the error.
func (x *tty) end(t *testing.T) error {
	t.Helper()
	var err error
	select {
	case err = <-x.ended:
	case <-time.After(10 * time.Second):
		t.Fatal("Attach does not end")
	}
	if after := termios(t, x.line); !reflect.DeepEqual(x.before, after) {
		t.Errorf("the terminal was %+v and is %+v", x.before, after)
	}
	// What Attach wrote last has gone through the terminal when this has.
	if _, err := x.line.WriteString("$ shell"); err != nil {
		t.Fatal(err)
	}
	x.screen.shows(t, "$ shell")
	x.screen.isRestored(t)
	return err
}

func TestAttach(t *testing.T) {
	t.Setenv("SUDO_USER", "anna")
	st := newStage(t, nil)
	x := attachTTY(t, t.Context(), st.dir)
	x.screen.shows(t, "I am anna, a instructor", "size 90x20")
	x.press(t, "\x03a") // Ctrl-C is a key
	x.screen.shows(t, "keys [ctrl+ca]")
	if raw := termios(t, x.line); raw.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) != 0 {
		t.Error("the terminal is not raw")
	}
	if err := pty.Setsize(x.line, &pty.Winsize{Cols: 70, Rows: 15}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(os.Getpid(), unix.SIGWINCH); err != nil { // the kernel sends it to the terminal's own processes only
		t.Fatal(err)
	}
	x.screen.shows(t, "size 70x15")
	x.press(t, "q")
	if err := x.end(t); err != nil {
		t.Error(err)
	}
	// A key pressed later is for whoever reads next.
	x.press(t, "z\n")
	b := make([]byte, 10)
	if n, err := x.line.Read(b); err != nil || string(b[:n]) != "z\n" {
		t.Errorf("%q, %v", b[:n], err)
	}
}

func TestAttachPassesColours(t *testing.T) {
	t.Setenv("COLORTERM", "truecolor")
	t.Setenv("TERM", "xterm-kitty")
	t.Setenv("NO_COLOR", "1")
	t.Setenv("SSH_AUTH_SOCK", "/secret")
	seen := make(chan Session, 1)
	st := newStage(t, func(_ *stage, cfg *Config, _ *bounds) {
		program := cfg.Program
		cfg.Program = func(ctx context.Context, s Session) (tea.Model, []tea.ProgramOption) {
			seen <- s
			return program(ctx, s)
		}
	})
	t.Setenv(ScreenVariable, "an older one")
	mine := ScreenVariable + `={"keys":{"rewind":["<"]},"note":"` + strings.Repeat("ä", 600) + `"}`
	x := attachTTY(t, t.Context(), st.dir, mine, "LD_PRELOAD=/evil.so")
	s := <-seen
	env := strings.Join(s.Environ, " ")
	if i := slices.Index(s.Environ, mine); i < slices.Index(s.Environ, ScreenVariable+"=an older one") {
		t.Errorf("%s is not the last of its name in %s", mine, env)
	}
	for _, want := range []string{"COLORTERM=truecolor", "TERM=xterm-kitty", "NO_COLOR=1", mine} {
		if !strings.Contains(env, want) {
			t.Errorf("%s is missing in %s", want, env)
		}
	}
	if strings.Contains(env, "SSH_AUTH_SOCK") || strings.Contains(env, "LD_PRELOAD") {
		t.Errorf("too much: %s", env)
	}
	x.screen.shows(t, "size")
	x.press(t, "q")
	if err := x.end(t); err != nil {
		t.Error(err)
	}
}

func TestAttachExitCode(t *testing.T) {
	st := newStage(t, nil)
	x := attachTTY(t, t.Context(), st.dir)
	x.screen.shows(t, "size")
	x.press(t, "i")
	var exit *ExitError
	if err := x.end(t); !errors.As(err, &exit) || exit.Code != 130 {
		t.Errorf("%v", err)
	}
}

func TestAttachIsCancelled(t *testing.T) {
	st := newStage(t, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	x := attachTTY(t, ctx, st.dir)
	x.screen.shows(t, "size")
	why := errors.New("terminated")
	cancel(why)
	if err := x.end(t); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	st.programsEnd(t) // the program does not go on without its terminal
}

func TestEngineClosesUnderTheClient(t *testing.T) {
	st := newStage(t, nil)
	x := attachTTY(t, t.Context(), st.dir)
	x.screen.shows(t, "size")
	st.close(t)
	if err := x.end(t); err != nil {
		t.Error(err)
	}
	x.screen.shows(t, "goodbye")
}

func TestEngineDiesUnderTheClient(t *testing.T) {
	dir, err := os.MkdirTemp("", "sshd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	engine := exec.Command(os.Args[0])
	engine.Env = append(os.Environ(), serveVariable+"="+dir)
	alive, err := engine.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	if err := engine.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the engine listens", func() bool {
		_, err := os.Stat(filepath.Join(dir, "attach.sock"))
		return err == nil
	})
	x := attachTTY(t, t.Context(), dir)
	x.screen.shows(t, "size 90x20")
	if err := engine.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = engine.Wait() // killed
	if err := x.end(t); !errors.Is(err, ErrEngineEnded) {
		t.Errorf("%v", err)
	}
}

func TestAttachRefuses(t *testing.T) {
	st := newStage(t, nil)
	if err := os.Remove(filepath.Join(st.dir, "host_key")); err != nil {
		t.Fatal(err)
	}
	if _, err := hostKey(filepath.Join(st.dir, "host_key")); err != nil { // another one than the server's
		t.Fatal(err)
	}
	if err := attachTTY(t, t.Context(), st.dir).end(t); err == nil || !strings.Contains(err.Error(), "host key mismatch") {
		t.Errorf("another engine's key: %v", err)
	}
	st.close(t)
	if err := attachTTY(t, t.Context(), st.dir).end(t); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no engine: %v", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if err := Attach(t.Context(), "", "", r, w); err == nil || !strings.Contains(err.Error(), "must be a terminal") {
		t.Errorf("no terminal: %v", err)
	}
}
