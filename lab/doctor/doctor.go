// Package doctor finds out whether this machine can run a lab, and says for everything that is in the way how
// to mend it. It changes nothing that lasts: what has to be tried out (an overlay mount, a bridge, nftables
// rules) is tried in namespaces of its own that vanish with the try.
//
// Checks does all of it for lab doctor. Preflight does what is quick and what no lab starts without, for
// lab start. Print and Command show results. A check is a method of machine that returns a Result; the list
// of them is in checks.
package doctor

import (
	"context"
	"time"

	"kubelab/core/topology"
	"kubelab/core/view"
)

// Level is how good or bad a Result is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // a lab starts; something in it may not work
	Fail Level = "fail" // no lab starts, or it breaks soon
)

// Result is what one check found.
type Result struct {
	Name  string `json:"name"`
	Level Level  `json:"level"`
	Found string `json:"found"`
	Fix   string `json:"fix,omitempty"` // what to do, with the command to type; only without OK
}

// Options say what the machine is wanted for.
type Options struct {
	Root string        // where labs are kept; need not exist
	Spec topology.Spec // the lab that is to be started; its subnet may be left open
	// Collisions reports what of the host the lab's subnet gets in the way of. It may be nil.
	Collisions func(topology.Spec) error
}

// bound is how long one check may take. Each needs milliseconds, unless a program hangs that it calls.
const bound = 5 * time.Second

// check is one entry of the list.
type check struct {
	name string
	hard bool // part of Preflight: quick, and no lab starts without it
	run  func(context.Context) Result
}

func checks(m machine, o Options) []check {
	return []check{
		{"user", true, m.user},
		{"capabilities", true, m.capabilities},
		{"kernel", true, m.kernel},
		{"namespaces", true, m.namespaces},
		{"cgroups", true, m.cgroups},
		{"seccomp", true, m.seccomp},
		{"kernel messages", true, m.kernelMessages},
		{"overlay", true, func(context.Context) Result { return m.overlay(o.Root) }},
		{"nft", true, m.nft},
		{"links", false, m.links},
		{"nftables", false, m.nftables},
		{"bridge filter", false, m.bridgeFilter},
		{"firewall", false, m.firewall},
		{"delay", false, m.delay},
		{"addresses", true, func(context.Context) Result { return addresses(o) }},
		{"ports", true, m.ports},
		{"memory", true, func(context.Context) Result { return m.memory(o.Spec) }},
		{"swap", false, m.swap},
		{"disk", true, func(context.Context) Result { return m.disk(o.Root, o.Spec) }},
		{"inodes", true, func(context.Context) Result { return m.inodes(o.Root) }},
		{"inotify", true, func(context.Context) Result { return m.inotify(o.Spec) }},
		{"open files", false, m.openFiles},
		{"processes", false, m.processes},
	}
}

// Checks does all checks, in the order in which to mend what they find.
func Checks(ctx context.Context, o Options) []Result {
	var results []Result
	for _, c := range checks(thisMachine(), o) {
		results = append(results, c.do(ctx))
	}
	return results
}

// Preflight reports the first thing because of which the lab cannot start, as one line with what to do.
func Preflight(ctx context.Context, o Options) error {
	var failed []Result
	for _, c := range checks(thisMachine(), o) {
		if !c.hard {
			continue
		}
		r := c.do(ctx)
		if r.Level != Fail {
			continue
		}
		failed = append(failed, r)
		if c.name == "user" {
			break // without root the others find nothing but that
		}
	}
	switch len(failed) {
	case 0:
		return nil
	case 1:
		return view.Fail(view.Failed, "cannot start a lab: %s: %s", failed[0].Found, failed[0].Fix)
	}
	return view.Fail(view.Failed, "cannot start a lab: %s: %s (%d more in the way: lab doctor)", failed[0].Found, failed[0].Fix, len(failed)-1)
}

func (c check) do(ctx context.Context) Result {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	r := c.run(ctx)
	r.Name = c.name
	return r
}

func ok(found string) Result        { return Result{Level: OK, Found: found} }
func warn(found, fix string) Result { return Result{Level: Warn, Found: found, Fix: fix} }
func fail(found, fix string) Result { return Result{Level: Fail, Found: found, Fix: fix} }
