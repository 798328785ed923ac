package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

// didTo are what can be asked of snapshots, and how it is done.
var didTo = map[string]view.Verb{"saved": view.SaveSnapshot, "verified": view.VerifySnapshot, "restored": view.RestoreSnapshot}

func snapshotsFunction() expr.Function {
	return expr.Function{
		Name: "snapshots", Of: varHistory,
		Forms: []expr.Form{{
			Params: []expr.Param{{Name: "did", Type: expr.String}}, Result: expr.ListOf(expr.Struct("EtcdSnapshot")),
			Call: func(args []ref.Val) any { return snapshots(args[0].Value().(*Span), expr.Text(args[1])) },
		}},
		Doc: "Snapshots of etcd that were `saved`, `verified` or `restored` with the lab since the step began, the oldest first. " +
			"What has failed is left out: what was verified is whole.",
		Example: `snapshots("verified").exists(s, snapshots("saved").exists(o, o.path == s.path))`,
	}
}

func snapshots(s *Span, did string) any {
	verb, ok := didTo[did]
	if !ok {
		return fmt.Errorf("snapshots(%q): use %s", did, strings.Join(slices.Sorted(maps.Keys(didTo)), ", "))
	}
	found, err := s.find(query{kinds: string(view.Acted)})
	if err != nil {
		return err
	}
	list := []*view.EtcdSnapshot{}
	for _, e := range found {
		if e.Snapshot != nil && e.Snapshot.Verb == verb {
			list = append(list, &e.Snapshot.Of)
		}
	}
	return list
}
