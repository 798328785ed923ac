package tui

import (
	"testing"

	"kubelab/exercises/progress"
	"kubelab/exercises/session"
)

// A step can ask for more than one prediction.
func TestWhatCameOfPredictions(t *testing.T) {
	yes, no := true, false
	for _, tt := range []struct {
		came []*bool
		want string
	}{
		{nil, "✓ Step 1 of 2 is passed."},
		{[]*bool{nil}, "✓ Step 1 of 2 is passed."},
		{[]*bool{&yes}, "✓ Step 1 of 2 is passed. You have predicted it."},
		{[]*bool{&yes, nil, &yes}, "✓ Step 1 of 2 is passed. You have predicted it."},
		{[]*bool{&no}, "✓ Step 1 of 2 is passed. Your prediction did not come true."},
		{[]*bool{&no, &yes}, "✓ Step 1 of 2 is passed. Of 2 predictions 1 came true."},
	} {
		st := &session.Status{Phase: session.Doing, Steps: make([]session.StepStatus, 2)}
		for _, right := range tt.came {
			st.Steps[0].Asks = append(st.Steps[0].Asks, session.AskStatus{Answer: &progress.Answer{Right: right}})
		}
		if got := passed(st, 0); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
