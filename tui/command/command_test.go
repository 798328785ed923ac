package command

import (
	"reflect"
	"testing"
	"time"

	"kubelab/core/view"
)

func TestParse(t *testing.T) {
	panels := []string{"map", "etcd", "pod", "list"}
	for line, want := range map[string]Wanted{
		"etcd":                            {Panel: "etcd"},
		"pod pods/demo/web-abc":           {Panel: "pod", With: "pods/demo/web-abc"},
		"configmaps":                      {Panel: "list", With: "configmaps"},
		"configmaps demo":                 {Panel: "list", With: "configmaps demo"},
		"q":                               {Quit: true},
		"kill master-1 node-2":            {Action: &view.Action{Verb: view.Kill, Targets: []string{"master-1", "node-2"}}},
		"cut master-1 master-2 --one-way": {Action: &view.Action{Verb: view.Cut, Targets: []string{"master-1", "master-2"}, OneWay: true}},
		"loss master-1 node-1 30%":        {Action: &view.Action{Verb: view.Loss, Targets: []string{"master-1", "node-1"}, Percent: 30}},
		"delay node-1 node-2 200ms":       {Action: &view.Action{Verb: view.Delay, Targets: []string{"node-1", "node-2"}, Delay: 200 * time.Millisecond}},
		"flap node-1 node-2":              {Action: &view.Action{Verb: view.Flap, Targets: []string{"node-1", "node-2"}, Every: 2 * time.Second}},
		"scale deployments/demo/web 5":    {Action: &view.Action{Verb: view.Scale, Targets: []string{"deployments/demo/web"}, Replicas: 5}},
		"empty demo":                      {Action: &view.Action{Verb: view.Empty, Targets: []string{"demo"}}},
		"heal --all":                      {Action: &view.Action{Verb: view.Heal, All: true}},
		"heal":                            {Action: &view.Action{Verb: view.Heal}},
		"wipe master-1 master-2":          {Action: &view.Action{Verb: view.WipeData, Targets: []string{"master-1", "master-2"}}},
		"lose-quorum":                     {Action: &view.Action{Verb: view.LoseQuorum}},
		"  add   node ":                   {Action: &view.Action{Verb: view.Add, Targets: []string{"node"}}},
	} {
		if got, err := Parse(line, panels); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", line, got, err, want)
		}
	}
	for _, line := range []string{"", "kill", "cut master-1", "loss master-1 node-1", "loss master-1 node-1 0%", "delay a b soon", "scale deployments/demo/web", "scale x many",
		"kill master-1 --hard", "lose-quorum master-1", "what is this", "flap a b --every x"} {
		if got, err := Parse(line, panels); err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", line, got)
		}
	}
}
