package node

import (
	"context"
	"fmt"
	"slices"

	"kubelab/core/component"
	"kubelab/core/node/control"
)

// Component is a handle on one component of a node. It stays good when the component or the node is restarted. Its
// methods return when the thing is done.
type Component struct {
	node *Node
	name string
}

// Component returns the handle on one of component.OfNode.
func (n *Node) Component(name string) (Component, error) {
	if !slices.Contains(component.OfNode, name) {
		return Component{}, fmt.Errorf("%s is not a component of a node: use one of %v", name, component.OfNode)
	}
	return Component{n, name}, nil
}

// Start runs it, and has it run again whenever it ends, after a second.
func (c Component) Start(ctx context.Context) error { return c.ask(ctx, control.Start) }

// Stop ends it, by SIGTERM and after 5 s by SIGKILL, and keeps it down.
func (c Component) Stop(ctx context.Context) error { return c.ask(ctx, control.Stop) }

// Restart ends it as Stop does and runs it again at once.
func (c Component) Restart(ctx context.Context) error { return c.ask(ctx, control.Restart) }

// Kill is a crash: SIGKILL. The node's init runs it again after a second.
func (c Component) Kill(ctx context.Context) error { return c.ask(ctx, control.Kill) }

// Pause makes it hang: SIGSTOP.
func (c Component) Pause(ctx context.Context) error { return c.ask(ctx, control.Pause) }

// Resume lets it go on after Pause.
func (c Component) Resume(ctx context.Context) error { return c.ask(ctx, control.Resume) }

// Status tells how it is doing.
func (c Component) Status() component.Status { return c.node.Status()[c.name] }

func (c Component) ask(ctx context.Context, verb control.Verb) error {
	err := errOff
	if r := c.node.current(); r != nil {
		err = r.conn.ask(ctx, control.Request{Verb: verb, Daemon: c.name, Grace: daemonGrace})
	}
	if err != nil {
		return fmt.Errorf("%s %s on %s: %w", verb, c.name, c.node.Machine, err)
	}
	return nil
}
