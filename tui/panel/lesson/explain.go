package lesson

import (
	"fmt"

	"kubelab/core/plain"
	"kubelab/exercises/session"
	"kubelab/tui/panel"
)

// Explain says how exercises work, with the one that is open as the example.
func (p *lesson) Explain(s *panel.State) string {
	p.sync(s)
	st := p.status(s)
	if st == nil {
		return "Each exercise has you do something to this lab and see what comes of it, in a few minutes. Nobody looks at what you type: what really " +
			"happens in the lab is judged, so any way there counts, with the keys of this screen, with kubectl, or with lab. What you have passed " +
			"is kept, also when the lab is deleted."
	}
	title := plain.Line(st.Title)
	switch st.Phase {
	case session.Setting:
		return fmt.Sprintf("%s begins with a lab of a certain shape. It is brought there step by step; each step says how long it has taken, or how long it may take.", title)
	case session.Done:
		return fmt.Sprintf("You have done %s. The text tells what you have seen, with the times that were measured in this lab, beside those that "+
			"Kubernetes has by default. Your predictions are compared with what happened.", title)
	case session.NotBegun:
		return fmt.Sprintf("This introduces %s. Beginning it brings the lab into shape, so whatever was broken before is healed. The exercise is done on the lab itself: "+
			"%s leads from here to the map and back.", title, s.KeyOf("exercises"))
	}
	return fmt.Sprintf("This is step %d of %d of %s. First say what you expect, then do what the step says, in whatever way. Checks pass by themselves (✓) as soon as the lab is as "+
		"they say, and stay passed; what is not yet so (○) says what is observed instead. h gives hints, and R goes back. "+
		"%s takes commands, and ↓ there brings those that the step names. "+
		"%s leads to the map and back, and on the map %s answers a question with what is selected there.",
		st.Current+1, len(st.Steps), title, s.KeyOf("command"), s.KeyOf("exercises"), s.KeyOf("pick"))
}
