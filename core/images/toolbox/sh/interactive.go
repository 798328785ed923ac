package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// interactive reads commands from a terminal until exit or Ctrl-D, and returns the exit status.
func interactive(runner *interp.Runner, in, out *os.File) int {
	// Ctrl-C reaches the whole foreground group. The command dies of it; the shell gives up the line.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, syscall.SIGINT)

	keys := &keyboard{in: in, out: out}
	editor := term.NewTerminal(keys, "")
	editor.AutoCompleteCallback = (&completer{dir: func() string { return runner.Dir }}).complete
	runner.Reset() // sets Dir, which the first prompt shows
	var last error
	for pending := ""; ; {
		line, err := readLine(editor, keys, prompt(runner.Dir, pending))
		if errors.Is(err, errInterrupted) {
			pending = ""
			continue
		}
		if err != nil { // Ctrl-D, or the terminal has gone
			fmt.Fprintln(out)
			return status(last)
		}
		pending += line + "\n"
		program, err := syntax.NewParser().Parse(strings.NewReader(pending), "sh")
		if syntax.IsIncomplete(err) {
			continue
		}
		pending = ""
		if err != nil {
			fmt.Fprintln(out, "sh:", err)
			continue
		}
		var exited bool
		if last, exited = runInterruptibly(runner, program.Stmts, interrupts); exited {
			return status(last)
		}
	}
}

// runInterruptibly runs statements until they end, the shell is to exit, or Ctrl-C comes: a loop has to
// end too, not only the command that it is waiting for.
func runInterruptibly(runner *interp.Runner, stmts []*syntax.Stmt, interrupts <-chan os.Signal) (err error, exited bool) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-interrupts:
			cancel()
		case <-ctx.Done():
		}
	}()
	defer func() {
		cancel()
		<-done
	}()
	for _, stmt := range stmts {
		err = runner.Run(ctx, stmt)
		// The interpreter takes an interrupt for an exit; a person at the prompt does not.
		if ctx.Err() != nil {
			return ctx.Err(), false
		}
		if runner.Exited() {
			return err, true
		}
	}
	return err, false
}

// prompt shows where the shell is, or that it wants more of an unfinished command.
func prompt(dir, pending string) string {
	if pending != "" {
		return "> "
	}
	if os.Getuid() == 0 {
		return dir + " # "
	}
	return dir + " $ "
}

// readLine edits one line with the terminal in raw mode, and gives the terminal back as it was: a
// command must find it in the usual state. After Ctrl-C it returns errInterrupted.
func readLine(editor *term.Terminal, keys *keyboard, prompt string) (string, error) {
	fd := int(keys.in.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", fmt.Errorf("switch the terminal to raw mode: %w", err)
	}
	defer term.Restore(fd, before)
	if width, height, err := term.GetSize(fd); err == nil && width > 0 {
		editor.SetSize(width, height)
	}
	editor.SetPrompt(prompt)
	keys.interrupted = false
	line, err := editor.ReadLine()
	if keys.interrupted {
		return "", errInterrupted
	}
	return line, err
}

var errInterrupted = errors.New("interrupted")

// keyboard is the terminal as the line editor sees it. The editor takes Ctrl-C for the end of input, so
// it gets to see an emptied line instead. Only readLine's goroutine touches it.
type keyboard struct {
	in          *os.File
	out         io.Writer
	interrupted bool   // Ctrl-C was typed
	ahead       []byte // typed after it
}

const (
	ctrlC     = "\x03"
	ctrlD     = "\x04"
	early     = "\x00"       // what the kernel keeps of a Ctrl-D that is typed while a command runs, in the usual state of the terminal
	emptyLine = "\x05\x15\r" // go to the end of the line, delete to its start, enter
)

func (k *keyboard) Write(p []byte) (int, error) { return k.out.Write(p) }

func (k *keyboard) Read(p []byte) (n int, err error) {
	if len(k.ahead) > 0 {
		n = copy(p, k.ahead)
		k.ahead = k.ahead[n:]
	} else {
		n, err = k.in.Read(p)
		copy(p[:n], bytes.ReplaceAll(p[:n], []byte(early), []byte(ctrlD)))
	}
	if _, after, ok := bytes.Cut(p[:n], []byte(ctrlC)); ok {
		k.interrupted = true
		k.ahead = append(bytes.Clone(after), k.ahead...)
		n = copy(p, emptyLine)
	}
	return n, err
}
