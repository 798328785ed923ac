// Package progress shows long work on a terminal or in a log: a line for each step that has ended, with the
// time it took, and, on a terminal, a moving line of the steps that are under way.
package progress

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"kubelab/core/view"
)

// Printer shows steps. Close it to leave the terminal as it was.
type Printer struct {
	out   io.Writer
	width func() int // columns of the terminal; nil where out is none

	mu      sync.Mutex // guards what follows and writing to out
	running []running  // in the order in which they began
	frame   int

	stop, stopped chan struct{} // nil without a terminal
}

type running struct {
	view.Step
	since time.Time
}

// New shows steps on f: moving where f is a terminal, plain lines otherwise.
func New(f *os.File) *Printer {
	p := &Printer{out: f}
	if !term.IsTerminal(int(f.Fd())) {
		return p
	}
	p.width = func() int {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
		return 80
	}
	p.stop, p.stopped = make(chan struct{}), make(chan struct{})
	go p.spin()
	return p
}

// Close removes the moving line.
func (p *Printer) Close() {
	if p.stop == nil {
		return
	}
	close(p.stop)
	<-p.stopped
}

// Report shows a step; it is a view.Report.
func (p *Printer) Report(s view.Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !s.Done && s.Note == "" {
		p.running = append(p.running, running{s, time.Now()})
		p.draw()
		return
	}
	p.running = slices.DeleteFunc(p.running, func(r running) bool { return r.Name == s.Name })
	p.erase()
	text := line(s)
	if p.width != nil && ansi.StringWidth(text) >= p.width() {
		text = strings.ReplaceAll(ansi.Wordwrap(text, p.width()-len(indent), ""), "\n", "\n"+indent)
	}
	fmt.Fprintln(p.out, text)
	p.draw()
}

// indent is what a line that was too long for the terminal goes on after.
const indent = "   "

// line is the one that stays.
func line(s view.Step) string {
	switch {
	case s.Error != "":
		// The whole error is what the command ends with; its first line tells one failed step from another.
		first, _, _ := strings.Cut(s.Error, "\n")
		return fmt.Sprintf(" ✗ %-40s %6s  %s", s.Name, Seconds(s.Took), ansi.Truncate(first, maxError, "…"))
	case s.Done:
		return strings.TrimRight(fmt.Sprintf(" ✓ %-40s %6s  %s", s.Name, Seconds(s.Took), s.Note), " ")
	}
	return fmt.Sprintf(" • %s: %s", s.Name, s.Note)
}

// Seconds writes d as people read it: 0.31 s, 4.2 s, 12 s.
func Seconds(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// maxError is how much of an error a line shows, in columns.
const maxError = 60

var frames = []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

func (p *Printer) spin() {
	defer close(p.stopped)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			p.mu.Lock()
			p.erase()
			p.mu.Unlock()
			return
		case <-tick.C:
			p.mu.Lock()
			p.frame++
			p.draw()
			p.mu.Unlock()
		}
	}
}

func (p *Printer) erase() {
	if p.width != nil {
		fmt.Fprint(p.out, "\r"+ansi.EraseEntireLine)
	}
}

func (p *Printer) draw() {
	if p.width == nil || len(p.running) == 0 {
		return
	}
	var parts []string
	for _, r := range p.running {
		part := fmt.Sprintf("%s %s", r.Name, Seconds(time.Since(r.since)))
		if r.Bound > 0 {
			part += " of " + Seconds(r.Bound)
		}
		parts = append(parts, part)
	}
	text := fmt.Sprintf(" %c %s", frames[p.frame%len(frames)], strings.Join(parts, " · "))
	p.erase()
	fmt.Fprint(p.out, ansi.Truncate(text, p.width()-1, "…"))
}
