package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kubelab/core/node"
)

// How long a source that is cut off is left alone between two attempts to connect: at first, and at most. The longest
// pause is about what a node takes to start.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = time.Second
)

// askBound is how long a component may take for an answer, unless something else is said.
const askBound = 5 * time.Second

// errOff is why nothing comes from a node that is off.
var errOff = errors.New("the node is off")

// keep calls once again and again until ctx ends, while the node is on. The context of once ends with the node's
// present run. Once says nil when it is connected, an error when it misses something, and returns why it was cut
// off. Health is called when that changes, nil for all is well.
func keep(ctx context.Context, n *node.Node, health func(error), once func(ctx context.Context, say func(error)) error) {
	pause, said, last := firstPause, false, ""
	say := func(err error) {
		why := ""
		if err != nil {
			why = err.Error()
		} else {
			pause = firstPause
		}
		if !said || why != last {
			said, last = true, why
			health(err)
		}
	}
	for ctx.Err() == nil {
		err := whileOn(ctx, n, func(ctx context.Context) error { return once(ctx, say) })
		if ctx.Err() != nil {
			return
		}
		say(err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

// whileOn calls f with a context that ends with the node's present run.
func whileOn(ctx context.Context, n *node.Node, f func(context.Context) error) error {
	off := n.Done()
	select {
	case <-off:
		return errOff
	default:
	}
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	watch.Go(func() {
		select {
		case <-off:
			cancel()
		case <-ctx.Done():
		}
	})
	err := f(ctx)
	select {
	case <-off:
		return errOff // whatever f has made of it
	default:
		return err
	}
}

// namespaceOf is the path of the node's network namespace.
func namespaceOf(n *node.Node) (string, error) {
	pid := n.PID()
	if pid == 0 {
		return "", errOff
	}
	return fmt.Sprintf("/proc/%d/ns/net", pid), nil
}
