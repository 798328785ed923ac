package observe

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/storage/mvcc"

	"kubelab/core/plain"
	"kubelab/core/story"
	"kubelab/core/target"
	"kubelab/core/view"
)

// Ask looks something up at its source.
func (o *Observer) Ask(ctx context.Context, q view.Question) (a view.Answer, err error) {
	switch {
	case q.Story != nil:
		a.Story, err = o.story(*q.Story)
	case q.Keys != nil:
		a.Keys, err = o.keys(ctx, *q.Keys)
	case q.Reads != "":
		a.Reads, err = o.reads(ctx, q.Reads)
	case q.WhatIf != "":
		a.WhatIf, err = o.whatIf(ctx, q.WhatIf)
	case q.Queue:
		a.Queue, err = o.queue()
	case q.Controllers:
		a.Controllers, err = o.askControllers()
	case q.Node != "":
		a.Node, err = o.askNode(ctx, q.Node)
	case q.Proxy != nil:
		a.Proxy, err = o.askProxy(ctx, *q.Proxy)
	default:
		err = view.Fail(view.Usage, "nothing is asked")
	}
	return a, err
}

// story is what happened to an object that is in etcd, or was since the engine began.
func (o *Observer) story(of view.Object) (*view.Story, error) {
	found, there := o.catalogue.find(of)
	s := story.Tell(o.journal.events(view.Query{}), found, o.journal.since)
	if !there && len(s.Entries) == 0 {
		return nil, view.Fail(view.NotFound, "nothing is known of %s%s", of, hint(of, o.catalogue))
	}
	return &s, nil
}

// hint says what there is instead.
func hint(of view.Object, c *catalogue) string {
	names := c.near(of)
	if len(names) == 0 {
		return "; there are no " + of.Resource + ", there are: " + strings.Join(c.resources(), ", ")
	}
	if near := target.Near(of.String(), names); len(near) > 0 {
		return "; did you mean " + strings.Join(near, " or ") + "?"
	}
	if len(names) > maxNames {
		names = append(names[:maxNames], "…")
	}
	return "; there is " + strings.Join(names, ", ")
}

// maxNames is how many names a line lists.
const maxNames = 8

const (
	keysAtOnce = 1000 // that are answered unless more are asked for
	mostKeys   = 100_000
)

// keys reads etcd as the member that knows best has it.
func (o *Observer) keys(ctx context.Context, q view.KeyQuestion) (k *view.Keys, err error) {
	m, server := o.bestMember()
	if server == nil {
		return nil, view.Fail(view.Failed, "no member of etcd runs; start one: lab start master-1/etcd")
	}
	defer func() {
		if p := recover(); p != nil { // its database is closed while it is read
			err = view.Fail(view.Failed, "etcd of %s ended meanwhile; try again", m)
		}
	}()
	if q.Limit <= 0 {
		q.Limit = keysAtOnce
	}
	start := []byte(keyOf(q.Prefix))
	opts := mvcc.RangeOptions{Rev: q.Revision, Limit: int64(min(q.Limit, mostKeys))}
	exact, err := server.KV().Range(ctx, start, nil, opts)
	if err == nil && len(exact.KVs) == 0 {
		opts.WithTotalCount = true
		exact, err = server.KV().Range(ctx, start, after(start), opts)
	}
	if err != nil {
		return nil, view.Fail(view.Failed, "read etcd of %s at revision %d: %v", m, q.Revision, err)
	}
	k = &view.Keys{Member: m.Name(), Revision: exact.Rev, Count: max(int64(exact.Count), int64(len(exact.KVs))), List: []view.KeyValue{}}
	for _, kv := range exact.KVs {
		one := view.KeyValue{Key: plain.Line(string(kv.Key)), Created: kv.CreateRevision, Modified: kv.ModRevision, Version: kv.Version, Size: len(kv.Value)}
		if q.Values {
			one.Value, one.Hidden = shown(string(kv.Key), kv.Value, q.Secrets)
		}
		k.List = append(k.List, one)
	}
	return k, nil
}

// keyOf lets people leave the beginning out that all keys of Kubernetes have.
func keyOf(prefix string) string {
	if strings.HasPrefix(prefix, "/") {
		return prefix
	}
	return registry + prefix
}

// after is the first key that does not begin with prefix.
func after(prefix []byte) []byte {
	end := append([]byte{}, prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return []byte{} // to the end of all keys
}

// readBound is how long a member may take to get a majority's consent.
const readBound = 2 * time.Second

// reads has each member read a key, with a majority's consent and without.
func (o *Observer) reads(ctx context.Context, key string) ([]view.Read, error) {
	spec := o.cluster.Spec()
	list := make([]view.Read, len(spec.Masters))
	done := make(chan int)
	for i, m := range spec.Masters {
		go func() {
			defer func() { done <- i }()
			list[i] = view.Read{Member: m.Name()}
			running := o.etcdOf(m)
			if running == nil {
				list[i].Linearizable.Error, list[i].Serializable.Error = "the member does not run", "the member does not run"
				return
			}
			ctx, cancel := context.WithTimeout(ctx, readBound)
			defer cancel()
			local := func(context.Context) error { return nil }
			list[i].Serializable = read(ctx, running.Server.KV(), keyOf(key), local)
			list[i].Linearizable = read(ctx, running.Server.KV(), keyOf(key), running.Server.LinearizableReadNotify)
		}()
	}
	for range spec.Masters {
		<-done
	}
	return list, nil
}

func read(ctx context.Context, kv mvcc.KV, key string, agree func(context.Context) error) (g view.Got) {
	begin := time.Now()
	defer func() {
		g.Took = time.Since(begin)
		if p := recover(); p != nil { // its database is closed while it is read
			g.Error = fmt.Sprintf("the member ended: %v", p)
		}
	}()
	if err := agree(ctx); err != nil {
		g.Error = plain.Line(err.Error())
		return g
	}
	r, err := kv.Range(ctx, []byte(key), nil, mvcc.RangeOptions{})
	if err != nil {
		g.Error = plain.Line(err.Error())
		return g
	}
	g.Revision = r.Rev
	if len(r.KVs) > 0 {
		g.Modified = r.KVs[0].ModRevision
	}
	return g
}
