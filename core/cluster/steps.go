package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kubelab/core/view"
)

// step runs f as one reported line of work that is given up after bound.
func step(ctx context.Context, report view.Report, name string, bound time.Duration, f func(context.Context) error) error {
	report(view.Step{Name: name, Bound: bound})
	begin := time.Now()
	within, cancel := context.WithTimeoutCause(ctx, bound, fmt.Errorf("gave up after %s", bound))
	defer cancel()
	err := f(within)
	if err != nil && ctx.Err() == nil && within.Err() != nil && !errors.Is(err, context.Cause(within)) {
		err = fmt.Errorf("%w: %w", context.Cause(within), err)
	}
	end := view.Step{Name: name, Bound: bound, Took: time.Since(begin), Done: true}
	switch {
	case err != nil && ctx.Err() != nil:
		end.Error = "given up" // for a reason that is told elsewhere
	case err != nil:
		end.Error = err.Error()
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	report(end)
	return err
}

// inParallel runs all of fs and returns their errors joined. The first error cancels the others.
func inParallel(ctx context.Context, fs ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan error, len(fs))
	for _, f := range fs {
		go func() { results <- f(ctx) }()
	}
	var errs []error
	for range fs {
		if err := <-results; err != nil {
			// What the cancellation made fail is not a reason of its own.
			if len(errs) == 0 || !errors.Is(err, context.Canceled) {
				errs = append(errs, err)
			}
			cancel()
		}
	}
	return errors.Join(errs...)
}

// forEach makes one function per item for inParallel.
func forEach[T any](items []T, f func(context.Context, T) error) []func(context.Context) error {
	fs := make([]func(context.Context) error, len(items))
	for i, item := range items {
		fs[i] = func(ctx context.Context) error { return f(ctx, item) }
	}
	return fs
}
