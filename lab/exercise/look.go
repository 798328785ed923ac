package exercise

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/exercises/progress"
	"kubelab/exercises/session"
)

// Listed is an exercise in a list.
type Listed struct {
	Number    int       `json:"number"`
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Objective string    `json:"objective"`
	Minutes   int       `json:"minutes"`
	Short     bool      `json:"short"`
	Concepts  []string  `json:"concepts,omitempty"`
	Steps     int       `json:"steps"`
	Step      int       `json:"step"` // that is to be done, from 0
	Began     time.Time `json:"began,omitzero"`
	Passed    time.Time `json:"passed,omitzero"`
}

func (m *meant) listCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "What exercises there are, and how far you are",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, notice, err := m.list(func(err error) { c.PrintErrln(err) })
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(os.Stdout, list)
			}
			return printList(os.Stdout, list, notice)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (m *meant) list(complain func(error)) (list []Listed, notice string, err error) {
	all, err := m.catalog(complain)
	if err != nil {
		return nil, "", err
	}
	var records map[string]*progress.Record
	if os.Geteuid() == 0 { // to others the list is of use as well
		book, err := m.book()
		if err != nil {
			return nil, "", err
		}
		if records, notice, err = book.Read(); err != nil {
			return nil, "", err
		}
	}
	for i, e := range all {
		one := Listed{
			Number: i + 1, ID: e.ID, Title: e.Title, Objective: e.Objective, Minutes: e.Minutes, Short: e.Short, Concepts: e.Concepts, Steps: len(e.Steps),
		}
		if r := records[e.ID]; r != nil {
			one.Step, one.Began, one.Passed = r.Step, r.Began, r.Passed
		}
		list = append(list, one)
	}
	return list, notice, nil
}

