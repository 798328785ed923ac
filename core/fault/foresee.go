package fault

import "kubelab/core/view"

// Foresee says what an action would do, and does nothing. It fails as Do would where the action cannot be done.
func (f *Faults) Foresee(a view.Action) (view.Prediction, error) {
	if a.Verb == view.Heal {
		return view.Prediction{Sentences: []string{"what is injected is undone"}}, nil
	}
	k, ok := kindOf(a.Verb)
	if !ok {
		return view.Prediction{}, view.Fail(view.Usage, "%q cannot be done to a lab; see: lab faults", a.Verb)
	}
	d, err := f.prepare(k, a)
	if err != nil {
		return view.Prediction{}, err
	}
	p := f.predict(d, f.lab.Snapshot())
	return view.Prediction{Sentences: p.sentences, Expect: p.expect, Harms: harms(a.Verb)}, nil
}

// harms reports whether something is worse after the verb, for a moment at least.
func harms(v view.Verb) bool {
	switch v {
	case view.Start, view.Resume, view.Uncordon, view.Defragment, view.Compact:
		return false
	}
	return true
}
