package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kubelab/core/view"
)

func TestStepGivesUpAfterItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []view.Step
		err := step(t.Context(), func(s view.Step) { got = append(got, s) }, "etcd", time.Minute, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if err == nil || !strings.Contains(err.Error(), "etcd: gave up after 1m0s") {
			t.Errorf("err = %v", err)
		}
		if view.CodeOf(err) != view.TimedOut {
			t.Errorf("code = %d, want TimedOut", view.CodeOf(err))
		}
		if len(got) != 2 || got[0].Done || !got[1].Done || got[1].Took != time.Minute || got[1].Error == "" {
			t.Errorf("reported %+v", got)
		}
	})
}

func TestInParallelReportsTheCauseOnly(t *testing.T) {
	cause := errors.New("disk full")
	err := inParallel(t.Context(),
		func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		func(context.Context) error { return cause },
		func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	)
	if !errors.Is(err, cause) || strings.Contains(err.Error(), "canceled") {
		t.Errorf("err = %v, want only %v", err, cause)
	}
}

func TestForEachRunsAll(t *testing.T) {
	var mu sync.Mutex
	seen := map[int]bool{}
	err := inParallel(t.Context(), forEach([]int{1, 2, 3}, func(_ context.Context, n int) error {
		mu.Lock()
		defer mu.Unlock()
		seen[n] = true
		return nil
	})...)
	if err != nil || len(seen) != 3 {
		t.Errorf("ran %v, %v", seen, err)
	}
}

func TestPollSaysWhatItWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := poll(ctx, func(context.Context) (bool, string) { return false, "node-1 is not ready" })
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "node-1 is not ready") {
			t.Errorf("err = %v", err)
		}
	})
}

func TestResolvers(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	local := write("local", "# systemd-resolved\nnameserver 127.0.0.53\noptions edns0\n")
	real := write("real", "search example.org\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver 192.0.2.2\n")
	if got := resolvers(local, real); got != "192.0.2.1 192.0.2.2" {
		t.Errorf("resolvers = %q", got)
	}
	if got := resolvers(local, filepath.Join(dir, "none")); got != "" {
		t.Errorf("resolvers of a machine that has only its own = %q", got)
	}
}
