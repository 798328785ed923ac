package exercise

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"kubelab/core/plain"
	"kubelab/exercises/session"
)

// watcher prints what is new in a Status since the last one.
type watcher struct {
	out      io.Writer
	terminal bool // somebody can type

	mu      sync.Mutex // guards what follows, and writing
	begun   bool
	step    int
	passed  map[string]bool
	remark  string
	overdue bool
	notice  string
	done    bool
}

// show prints what is new.
func (w *watcher) show(st session.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if st.Notice != w.notice {
		w.notice = st.Notice
		printNotice(w.out, st)
	}
	if st.Phase != session.Doing && st.Phase != session.Done {
		return
	}
	for w.begun && w.step < st.Current { // a step may pass between two looks
		w.checks(st.Steps[w.step])
		printCompared(w.out, st.Steps[w.step])
		w.next(w.step+1, st)
	}
	if !w.begun || w.step != st.Current {
		w.next(st.Current, st)
	}
	if st.Phase == session.Done && w.done {
		return
	}
	if st.Phase == session.Done {
		w.done = true
		fmt.Fprintln(w.out, "\n ✓ Passed.")
		fmt.Fprintln(w.out, markdown(w.out, st.Debrief))
		return
	}
	step := st.Steps[st.Current]
	w.checks(step)
	if step.Remark != w.remark || step.Overdue && !w.overdue {
		if step.Remark == w.remark {
			step.Remark = ""
		} else {
			w.remark = step.Remark
		}
		step.Overdue, w.overdue = step.Overdue && !w.overdue, w.overdue || step.Overdue
		printRemark(w.out, step)
	}
}

// next begins to show a step.
func (w *watcher) next(step int, st session.Status) {
	w.begun, w.step, w.passed, w.remark, w.overdue = true, step, map[string]bool{}, "", false
	if step != st.Current || st.Phase != session.Doing {
		return
	}
	printTask(w.out, st)
	for _, c := range st.Steps[step].Checks {
		if !c.Passed {
			printCheck(w.out, c, st.Steps[step].Began)
		}
	}
	if w.terminal {
		fmt.Fprintln(w.out, " Type an answer here, h for a hint; Ctrl-C leaves, and all stays as it is.")
	}
}

// checks prints those that have passed since the last look.
func (w *watcher) checks(step session.StepStatus) {
	for _, c := range step.Checks {
		if c.Passed && !w.passed[c.ID] {
			w.passed[c.ID] = true
			printCheck(w.out, c, step.Began)
		}
	}
}

// played prints a command of a solution when it begins, and what it has printed when it has ended.
func (w *watcher) played(p session.Played) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !p.Ended {
		fmt.Fprintf(w.out, "\n $ %s\n", plain.Line(p.Command))
		return
	}
	lines := strings.Split(strings.TrimRight(p.Output, "\n"), "\n")
	for i, line := range lines {
		if p.Output == "" {
			break
		}
		if i == shownOutput && len(lines) > i+1 {
			fmt.Fprintf(w.out, "   … %d lines more\n", len(lines)-i)
			break
		}
		fmt.Fprintf(w.out, "   %s\n", plain.Line(line))
	}
}

// shownOutput is how many lines of a command's output are shown.
const shownOutput = 20
