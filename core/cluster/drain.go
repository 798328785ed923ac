package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubectl/pkg/drain"

	"kubelab/core/topology"
)

// drainBound is how long pods may take to leave a node.
const drainBound = 60 * time.Second

// drain has all pods leave the node, as "kubectl drain --force --ignore-daemonsets --delete-emptydir-data" does.
func (c *Cluster) drain(ctx context.Context, m topology.Machine) error {
	node, err := c.client.CoreV1().Nodes().Get(ctx, m.Name(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil // it never registered, or somebody has deleted it
	}
	if err != nil {
		return err
	}
	say := logLines{c.log.With("node", m.Name())}
	d := &drain.Helper{
		Ctx: ctx, Client: c.client, Force: true, IgnoreAllDaemonSets: true, DeleteEmptyDirData: true,
		GracePeriodSeconds: -1, Timeout: drainBound, Out: say, ErrOut: say,
	}
	if err := drain.RunCordonOrUncordon(d, node, true); err != nil {
		return fmt.Errorf("cordon %s: %w", m, err)
	}
	if err := drain.RunNodeDrain(d, m.Name()); err != nil {
		// A node that is to stay must take pods again. The drain's own error matters more.
		_ = drain.RunCordonOrUncordon(d, node, false)
		return fmt.Errorf("drain %s: %w", m, err)
	}
	return nil
}

// logLines writes what kubectl would print to the log.
type logLines struct{ log *slog.Logger }

func (l logLines) Write(b []byte) (int, error) {
	l.log.Info(strings.TrimSpace(string(b)))
	return len(b), nil
}
