// Package logs prints what the parts of a lab have written. It reads the files in the lab's directory, so it
// works when the engine is down, which is when logs are wanted most; only the logs of pods come from the API
// server. It does not write logs and does not rotate them.
//
// Print is the way in; a target is resolved into sources, each of which gives lines. Tail is for error
// messages about a process that has died. Clean makes any line safe for a terminal.
package logs

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"kubelab/core/store"
	"kubelab/core/topology"
)

// Options say how much to print.
type Options struct {
	Follow bool
	Tail   int // lines of each file or container; all of them if negative
}

// Engine is the target that means the engine itself.
const Engine = engine

// Targets are all that have a log in the lab, pods excepted.
func Targets(spec topology.Spec) []string { return targets(spec) }

// Last are the last lines of target's log, at most n of each of its files or containers.
func Last(ctx context.Context, d store.Dir, spec topology.Spec, target string, n int) ([]string, error) {
	var text strings.Builder
	if err := Print(ctx, &text, d, spec, target, Options{Tail: n}); err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n"), nil
}

// source is one log.
type source struct {
	name string // before each line, where several are printed
	// start gives what is there, or the last lines of it, and returns how to go on.
	start func(ctx context.Context, o Options, emit emitFunc) (follow func() error, err error)
}

// emitFunc takes a line without its end. An error of it ends the log: nobody reads any more.
type emitFunc func(line string) error

// Print writes the log of target to w. With Follow it goes on until ctx ends, which is no error.
func Print(ctx context.Context, w io.Writer, d store.Dir, spec topology.Spec, target string, o Options) error {
	sources, err := resolve(ctx, d, spec, target)
	if err != nil {
		return err
	}
	var mu sync.Mutex // guards w: sources are followed at the same time
	emitter := func(name string) emitFunc {
		prefix := ""
		if len(sources) > 1 {
			prefix = fmt.Sprintf("%-*s | ", longest(sources), name)
		}
		return func(line string) error {
			mu.Lock()
			defer mu.Unlock()
			_, err := io.WriteString(w, prefix+Clean(line)+"\n")
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range sources {
		follow, err := s.start(ctx, o, emitter(s.name))
		if err != nil {
			return fmt.Errorf("logs of %s: %w", target, err)
		}
		group.Go(follow)
	}
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("logs of %s: %w", target, err)
	}
	return nil
}

func longest(sources []source) int {
	n := 0
	for _, s := range sources {
		n = max(n, len(s.name))
	}
	return n
}