func printList(out io.Writer, list []Listed, notice string) error {
	if notice != "" {
		fmt.Fprintf(out, "%s\n\n", plain.Line(notice))
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, " \t#\tID\tMIN\tTITLE\t")
	for _, e := range list {
		mark, far := " ", ""
		switch {
		case !e.Passed.IsZero():
			mark = "✓"
		case !e.Began.IsZero() && e.Step < e.Steps:
			mark, far = "▸", fmt.Sprintf("step %d of %d", e.Step+1, e.Steps)
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%s\t%s\n", mark, e.Number, e.ID, e.Minutes, plain.Line(e.Title), far)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	total, short, minutes := 0, []string{}, 0
	for _, e := range list {
		total += e.Minutes
		if e.Short {
			short, minutes = append(short, fmt.Sprint(e.Number)), minutes+e.Minutes
		}
	}
	fmt.Fprintf(out, "\nAll take about %d minutes", total)
	if len(short) > 0 {
		fmt.Fprintf(out, "; in %d minutes: %s", minutes, strings.Join(short, ", "))
	}
	fmt.Fprintln(out, ".\nBegin: lab exercise run NUMBER\nTwo faults drawn by chance: lab exercise run capstone")
	return nil
}

func (m *meant) checkCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "check [ID]",
		Short: "What is still missing, and what was observed instead; exit code 1 while something is",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := m.open(c.Context(), c, args)
			if err != nil {
				return err
			}
			st, err := s.Check(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(os.Stdout, st)
			} else {
				printStatus(os.Stdout, st)
			}
			if err != nil || st.Phase == session.Done {
				return err
			}
			if st.Phase == session.NotBegun {
				return view.Fail(view.Failed, "exercise %s is not begun: lab exercise run %s", st.Exercise, st.Exercise)
			}
			return view.Fail(view.Failed, "step %d of %d is not passed yet", st.Current+1, len(st.Steps))
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// printIntroduction says what an exercise is about.
func printIntroduction(out io.Writer, st session.Status) {
	fmt.Fprintln(out, markdown(out, st.Task))
	fmt.Fprintf(out, "\n%s\nIt takes about %d minutes.\n\n", indented(out, plain.Line(st.Objective), "What for: "), st.Minutes)
}

// printStatus says how far an exercise is.
func printStatus(out io.Writer, st session.Status) {
	printNotice(out, st)
	fmt.Fprintf(out, "%s: %s\n", plain.Line(st.Title), st.Phase)
	for i, step := range st.Steps {
		switch {
		case i < st.Current:
			fmt.Fprintf(out, "\n ✓ Step %d  %s\n", i+1, plain.Line(step.Title))
			printCompared(out, step)
		case i > st.Current:
			fmt.Fprintf(out, "\n   Step %d  %s\n", i+1, plain.Line(step.Title))
		}
		if i == st.Current && st.Phase != session.NotBegun {
			printStep(out, st)
		}
	}
	if st.Debrief != "" {
		fmt.Fprintln(out, markdown(out, st.Debrief))
	}
}

func printNotice(out io.Writer, st session.Status) {
	if st.Notice != "" {
		fmt.Fprintf(out, "%s\n\n", plain.Line(st.Notice))
	}
}

// printStep shows the step that is to be done.
func printStep(out io.Writer, st session.Status) {
	if st.Current >= len(st.Steps) {
		fmt.Fprintf(out, "%s: passed\n", plain.Line(st.Title))
		return
	}
	step := st.Steps[st.Current]
	printTask(out, st)
	for _, c := range step.Checks {
		printCheck(out, c, step.Began)
		if c.Observed != "" {
			fmt.Fprintln(out, indented(out, plain.Line(c.Observed), "     "))
		}
	}
	printRemark(out, step)
}

// printTask shows what is to be done in a step, and what it asks.
func printTask(out io.Writer, st session.Status) {
	step := st.Steps[st.Current]
	fmt.Fprintf(out, "\n ▸ Step %d of %d  %s\n", st.Current+1, len(st.Steps), plain.Line(step.Title))
	fmt.Fprintln(out, markdown(out, step.Task))
	for _, q := range step.Asks {
		printAsk(out, q)
	}
}

func printAsk(out io.Writer, q session.AskStatus) {
	fmt.Fprintf(out, " ? %s\n", plain.Line(q.Text))
	switch {
	case q.Answer != nil && q.Answer.Value == nil:
		fmt.Fprintln(out, "     passed over")
		return
	case q.Answer != nil:
		fmt.Fprintf(out, "     your answer: %s\n", answer(q))
		return
	}
	how := "ANSWER"
	switch {
	case len(q.Choices) > 0:
		how = "CHOICE"
		for i, c := range q.Choices {
			fmt.Fprintf(out, "     %d  %-10s %s\n", i+1, c.ID, plain.Line(c.Text))
		}
	case len(q.Pick) > 0:
		how = strings.ToUpper(q.Pick[0])
		fmt.Fprintf(out, "     a part of the lab: %s\n", strings.Join(q.Pick, ", "))
	case q.Unit != "":
		fmt.Fprintf(out, "     a number in %s\n", plain.Line(q.Unit))
	}
	fmt.Fprintf(out, "     lab exercise answer %s %s      (? passes it over)\n", q.ID, how)
}

// answer is what was answered, for people.
func answer(q session.AskStatus) string {
	text := plain.Line(fmt.Sprint(q.Answer.Value))
	for _, c := range q.Choices {
		if c.ID == text {
			return plain.Line(c.Text)
		}
	}
	if q.Unit != "" {
		text += " " + plain.Line(q.Unit)
	}
	return text
}

// printCompared compares what was predicted in a step with what has happened.
func printCompared(out io.Writer, step session.StepStatus) {
	for _, q := range step.Asks {
		if q.Answer == nil || q.Answer.Value == nil || q.Answer.Right == nil && q.Answer.Was == "" {
			continue
		}
		came := ""
		if r := q.Answer.Right; r != nil {
			came = map[bool]string{true: " It came true.", false: " It came otherwise."}[*r]
		}
		fmt.Fprintln(out, indented(out, fmt.Sprintf("You predicted: %s.%s %s", strings.TrimSuffix(answer(q), "."), came, plain.Line(q.Answer.Was)), "   "))
	}
}

func printCheck(out io.Writer, c session.CheckStatus, began time.Time) {
	if !c.Passed {
		fmt.Fprintf(out, " ○ %s\n", plain.Line(c.Says))
		return
	}
	took := ""
	if d := c.At.Sub(began); !began.IsZero() && d >= 0 {
		took = "  " + d.Round(100*time.Millisecond).String()
	}
	fmt.Fprintf(out, " ✓ %s%s\n", plain.Line(c.Says), took)
}

func printRemark(out io.Writer, step session.StepStatus) {
	if step.Remark != "" {
		fmt.Fprintln(out, indented(out, plain.Line(step.Remark), " ! "))
	}
	if step.Overdue {
		fmt.Fprintf(out, " ! This takes longer than %s. A hint: lab exercise hint; back to the step's beginning: lab exercise reset --step\n", step.Within)
	}
}

func printHint(out io.Writer, h session.Hint) {
	if h.Remark != "" {
		fmt.Fprintln(out, indented(out, plain.Line(h.Remark), " ! "))
	}
	if h.Text != "" {
		fmt.Fprintln(out, indented(out, plain.Line(h.Text), fmt.Sprintf(" Hint %d of %d: ", h.Level, h.Of)))
	}
}
