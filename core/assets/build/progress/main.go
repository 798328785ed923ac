// Command progress runs go build and says how far it is: a first build compiles all of Kubernetes, and
// minutes of silence look like a hang.
//
//	progress NAME go-build-arguments…
//
// On a terminal it keeps one line up to date; elsewhere it prints one every 20 seconds. A build that takes
// less prints nothing, and what the compiler has to say is passed on. It uses the standard library only,
// so that it is there before anything is downloaded.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: progress NAME go-build-arguments…")
		os.Exit(2)
	}
	info, err := os.Stderr.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	os.Exit(run(os.Args[1], os.Args[2:], terminal))
}

// run builds and returns the exit status.
func run(name string, args []string, terminal bool) int {
	cmd := exec.Command("go", append([]string{"build", "-v"}, args...)...)
	cmd.Stdout = os.Stdout
	output, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "run go build:", err)
		return 1
	}
	lines := make(chan string)
	go scan(output, lines)

	m := newMeter(name, os.Stderr, terminal, time.Now())
	counting := time.AfterFunc(patience, func() { m.count(args[len(args)-1]) })
	defer counting.Stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for open := true; open; {
		select {
		case line, ok := <-lines:
			if open = ok; ok {
				m.line(line)
			}
		case total := <-m.total:
			m.of = total
		case now := <-tick.C:
			m.tick(now)
		}
	}
	err = cmd.Wait()
	m.clear()
	if err != nil {
		return max(cmd.ProcessState.ExitCode(), 1)
	}
	return 0
}

// scan passes lines on and closes the channel at the end.
func scan(r io.Reader, lines chan<- string) {
	defer close(lines)
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20) // a compiler's message may be long
	for s.Scan() {
		lines <- s.Text()
	}
	io.Copy(io.Discard, r) // a line beyond all measure must not stop the build
}

// meter counts what go build reports and shows it.
type meter struct {
	name     string
	out      io.Writer
	terminal bool
	start    time.Time
	said     time.Time // when it last printed a line, where there is no terminal

	compiled, downloaded int
	total                chan int // gets the number of packages once that is known
	of                   int      // that number, 0 before
	drawn                bool     // there is a line on the terminal to write over
}

func newMeter(name string, out io.Writer, terminal bool, now time.Time) *meter {
	return &meter{name: name, out: out, terminal: terminal, start: now, said: now, total: make(chan int, 1)}
}

// every is the time between two lines where there is no terminal.
const every = 20 * time.Second

// patience is how long a build may take before it is worth a word: most find that there is nothing to do.
const patience = 3 * time.Second

// count finds out how many packages there are, those that need no compiling included. It runs on the side
// of the build, and is not waited for when that ends first.
func (m *meter) count(pkg string) {
	out, err := exec.Command("go", "list", "-deps", pkg).Output()
	if err != nil {
		return // go build says what is wrong
	}
	m.total <- strings.Count(string(out), "\n")
}

// line takes one line of go build -v: a package that is being compiled, a download, or a message.
func (m *meter) line(text string) {
	switch {
	case strings.HasPrefix(text, "go: downloading "):
		m.downloaded++
	case importPath.MatchString(text):
		m.compiled++
	default:
		m.clear()
		fmt.Fprintln(m.out, text)
	}
}

// importPath is a package's name and nothing else.
var importPath = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~/@+-]*$`)

func (m *meter) tick(now time.Time) {
	switch {
	case m.terminal && now.Sub(m.start) >= patience:
		fmt.Fprintf(m.out, "\r\x1b[K  %s", m.text(now))
		m.drawn = true
	case !m.terminal && now.Sub(m.said) >= every:
		fmt.Fprintf(m.out, "  %s\n", m.text(now))
		m.said = now
	}
}

func (m *meter) text(now time.Time) string {
	text := fmt.Sprintf("%s: %v", m.name, now.Sub(m.start).Round(time.Second))
	if m.downloaded > 0 {
		text += fmt.Sprintf(", %d modules downloaded", m.downloaded)
	}
	text += fmt.Sprintf(", %d packages compiled", m.compiled)
	if m.of > 0 {
		text += fmt.Sprintf(" of at most %d", m.of)
	}
	return text
}

// clear takes the line off the terminal.
func (m *meter) clear() {
	if m.drawn {
		fmt.Fprint(m.out, "\r\x1b[K")
		m.drawn = false
	}
}
