package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// TestMain lets the test binary be the shell, so that a test can run one as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("BE_THE_SHELL") != "" {
		main()
	}
	os.Exit(m.Run())
}

func shell(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "BE_THE_SHELL=1")
	return cmd
}

func TestParse(t *testing.T) {
	for line, want := range map[string]invocation{
		"":                 {name: "sh"},
		"-c,ls":            {name: "sh", hasCommand: true, command: "ls"},
		"-ec,ls,me,a,-b":   {name: "me", hasCommand: true, command: "ls", set: []string{"-e"}, args: []string{"a", "-b"}},
		"-c,-e,ls":         {name: "sh", hasCommand: true, command: "ls", set: []string{"-e"}},
		"-o,pipefail,file": {name: "file", set: []string{"-o", "pipefail"}, args: []string{}},
		"-il":              {name: "sh", interactive: true},
		"--,-file,a":       {name: "-file", args: []string{"a"}},
	} {
		var args []string
		if line != "" {
			args = strings.Split(line, ",")
		}
		got, err := parse(args)
		if len(got.args) == 0 {
			got.args = want.args
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("sh %v: %+v, %v; want %+v", args, got, err, want)
		}
	}
	for _, args := range [][]string{{"-c"}, {"-o"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("sh %v was accepted", args)
		}
	}
}

func TestCommandsAndScripts(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("echo script $1; exit 4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args   []string
		stdin  string
		output string
		status int
	}{
		{[]string{"-c", `echo "$0 $1 $2"`, "me", "a", "b"}, "", "me a b\n", 0},
		{[]string{"-c", "for i in 1 2; do echo $i; done | cat; exit 3"}, "", "1\n2\n", 3},
		{[]string{"-ec", "false; echo not reached"}, "", "", 1},
		{[]string{"-c", "nosuchcommand 2>/dev/null"}, "", "", 127},
		{[]string{"-c", "if"}, "", "", 2},
		{[]string{script, "x"}, "", "script x\n", 4},
		{[]string{"/no/such/script"}, "", "", 127},
		{nil, "echo from input\n", "from input\n", 0},
		{[]string{"-c", "sleep 0 & wait; kill -0 $$ 2>/dev/null; echo $?"}, "", "0\n", 0},
	} {
		cmd := shell(test.args...)
		cmd.Stdin = strings.NewReader(test.stdin)
		output, err := cmd.Output()
		status := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			status = exit.ExitCode()
		}
		if string(output) != test.output || status != test.status {
			t.Errorf("sh %q: %q, status %d; want %q, %d", test.args, output, status, test.output, test.status)
		}
	}
}

// TestOnATerminal types into a shell as a person would and reads what the terminal shows.
func TestOnATerminal(t *testing.T) {
	cmd := shell()
	cmd.Dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(cmd.Dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	person := sitDown(t, cmd)
	person.sees("# ", "$ ")
	person.types("echo o''ne; x=5\r")
	person.sees("one\r\n")
	person.types("for i in a b; do\r")
	person.sees("> ")
	person.types("echo $i$x; done\r")
	person.sees("a5\r\nb5\r\n")

	person.types("false\r")
	person.types("echo status $?\r")
	person.sees("status 1")

	person.types("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\r") // five up: the first line again
	person.sees("one\r\n")

	person.types("cd fol\t\r")
	person.sees("/folder # ", "/folder $ ")

	// Ctrl-C ends a loop of commands, and then only clears a line.
	person.types("while true; do echo going''on; sleep 60; done\r")
	person.sees("goingon\r\n")
	person.types("\x03")
	person.sees("# ", "$ ")
	person.types("echo not th\x03")
	person.types("echo back ag''ain\r")
	person.sees("back again\r\n")
	if strings.Contains(person.seen.String(), "not thecho") {
		t.Errorf("Ctrl-C did not clear the line:\n%s", &person.seen)
	}

	person.types("if\r")
	person.sees("> ")
	person.types("\x03")
	person.sees("# ", "$ ")
	person.types("echo run''ning; sleep 1; (exit 7)\r")
	person.sees("running\r\n")
	person.types("\x04") // Ctrl-D, before the command has ended
	person.leaves()
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("left with %v, want the status of the last command, 7", err)
	}
}

// person sits at a terminal with a shell on it.
type person struct {
	t      *testing.T
	file   *os.File
	seen   bytes.Buffer // everything so far
	unread bytes.Buffer // since the last thing that was waited for
	output chan []byte
}

func sitDown(t *testing.T, cmd *exec.Cmd) *person {
	t.Helper()
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 200})
	if err != nil {
		t.Skipf("no terminal to be had: %v", err)
	}
	p := &person{t: t, file: file, output: make(chan []byte)}
	t.Cleanup(func() {
		cmd.Process.Kill()
		file.Close()
		for range p.output { // until the reader has ended
		}
	})
	go func() {
		defer close(p.output)
		for {
			chunk := make([]byte, 4096)
			n, err := file.Read(chunk)
			if n > 0 {
				p.output <- chunk[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	return p
}

func (p *person) types(keys string) {
	p.t.Helper()
	if _, err := p.file.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// bound is how long a person waits for the shell.
const bound = 20 * time.Second

// leaves waits until the shell has ended.
func (p *person) leaves() {
	p.t.Helper()
	bound := time.After(bound)
	for {
		select {
		case chunk, ok := <-p.output:
			if !ok {
				return
			}
			p.seen.Write(chunk)
		case <-bound:
			p.t.Fatalf("the shell does not end:\n%s", &p.seen)
		}
	}
}

// sees waits until one of the texts appears after what was seen before.
func (p *person) sees(texts ...string) {
	p.t.Helper()
	bound := time.After(bound)
	for {
		for _, text := range texts {
			if i := bytes.Index(p.unread.Bytes(), []byte(text)); i >= 0 {
				p.unread.Next(i + len(text))
				return
			}
		}
		select {
		case chunk, ok := <-p.output:
			if !ok {
				p.t.Fatalf("the shell ended before it showed one of %q:\n%s", texts, &p.seen)
			}
			p.seen.Write(chunk)
			p.unread.Write(chunk)
		case <-bound:
			p.t.Fatalf("nothing like %q:\n%s", texts, &p.seen)
		}
	}
}

func TestComplete(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"cat", "catalog", "dog"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "house"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/no/such/directory")
	c := &completer{dir: func() string { return dir }}
	tab := func(line, want string) string {
		t.Helper()
		got, pos, ok := c.complete(line, len(line), '\t')
		if got != want || pos != len(want) || !ok {
			t.Errorf("tab after %q gave %q with the cursor at %d, want %q", line, got, pos, want)
		}
		return got
	}
	tab("do", "dog ")
	tab("ls ho", "ls house/")
	tab("ls "+dir+"/do", "ls "+dir+"/dog ")
	line := tab("ca", "cat") // two candidates: first what they share, then each in turn
	line = tab(line, "cat")
	line = tab(line, "catalog")
	tab(line, "cat")
	tab("ls nothing", "ls nothing")
	if got, pos, _ := c.complete("ls do | cat", 5, '\t'); got != "ls dog  | cat" || pos != 7 {
		t.Errorf("in the middle of a line: %q, cursor %d", got, pos)
	}
	if _, _, ok := c.complete("ls", 2, 'x'); ok {
		t.Error("an ordinary key was taken for a tab")
	}
}
