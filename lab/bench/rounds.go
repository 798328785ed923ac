package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"kubelab/core/store"
)

// measure measures the parts that are wanted.
func (b *measurement) measure(ctx context.Context) error {
	for _, p := range b.parts() {
		if p.name == "cost" && b.side() || b.wants(p.name) {
			fmt.Println(p.title)
			if err := p.measure(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// sides are what the first part compares, in turn.
var sides = []string{"lab", "masters", "baseline"}

// side reports whether only one of the sides is wanted.
func (b *measurement) side() bool { return slices.Contains(sides, b.only) }

// rounded measures starts and costs. Sides take turns within a round, so that a machine that is busier for a minute
// spoils one value of each and not all values of one.
func (b *measurement) rounded(ctx context.Context) error {
	of := map[string]func(context.Context) error{"lab": b.full, "masters": b.masters, "baseline": b.baseline}
	for round := range b.rounds {
		fmt.Printf("round %d of %d\n", round+1, b.rounds)
		for _, name := range sides {
			if b.side() && b.only != name {
				continue
			}
			if err := of[name](ctx); err != nil {
				return fmt.Errorf("round %d, %s: %w", round+1, name, err)
			}
		}
	}
	return nil
}

// cleanUp removes the lab if an error or a signal left it behind. The baseline cleans up after itself.
func (b *measurement) cleanUp(ctx context.Context) error {
	if b.only == "baseline" {
		return nil
	}
	return b.lab.remove(ctx)
}

// full measures labs as people use them.
func (b *measurement) full(ctx context.Context) error {
	took, err := b.lab.startTo(ctx, "start", "--masters", "3", "--nodes", "3", "--detach")
	if err != nil {
		return err
	}
	b.figures.start.addTime(took)
	if err := b.idleOfLab(ctx, &b.figures.memory, &b.figures.idle); err != nil {
		return err
	}
	if err := b.workload(ctx); err != nil {
		return err
	}
	if err := b.lab.run(ctx, "stop"); err != nil {
		return err
	}
	if took, err = b.lab.startTo(ctx, "start", "--detach"); err != nil {
		return err
	}
	b.figures.resume.addTime(took)
	if err := b.lab.run(ctx, "delete"); err != nil {
		return err
	}

	if took, err = b.lab.startTo(ctx, "start", "--masters", "1", "--nodes", "1", "--detach"); err != nil {
		return err
	}
	b.figures.small.addTime(took)
	return b.lab.run(ctx, "delete")
}

func (b *measurement) workload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client, err := clientFor(b.lab.kubeconfig(), "", nil)
	if err != nil {
		return err
	}
	p, err := followPods(ctx, client)
	if err != nil {
		return err
	}
	defer p.stop()
	took, err := p.scaleBy(ctx, 6)
	if err != nil {
		return err
	}
	b.figures.scale.addTime(took)
	if took, err = p.deleteOne(ctx); err != nil {
		return err
	}
	b.figures.replace.addTime(took)
	return nil
}

// masters measures a lab that is nothing but three masters, to compare it with the baseline.
func (b *measurement) masters(ctx context.Context) error {
	took, err := b.lab.startMasters(ctx)
	if err != nil {
		return err
	}
	b.figures.api.lab.addTime(took.api)
	b.figures.ready.lab.addTime(took.usable)
	if err := b.idleOfLab(ctx, &b.figures.masterMemory.lab, &b.figures.masterIdle.lab); err != nil {
		return err
	}
	return b.lab.run(ctx, "delete")
}

// baseline measures upstream's components as processes. Their data lies on the same disk as a lab's: etcd
// waits for the disk.
func (b *measurement) baseline(ctx context.Context) (err error) {
	if err := os.MkdirAll(store.Root(), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(store.Root(), ".baseline-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil && ctx.Err() == nil {
			return // its logs tell why
		}
		err = errors.Join(err, os.RemoveAll(dir))
		// It stays when labs lie there.
		_ = os.Remove(store.Root())
	}()
	up, err := newBaseline(b.upstream, dir)
	if err != nil {
		return err
	}
	defer up.stop()

	bounded, cancel := context.WithTimeout(ctx, commandBound)
	defer cancel()
	took, err := up.start(bounded)
	if err != nil {
		return fmt.Errorf("%w: see the logs in %s", err, dir)
	}
	b.figures.api.upstream.addTime(took.api)
	b.figures.ready.upstream.addTime(took.usable)
	err = b.idle(ctx, up.list, &b.figures.masterMemory.upstream, &b.figures.masterIdle.upstream)
	if n := up.crashes(); err == nil && n > 0 {
		return fmt.Errorf("components of the baseline ended %d times by themselves: see the logs in %s", n, dir)
	}
	return err
}

func (b *measurement) idleOfLab(ctx context.Context, mem, cpu *figure) error {
	engine, err := b.lab.engine()
	if err != nil {
		return err
	}
	return b.idle(ctx, func(all map[int]process, pods bool) []process { return tree(all, engine, pods) }, mem, cpu)
}

// idle lets a cluster settle, counts the processor time of its processes for a while, and then their memory.
func (b *measurement) idle(ctx context.Context, list func(all map[int]process, pods bool) []process, mem, cpu *figure) error {
	if err := sleep(ctx, b.settle); err != nil {
		return err
	}
	before, err := processes()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := sleep(ctx, b.window); err != nil {
		return err
	}
	after, err := processes()
	if err != nil {
		return err
	}
	used := float64(ticks(list(after, true))-ticks(list(before, true))) / ticksPerSecond
	cpu.add(100 * used / time.Since(began).Seconds())
	bytes, err := memory(list(after, false))
	if err != nil {
		return err
	}
	if bytes == 0 {
		return errors.New("none of the processes to measure is left")
	}
	mem.addBytes(bytes)
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
