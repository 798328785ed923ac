package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// Size of the terminal, in cells.
const columns, rows = 120, 40

const (
	waitBound = 20 * time.Second
	// lookEvery is how often the screen is looked at while something is waited for.
	lookEvery = 20 * time.Millisecond
	endBound  = 5 * time.Second
)

// terminal is the binary on a terminal of its own, whose screen is emulated.
type terminal struct {
	command *exec.Cmd
	master  *os.File
	home    string
	screen  *vt.SafeEmulator
	cast    *cast
	ended   chan error // gets how the command ended, once all of its output was read
}

// open starts the binary as somebody would who has no settings of his own.
func open(ctx context.Context, binary string, args ...string) (*terminal, error) {
	home, err := os.MkdirTemp("", "tour")
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, binary, args...)
	c.Env = []string{"HOME=" + home, "LAB_HOME=" + home, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "TZ=UTC"}
	master, err := pty.StartWithSize(c, &pty.Winsize{Rows: rows, Cols: columns})
	if err != nil {
		_ = os.RemoveAll(home)
		return nil, err
	}
	t := &terminal{command: c, master: master, home: home, screen: vt.NewSafeEmulator(columns, rows), cast: newCast(), ended: make(chan error, 1)}
	go t.read()
	go t.answer()
	return t, nil
}

// read takes what the command draws, until it has ended.
func (t *terminal) read() {
	buf := make([]byte, 32<<10)
	for {
		n, err := t.master.Read(buf)
		t.cast.add(time.Now(), buf[:n])
		_, _ = t.screen.Write(buf[:n])
		if err != nil { // of a terminal whose last program has closed it
			t.ended <- t.command.Wait()
			return
		}
	}
}

// answer types what the terminal answers to questions about itself, until the emulator is closed.
func (t *terminal) answer() {
	buf := make([]byte, 1<<10)
	for {
		n, err := t.screen.Read(buf)
		if err != nil {
			return
		}
		_, _ = t.master.Write(buf[:n])
	}
}

// play takes the steps of a script. It returns the picture that one of them wants.
func (t *terminal) play(ctx context.Context, script []step) (picture []byte, err error) {
	for _, s := range script {
		if err := t.wait(ctx, s.wait); err != nil {
			return nil, err
		}
		if _, err := t.master.WriteString(s.keys); err != nil {
			return nil, fmt.Errorf("type %q: %w", s.keys, err)
		}
		select {
		case <-time.After(max(s.look, 100*time.Millisecond)): // less nobody types apart
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if s.picture {
			picture = svg(t.screen, columns, rows, title)
		}
	}
	t.cast.end()
	return picture, nil
}

// wait waits until the pattern is on the screen.
func (t *terminal) wait(ctx context.Context, pattern string) error {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, waitBound)
	defer cancel()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		text := ansi.Strip(t.screen.Render())
		if re.MatchString(text) {
			return nil
		}
		select {
		case <-look.C:
		case err := <-t.ended:
			t.ended <- err
			return fmt.Errorf("%s has ended (%v); its screen was\n%s", t.command, err, text)
		case <-ctx.Done():
			return fmt.Errorf("wait for %q: %w; the screen is\n%s", pattern, ctx.Err(), text)
		}
	}
}

// close leaves the screen and waits until the command has ended, by force if it must.
func (t *terminal) close() error {
	defer os.RemoveAll(t.home)
	_, _ = t.master.WriteString(esc)
	time.AfterFunc(200*time.Millisecond, func() { _, _ = t.master.WriteString("q") }) // together they would be another key
	var err error
	select {
	case err = <-t.ended:
	case <-time.After(endBound):
		_ = t.command.Process.Signal(syscall.SIGKILL)
		err = fmt.Errorf("%s did not end by q within %s", t.command, endBound)
		<-t.ended
	}
	_ = t.screen.Close()
	_ = t.master.Close()
	return err
}
