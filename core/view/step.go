package view

import "time"

// Step is one line of long work: a start, a stop, an addition. The same step is reported when it begins
// (Done and Error empty) and when it ends. Steps may overlap.
type Step struct {
	Name  string        `json:"name"`
	Bound time.Duration `json:"bound,omitempty"` // nanoseconds; the step is given up after it
	Took  time.Duration `json:"took,omitempty"`  // nanoseconds
	Done  bool          `json:"done,omitempty"`
	Error string        `json:"error,omitempty"` // why it failed
	Note  string        `json:"note,omitempty"`  // one more thing worth knowing, for example a warning
}

// Report receives steps. It must not block for long: the work waits for it. It may be called from several
// goroutines at once.
type Report func(Step)
