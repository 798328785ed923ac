package view

import "time"

// Fault is something that was done to a lab and is not yet undone.
type Fault struct {
	ID       string    `json:"id"`
	Kind     Verb      `json:"kind"`
	What     string    `json:"what"` // its targets, as on a command line
	Since    time.Time `json:"since"`
	Expected []string  `json:"expected,omitempty"` // what was predicted, a sentence each
	Heal     string    `json:"heal,omitempty"`     // how it is undone, in a few words
}

// Record is the whole story of a fault, from what was predicted to what was measured.
type Record struct {
	Fault
	Action Action `json:"action"`
	// Before is the lab's condition when it was injected, with the reason if it was not healthy.
	Before string `json:"before,omitempty"`
	// Measured is nil until the stopwatch has stopped.
	Measured *Measured `json:"measured,omitempty"`
	// Healed is when the fault was over, zero while it is not; HealedBy says how, and Recovery how that went.
	Healed   time.Time `json:"healed,omitzero"`
	HealedBy string    `json:"healedBy,omitempty"`
	Recovery *Measured `json:"recovery,omitempty"`
}

// Active reports whether the fault is still injected.
func (r Record) Active() bool { return r.Healed.IsZero() }

// Phase is one thing that the stopwatch waits for.
type Phase string

// The phases of a failure and of a recovery.
const (
	Election      Phase = "etcd has a new leader"
	FirstWrite    Phase = "first write acknowledged"
	SchedulerMove Phase = "kube-scheduler leads elsewhere"
	ManagerMove   Phase = "kube-controller-manager leads elsewhere"
	NotReady      Phase = "node NotReady"
	Evicted       Phase = "pods evicted"
	Replaced      Phase = "replacements Ready"
	Restarted     Phase = "runs again"
	Ready         Phase = "ready again"
)

// Expectation is a phase that will come, and when at the latest.
type Expectation struct {
	Phase Phase `json:"phase"`
	// Within is counted from the deed under the lab's timing; Upstream is the same under Kubernetes' and etcd's
	// default timing. Both in nanoseconds.
	Within   time.Duration `json:"within"`
	Upstream time.Duration `json:"upstream"`
}

// Mark is a phase as it came.
type Mark struct {
	Expectation
	Seen bool          `json:"seen"`
	Took time.Duration `json:"took,omitempty"` // nanoseconds since the deed
}

// Late reports whether the phase came later than expected, or not at all.
func (m Mark) Late() bool { return !m.Seen || m.Took > m.Within }

// Measured is what the stopwatch saw of one failure or recovery. Writes and reads are those of the lab's own
// background writer and reader, through the load balancer, and requests are made to the demo's Service.
type Measured struct {
	Marks []Mark        `json:"marks"`
	For   time.Duration `json:"for"` // nanoseconds that were watched

	Writes Traffic `json:"writes"`
	Reads  Traffic `json:"reads"`
	// Service counts requests to the demo's Service; nil in a lab that has none.
	Service *Traffic `json:"service,omitempty"`
}

// Traffic is what became of a stream of requests.
type Traffic struct {
	Sent   int           `json:"sent"`
	Failed int           `json:"failed"`
	Gap    time.Duration `json:"gap"`            // nanoseconds, the longest time without a success
	Open   bool          `json:"open,omitempty"` // the gap lasted to the end of the watch
	Error  string        `json:"error,omitempty"`
}

// Possible is what can be done to what, or why not on this machine.
type Possible struct {
	Verb Verb     `json:"verb"`
	Does string   `json:"does"`                  // in a line
	To   []string `json:"to"`                    // kinds of target
	Heal string   `json:"heal,omitempty"`        // how it is undone
	Why  string   `json:"unavailable,omitempty"` // why it cannot be done here
}
